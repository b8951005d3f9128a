from collections.abc import Iterator

import pytest
from kitloop_sdk import Client, KitOrder, _http
from loopback import KEY, Loopback, serving

PROJECT = "06a5d04b-526a-4471-83ba-fb54e0941758"


@pytest.fixture
def host() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def client(host: Loopback) -> Iterator[Client]:
    with Client(host.url, KEY, timeout=2, max_retries=3) as made:
        yield made


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have slept: only the clock is faked."""
    slept: list[float] = []
    monkeypatch.setattr(_http.time, "sleep", slept.append)
    return slept


@pytest.fixture
def order() -> KitOrder:
    return KitOrder(
        project_id=PROJECT,
        recipient_address_name="Jane Doe",
        recipient_address_line1="123 Main Street",
        recipient_address_city="San Francisco",
        recipient_address_state_region="CA",
        recipient_address_postal_code="94102",
        recipient_address_country_code="US",
        recipient_email="jane.doe@example.com",
        recipient_phone="+14155551234",
        metadata={"customer_id": "cust_12345"},
    )
