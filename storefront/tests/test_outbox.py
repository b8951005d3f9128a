import logging
from datetime import timedelta

import pytest
from cast import ADDRESS, Cast, ordered
from django.utils import timezone
from fake_platform import FakePlatform
from kitloop_sdk import Client
from kitloop_storefront import orders
from kitloop_storefront.models import Order
from kitloop_storefront.outbox import pause_seconds, place_due

LATER = timedelta(hours=2)


def test_an_order_made_while_the_platform_is_down_is_placed_once_when_it_is_back(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = ordered(cast.jane)
    fake.stop()
    assert place_due(door) == 0
    order.refresh_from_db()
    assert (order.state, order.attempts, order.unanswered) == ("accepted", 1, True)
    assert "no answer" in order.problem
    assert order.next_attempt_at is not None
    fake.start()
    assert place_due(door) == 0  # its pause is not over
    assert place_due(door, now=timezone.now() + LATER) == 1
    assert place_due(door, now=timezone.now() + LATER) == 0
    order.refresh_from_db()
    (sample,) = fake.samples.values()
    assert (order.state, str(order.sample_id), order.problem) == ("placed", sample["id"], "")
    assert sample["metadata"] == {"customer_id": str(cast.jane.pk), "order_number": order.number}
    assert sample["test_mode"] is True


def test_the_request_is_the_guides_with_the_orders_key(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = ordered(cast.jane)
    place_due(door)
    assert list(fake.keys) == [str(order.idempotency_key)]
    (sample,) = fake.samples.values()
    sent = {name: value for name, value in sample["recipient"].items() if name.startswith("recipient_")}
    assert sent == {name: value for name, value in ADDRESS.items() if value}


@pytest.mark.parametrize("knows_keys", [True, False], ids=["kitloop", "gencove"])
def test_an_order_whose_answer_was_lost_is_found_again_and_not_made_twice(
    cast: Cast, fake: FakePlatform, door: Client, knows_keys: bool
) -> None:
    fake.knows_keys, fake.lose_answers = knows_keys, True
    order = ordered(cast.jane)
    assert place_due(door) == 0
    fake.lose_answers = False
    assert place_due(door, now=timezone.now() + LATER) == 1
    order.refresh_from_db()
    assert [str(order.sample_id)] == list(fake.samples)


def test_a_lookalike_of_another_shop_is_not_taken_for_ours(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = ordered(cast.jane)
    fake.lose_answers, fake.knows_keys = True, False
    place_due(door)
    (lost,) = fake.samples.values()
    lost["metadata"] = {"customer_id": "somebody else", "order_number": order.number}
    fake.lose_answers = False
    place_due(door, now=timezone.now() + LATER)
    order.refresh_from_db()
    assert len(fake.samples) == 2
    assert str(order.sample_id) != lost["id"]


def test_a_platform_that_is_down_is_asked_once_per_round(cast: Cast, fake: FakePlatform, door: Client) -> None:
    for _ in range(5):
        ordered(cast.jane)
    fake.answers = [(503, {"maintenance": True}, {"Retry-After": "60"})] * 5
    assert place_due(door) == 0
    assert fake.requests == ["POST /api/v2/sample-kit/"]
    waits = Order.objects.order_by("pk").first()
    assert waits is not None
    assert waits.next_attempt_at is not None
    assert waits.next_attempt_at > timezone.now() + timedelta(seconds=55)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, {"detail": "You do not have permission to perform this action."}, {}), "permission"),
        ((401, {"detail": "No such key."}, {"X-Request-ID": "r-17"}), "(request r-17)"),
        ((422, {"detail": "Another body.", "code": "idempotency_key_reused"}, {}), "idempotency_key_reused"),
        ((400, ["Project does not exist or you do not have privileges to access it."], {}), "Project does not exist"),
        ((400, {"metadata": ["Too large."]}, {}), "metadata"),
    ],
)
def test_what_a_customer_can_not_mend_goes_to_the_staff(
    cast: Cast, fake: FakePlatform, door: Client, answer: tuple[int, object, dict[str, str]], said: str
) -> None:
    order = ordered(cast.jane)
    fake.answers = [answer]
    assert place_due(door) == 0
    order.refresh_from_db()
    assert order.state == "accepted"
    assert said in order.problem
    staff = cast.browser("staff")
    page = staff.get("/staff/?problems=on").content.decode()
    assert str(order.number) in page
    assert said in page
    jane = cast.browser("jane").get(f"/kits/{order.number}/").content.decode()
    assert said not in jane
    assert "Order received" in jane

    assert staff.post(f"/staff/orders/{order.number}/try-again").url == "/staff/"
    assert place_due(door) == 1
    order.refresh_from_db()
    assert (order.state, order.problem) == ("placed", "")


def test_one_bad_order_does_not_stop_the_next(cast: Cast, fake: FakePlatform, door: Client) -> None:
    first, second = ordered(cast.jane), ordered(cast.stranger)
    fake.answers = [(403, {"detail": "No."}, {})]
    assert place_due(door) == 1
    assert [Order.objects.get(pk=one.pk).state for one in (first, second)] == ["accepted", "placed"]


def test_two_threads_can_not_claim_one_order(cast: Cast) -> None:
    order = ordered(cast.jane)
    assert orders.claim_due(timezone.now()) == order
    assert orders.claim_due(timezone.now()) is None
    orders.release_claims()
    assert orders.claim_due(timezone.now()) == order


def test_pauses_grow_to_a_limit() -> None:
    assert all(0.5 <= pause_seconds(1) <= 1 for _ in range(20))
    assert all(15 <= pause_seconds(50) <= 30 for _ in range(20))


def test_logs_hold_ids_and_no_people(
    cast: Cast, fake: FakePlatform, door: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good, bad = ordered(cast.jane), ordered(cast.jane, recipient_address_postal_code="00000")
    fake.answers = [(503, {}, {})]
    place_due(door)
    place_due(door, now=timezone.now() + LATER)
    assert str(good.number) in caplog.text
    assert f"order {bad.number} needs correction: recipient_address_postal_code" in caplog.text
    for personal in ("Jane", "jane.doe", "Main Street", "555", "00000", "94102"):
        assert personal not in caplog.text
