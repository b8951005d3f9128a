import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast, placed
from django.test import Client as Browser
from django.utils import timezone
from fake_platform import SECRET, FakePlatform
from kitloop_sdk import Client
from kitloop_storefront import background
from kitloop_storefront.models import ReceivedEvent, Result
from kitloop_storefront.receiver import handle_due


def post(body: bytes, header: str | None) -> Any:
    more = {"Gencove-Signature": header} if header is not None else {}
    return Browser(enforce_csrf_checks=True).post(
        "/webhooks/kitloop", body, content_type="application/json", headers=more
    )


def test_a_signed_event_is_stored_answered_and_then_fetched(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    body, header = fake.signed([fake.event(str(order.sample_id))])
    before = len(fake.requests)
    answer = post(body, header)
    assert (answer.status_code, answer.json()) == (200, {"new": 1})
    assert len(fake.requests) == before  # nothing slow while the platform waits
    assert background.inbox_bell.is_set()
    event = ReceivedEvent.objects.get()
    assert event.payload == json.loads(body)[0]["payload"]
    assert handle_due(door) == 1
    result = Result.objects.get(order=order)
    assert result.status == "succeeded"
    assert len(result.trait_scores) == 5
    assert len(result.quality_controls) == 5
    assert result.ancestry is not None
    assert "signed=" not in json.dumps(result.sample)  # signed addresses are not kept
    assert "See your results" in cast.browser("jane").get(f"/kits/{order.number}/").content.decode()


def test_an_event_that_comes_again_is_answered_and_changes_nothing(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    event = fake.event(str(order.sample_id))
    assert post(*fake.signed([event])).json() == {"new": 1}
    handle_due(door)
    fetched, asked = Result.objects.get().fetched_at, len(fake.requests)
    assert post(*fake.signed([event])).json() == {"new": 0}
    assert post(*fake.signed([event, event])).json() == {"new": 0}
    assert handle_due(door) == 0
    assert (Result.objects.get().fetched_at, len(fake.requests)) == (fetched, asked)
    assert ReceivedEvent.objects.count() == 1


def test_events_in_the_wrong_order_end_in_the_same_state(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    sample_id = str(order.sample_id)
    fake.finish(sample_id, status="failed_qc")
    older = fake.event(sample_id)
    fake.finish(sample_id)
    newer = fake.event(sample_id)
    post(*fake.signed([newer]))
    handle_due(door)
    post(*fake.signed([older]))
    handle_due(door)
    assert Result.objects.get().status == "succeeded"


def refusals() -> list[Any]:
    return [
        pytest.param(lambda body, header: (body, None), id="no header"),
        pytest.param(lambda body, header: (body, "t=1,v1=00"), id="made up"),
        pytest.param(lambda body, header: (body, header.replace("v1=", "v1=0")), id="bad digest"),
        pytest.param(lambda body, header: (body.replace(b"succeeded", b"failed_qc"), header), id="changed body"),
        pytest.param(
            lambda body, header: (body, re.sub(r"t=(\d+)", lambda t: f"t={int(t[1]) + 1}", header)), id="moved time"
        ),
    ]


@pytest.mark.parametrize("spoil", refusals())
def test_a_request_that_is_not_from_the_platform_is_refused(
    cast: Cast, fake: FakePlatform, door: Client, spoil: Any
) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    body, header = fake.signed([fake.event(str(order.sample_id))])
    assert post(*spoil(body, header)).status_code == 400
    assert ReceivedEvent.objects.count() == 0


def test_an_old_request_and_another_secret_are_refused(cast: Cast, fake: FakePlatform) -> None:
    assert post(*fake.signed([], at=time.time() - 301)).status_code == 400
    assert post(*fake.signed([], secret="another")).status_code == 400
    assert post(*fake.signed([])).status_code == 200


def test_a_body_over_64_kb_is_refused(cast: Cast, fake: FakePlatform) -> None:
    big = [{"event_id": "x", "event_type": "y", "timestamp": "z", "payload": {"fill": "x" * 66_000}}]
    assert post(*fake.signed(big)).status_code == 413
    assert ReceivedEvent.objects.count() == 0


def test_without_a_secret_nobody_gets_in_and_the_platform_tries_again(
    cast: Cast, fake: FakePlatform, shop: Any
) -> None:
    shop.WEBHOOK_SECRET = ""
    assert post(*fake.signed([], secret="")).status_code == 503
    assert ReceivedEvent.objects.count() == 0


def test_the_secret_file_is_read_again_and_may_hold_two_while_rotating(
    cast: Cast, fake: FakePlatform, shop: Any
) -> None:
    file = shop.DATA / "secret"
    shop.WEBHOOK_SECRET_FILE = str(file)
    file.write_text("first\n")
    assert post(*fake.signed([], secret="first")).status_code == 200
    assert post(*fake.signed([], secret=SECRET)).status_code == 400
    file.write_text("second\nfirst\n")
    assert post(*fake.signed([], secret="first")).status_code == 200
    assert post(*fake.signed([], secret="second")).status_code == 200
    file.write_text("second\n")
    assert post(*fake.signed([], secret="first")).status_code == 400


def test_get_is_no_way_in(cast: Cast) -> None:
    assert Browser().get("/webhooks/kitloop").status_code == 405


def test_an_event_is_kept_while_the_platform_is_down(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    post(*fake.signed([fake.event(str(order.sample_id))]))
    fake.stop()
    assert handle_due(door) == 0
    assert "no answer" in ReceivedEvent.objects.get().problem
    fake.start()
    assert handle_due(door, now=timezone.now() + timedelta(minutes=1)) == 1
    assert Result.objects.get().order_id == order.pk


def test_an_event_about_a_sample_of_another_shop_is_done_with(cast: Cast, fake: FakePlatform, door: Client) -> None:
    placed(cast.jane, door)
    fake.samples["4527ac9e-0000-4000-8000-000000000001"] = {"status": "succeeded"}
    post(*fake.signed([fake.event("4527ac9e-0000-4000-8000-000000000001")]))
    assert handle_due(door) == 1
    assert Result.objects.count() == 0


def test_an_event_that_is_quicker_than_the_orders_answer_waits_for_it(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    from cast import ordered
    from kitloop_storefront.outbox import place_due

    order = ordered(cast.jane)
    fake.lose_answers = True
    place_due(door)
    fake.lose_answers = False
    (sample_id,) = fake.samples
    fake.finish(sample_id)
    post(*fake.signed([fake.event(sample_id)]))
    assert handle_due(door) == 0
    later = timezone.now() + timedelta(minutes=2)
    place_due(door, now=later)
    assert handle_due(door, now=later) == 1
    assert Result.objects.get().order_id == order.pk


@pytest.mark.parametrize("payload", [{}, {"samples": None}, {"samples": ["x", 3, None]}, {"samples": [{"id": 7}]}])
def test_a_payload_of_another_shape_is_stored_and_harmless(
    cast: Cast, fake: FakePlatform, door: Client, payload: dict[str, Any]
) -> None:
    event = {"event_id": "e", "event_type": "of_tomorrow", "timestamp": "now", "payload": payload}
    assert post(*fake.signed([event])).status_code == 200
    assert handle_due(door) == 1


def test_one_event_that_can_not_be_worked_on_does_not_hold_up_the_next(
    cast: Cast, fake: FakePlatform, door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kitloop_storefront import receiver

    first, second = placed(cast.jane, door), placed(cast.jane, door)
    for order in (first, second):
        fake.finish(str(order.sample_id))
        post(*fake.signed([fake.event(str(order.sample_id))]))
    real = receiver.bring_up_to_date

    def broken(client: Client, order: Any) -> None:
        if order.pk == first.pk:
            raise ArithmeticError("with a row's text")
        real(client, order)

    monkeypatch.setattr(receiver, "bring_up_to_date", broken)
    assert handle_due(door) == 1
    assert ReceivedEvent.objects.get(handled_at=None).problem == "ArithmeticError"
    assert Result.objects.get().order_id == second.pk
