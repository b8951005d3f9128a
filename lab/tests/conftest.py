from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import FAKE_GENOMICS, SECRET, SLUG
from django.contrib.auth.models import Permission, User
from django.test import Client
from kitloop_lab import calls, folders
from receiver import Receiver


@pytest.fixture(autouse=True)
def lab(settings: Any, tmp_path: Path) -> Path:
    """A lab of its own for every test: data folder, secret, full speed, and a demo folder for the fake simulator."""
    settings.DATA = tmp_path / "lab"
    folders.prepare(settings.DATA)
    (tmp_path / "demo").mkdir()
    settings.LAB_DEMO = str(tmp_path / "demo")
    settings.LAB_GENOMICS = str(FAKE_GENOMICS)
    settings.LAB_SECRET, settings.LAB_SLUG, settings.LAB_MODE = SECRET, SLUG, "sandbox"
    settings.LAB_SCENARIO, settings.LAB_STAGE_SECONDS, settings.LAB_BATCH_SIZE = "happy", 0.0, 3
    settings.LAB_PLATFORM_URL = "http://127.0.0.1:9"
    settings.LAB_OPEN_BOARD = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


@pytest.fixture
def platform(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver(SECRET, slug=SLUG)
    settings.LAB_PLATFORM_URL = receiver.url
    yield receiver
    calls._client().close()
    calls._client.cache_clear()
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
