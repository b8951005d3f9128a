"""A database of its own for the tests: an embedded PostgreSQL in a temporary folder, unless DATABASE_URL names one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cast import Cast

# Before Django reads its settings, which happens when pytest is configured.
DATA = Path(tempfile.mkdtemp(prefix="kitloop-tests-"))
DATA.chmod(0o711)
os.environ["KITLOOP_DATA"] = str(DATA / "data")
os.environ["DJANGO_SETTINGS_MODULE"] = "kitloop.config.settings"
os.environ["KITLOOP_EMAIL_BACKEND"] = "django.core.mail.backends.locmem.EmailBackend"
os.environ["KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE"] = "0"  # all tests come from one address
for name in [name for name in os.environ if name.startswith("KITLOOP_WEBHOOK")]:
    del os.environ[name]

import django  # noqa: E402 only now

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.backends.postgresql.operations import DatabaseOperations  # noqa: E402
from pytest_django import DjangoDbBlocker  # noqa: E402

# Threads of the tests end before the test's database does; what they leave open would keep it from being dropped.
connections.settings["default"]["CONN_MAX_AGE"] = 0

# A password's hash is meant to take a quarter of a second; the cast has five of them, hundreds of times.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _emptied(self: DatabaseOperations, style: Any, tables: list[str], **_: Any) -> list[str]:
    """After a test that commits. Truncating a hundred tables, most of them empty, takes longer than most such tests."""
    deletions = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
    return ["SET LOCAL session_replication_role = replica", *deletions]  # no triggers: what they keep is emptied too


if not os.environ.get("DATABASE_URL"):  # only a superuser may
    DatabaseOperations.sql_flush = _emptied

# A server lists its static files once, when it starts; every test client would do so again.
settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    from kitloop.base import postgres

    with contextlib.nullcontext() if os.environ.get("DATABASE_URL") else postgres.used():
        yield


def pytest_unconfigure() -> None:
    connections.close_all()
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture
def cast(db: None) -> "Cast":
    from cast import make_cast

    return make_cast()


@pytest.fixture(scope="module")
def shared_cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator["Cast"]:
    """One for all tests of a file. They take `db` too, or `undone`, so that none sees what another did."""
    from cast import make_cast, undone

    with django_db_blocker.unblock(), undone():
        yield make_cast()


@pytest.fixture(autouse=True)
def _no_jobs_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Django empties its own tables after a test that commits; the job engine's table is not one of them."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        from django.db import connection

        with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
