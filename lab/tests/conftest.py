import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import FAKE_GENOMICS, PROGRAM, SECRET, SLUG
from django.contrib.auth.models import Permission, User
from django.test import Client
from kitloop_lab import calls, folders
from receiver import Receiver


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake simulator as a program of this very Python: what `env python3` finds may take longer than the rest of it."""
    program = tmp_path_factory.mktemp("simulator") / "kitloop-genomics"
    program.write_text(f"#!{sys.executable} -IS\n{FAKE_GENOMICS.read_text()}")
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab's data folder before its first order. To make the database takes half as long as the start of a server."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    subprocess.run([PROGRAM, "migrate"], env=os.environ | {"KITLOOP_LAB_DATA": str(folder)}, check=True)
    return folder


@pytest.fixture(autouse=True)
def lab(settings: Any, tmp_path: Path, simulator: Path) -> Path:
    """A lab of its own for every test: data folder, secret, full speed, and a demo folder for the fake simulator."""
    settings.DATA = tmp_path / "lab"
    folders.prepare(settings.DATA)
    (tmp_path / "demo").mkdir()
    settings.LAB_DEMO = str(tmp_path / "demo")
    settings.LAB_GENOMICS = str(simulator)
    settings.LAB_SECRET, settings.LAB_SLUG, settings.LAB_MODE = SECRET, SLUG, "sandbox"
    settings.LAB_SCENARIO, settings.LAB_STAGE_SECONDS, settings.LAB_BATCH_SIZE = "happy", 0.0, 3
    settings.LAB_PLATFORM_URL = "http://127.0.0.1:9"
    settings.LAB_OPEN_BOARD = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def door() -> Iterator[None]:
    """The lab's connections to the platform are one client's, as in a server; whom it calls is said with each call."""
    yield
    if calls._client.cache_info().currsize:
        calls._client().close()


@pytest.fixture
def platform(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver(SECRET, slug=SLUG)
    settings.LAB_PLATFORM_URL = receiver.url
    yield receiver
    receiver.stop()
    assert receiver.bad_signatures == []


# The cast: Ada packs and ships, Ben works at the bench without seeing recipients, Eve has a login and is not of the
# lab; `client` is no one.


@pytest.fixture
def ada(db: None) -> Client:
    ada = User.objects.create_user("ada", password="ada's password", is_staff=True)
    ada.user_permissions.add(Permission.objects.get(codename="view_sealedrecipient"))
    return _logged_in(ada)


@pytest.fixture
def ben(db: None) -> Client:
    return _logged_in(User.objects.create_user("ben", is_staff=True))


@pytest.fixture
def eve(db: None) -> Client:
    eve = User.objects.create_user("eve")
    eve.user_permissions.add(Permission.objects.get(codename="view_sealedrecipient"))
    return _logged_in(eve)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
