"""Who appears in the stories: Jane who orders, a stranger, the staff, and nobody. And what they do."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client as Browser
from kitloop_sdk import Client
from kitloop_storefront.models import Customer, Order
from kitloop_storefront.orders import accept_order
from kitloop_storefront.outbox import place_due

ADDRESS = {
    "recipient_address_name": "Jane Doe",
    "recipient_address_line1": "123 Main Street",
    "recipient_address_line2": "",
    "recipient_address_city": "San Francisco",
    "recipient_address_state_region": "CA",
    "recipient_address_postal_code": "94102",
    "recipient_address_country_code": "US",
    "recipient_email": "jane.doe@example.com",
    "recipient_phone": "+1 415 555 1234",
    "recipient_instructions": "Leave at front desk",
}
STAFF = "a.rather.long.name@staff.example.com"  # of the running shop, where it has to fit a phone
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    jane: Customer
    stranger: Customer
    staff: Customer

    def browser(self, who: str) -> Browser:
        browser = Browser()
        if who != "nobody":
            browser.force_login(getattr(self, who))
        return browser


def make_cast() -> Cast:
    make = Customer.objects.create_user
    return Cast(
        jane=make("jane@example.com", PASSWORD, name="Jane Doe"),
        stranger=make("stranger@example.com", PASSWORD),
        staff=make("staff@example.com", PASSWORD, is_staff=True),
    )


def ordered(customer: Customer, **changes: str) -> Order:
    """An accepted order, not yet sent."""
    return accept_order(customer, recipient=ADDRESS | changes, form_token=uuid.uuid4())


def placed(customer: Customer, door: Client) -> Order:
    """An order that the platform has."""
    order = ordered(customer)
    place_due(door)
    order.refresh_from_db()
    assert order.sample_id is not None
    return order


def form(**changes: Any) -> dict[str, Any]:
    return ADDRESS | {"consent": "on", "form_token": str(uuid.uuid4())} | changes
