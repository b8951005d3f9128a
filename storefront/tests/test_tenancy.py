"""Every address of the shop, asked by everyone: whose it is not, for them it is not there."""

import pytest
from cast import Cast, placed
from django.urls import URLPattern
from fake_platform import FakePlatform
from kitloop_sdk import Client
from kitloop_storefront.models import Order
from kitloop_storefront.tracking import bring_up_to_date
from kitloop_storefront.urls import urlpatterns

LOGIN = 302  # to the login page, checked below
# address: (method, nobody, jane who owns it, stranger, staff)
EVERY = {
    "home": ("get", "/", 200, 200, 200, 200),
    "privacy": ("get", "/privacy/", 200, 200, 200, 200),
    "sign-up": ("get", "/sign-up/", 200, 302, 302, 302),
    "log-in": ("get", "/log-in/", 200, 302, 302, 302),
    "log-out": ("post", "/log-out/", 302, 302, 302, 302),
    "password_reset": ("get", "/password/", 200, 200, 200, 200),
    "password_reset_done": ("get", "/password/sent/", 200, 200, 200, 200),
    "password_reset_confirm": ("get", "/password/x/y/", 200, 200, 200, 200),
    "order": ("get", "/order/", LOGIN, 200, 200, 200),
    "kits": ("get", "/kits/", LOGIN, 200, 200, 200),
    "kit": ("get", "/kits/{n}/", LOGIN, 200, 404, 200),
    "progress": ("get", "/kits/{n}/progress", LOGIN, 200, 404, 200),
    "correct": ("get", "/kits/{n}/address/", LOGIN, 302, 404, 404),
    "results": ("get", "/kits/{n}/results/", LOGIN, 200, 404, 404),
    "file": ("get", "/kits/{n}/files/impute-vcf", LOGIN, 302, 404, 404),
    "staff": ("get", "/staff/", LOGIN, 404, 404, 200),
    "try-again": ("post", "/staff/orders/{n}/try-again", LOGIN, 404, 404, 302),
    "webhook": ("get", "/webhooks/kitloop", 405, 405, 405, 405),
    "health": ("get", "/health", 200, 200, 200, 200),
}


def test_no_address_is_left_out() -> None:
    assert {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)} == set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_everyone_at_every_address(cast: Cast, fake: FakePlatform, door: Client, name: str) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    bring_up_to_date(door, order)
    method, address, *expected = EVERY[name]
    before = Order.objects.values().get()
    for who, status in zip(("nobody", "jane", "stranger", "staff"), expected, strict=True):
        asked = len(fake.requests)
        answer = getattr(cast.browser(who), str(method))(str(address).format(n=order.number))
        assert answer.status_code == status, who
        if who == "nobody" and status == LOGIN and "{n}" in str(address):
            assert answer.url.startswith("/log-in/?next=")
        if status == 404:
            assert str(order.number) not in answer.content.decode()
            assert len(fake.requests) == asked
    assert Order.objects.values().get() == before


def test_a_stranger_can_not_correct_or_resend(cast: Cast, door: Client) -> None:
    from cast import ADDRESS, ordered
    from kitloop_storefront.outbox import place_due

    order = ordered(cast.jane, recipient_address_postal_code="00000")
    place_due(door)
    for who in ("stranger", "staff"):
        assert cast.browser(who).post(f"/kits/{order.number}/address/", ADDRESS).status_code == 404
    assert cast.browser("nobody").post(f"/kits/{order.number}/address/", ADDRESS).status_code == 302
    order.refresh_from_db()
    assert order.state == "needs_correction"


def test_a_kit_that_is_not_there_looks_like_one_of_someone_else(cast: Cast, door: Client) -> None:
    order = placed(cast.jane, door)
    stranger = cast.browser("stranger")
    theirs, none = stranger.get(f"/kits/{order.number}/"), stranger.get("/kits/ORD-1999-00001/")
    assert (theirs.status_code, theirs.content) == (none.status_code, none.content)
