from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cast import STAFF, Cast, make_cast
from fake_platform import KEY, PROJECT, SECRET, FakePlatform
from kitloop_sdk import Client
from kitloop_storefront import background, platform
from running_shop import RunningShop


@pytest.fixture
def fake() -> Iterator[FakePlatform]:
    """The platform, running."""
    made = FakePlatform().start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def shop(settings: Any, fake: FakePlatform, tmp_path: Path) -> Iterator[Any]:
    """A shop that is set up to talk to the fake, whatever the environment says."""
    settings.DATA = tmp_path
    settings.SECRET_KEY_FILE = tmp_path / "secret_key"
    settings.PLATFORM_URL, settings.PLATFORM_KEY, settings.PLATFORM_KEY_FILE = fake.url, KEY, ""
    settings.PROJECT_ID, settings.TEST_MODE = PROJECT, True
    settings.WEBHOOK_SECRET, settings.WEBHOOK_SECRET_FILE = SECRET, ""
    settings.POLL_SECONDS = settings.TRACK_SECONDS = 3600.0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for bell in (background.outbox_bell, background.inbox_bell):
        bell.clear()
    yield settings
    if platform._client.cache_info().currsize:  # a page asked the platform
        platform.platform().close()
    platform._client.cache_clear()


@pytest.fixture
def door(fake: FakePlatform) -> Iterator[Client]:
    """The client that the background threads would use."""
    with Client(fake.url, KEY, timeout=2, max_retries=0) as made:
        yield made


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop's data folder with Jane and one of the staff in it, made by the command."""
    shop = RunningShop(tmp_path_factory.mktemp("people"))
    for kind, email in (("create-customer", "jane@example.com"), ("create-staff", STAFF)):
        made = shop.run(kind, "--email", email, "--name", "Jane Doe")
        assert made.returncode == 0, made.stderr
    return Path(shop.env["KITLOOP_SHOP_DATA"])


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()
