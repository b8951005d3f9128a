"""What is owed arrives: signed, once or more than once, whatever the receiver does in between."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast
from django.core import mail
from django.utils import timezone
from kitloop.kits.models import Sample
from kitloop.webhooks import drain as drain_module
from kitloop.webhooks.bell import ring_where_due
from kitloop.webhooks.letters import tell_owners
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from kitloop.webhooks.owing import fan_out, send_test
from kitloop.webhooks.subscriptions import delete_subscription, enable_subscription
from kitloop.worker.deliveries import send_what_is_due
from kitloop_sdk.webhooks import WebhookVerificationError, verify_webhook
from owed import OCCURRED, drained, finished, owe, settled, states, subscribed, with_secret
from webhook_receiver import Answer, Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_verdict_arrives_signed_over_the_very_bytes(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url("/kits?shop=1"))
    secret = with_secret(subscription)
    event = finished(cast.project, status="failed_qc", client_id="HumanS01-001")
    fan_out(event.id)
    drained(subscription)

    (request,) = receiver.received
    assert request.path == "/kits?shop=1"
    expected = (
        f'[{{"event_id":"{event.id}","event_type":"analysis_complete_v2","timestamp":"2026-04-09T12:01:26.346341Z",'
        f'"payload":{{"project":{{"id":"{cast.project.id}"}},"samples":[{{"id":"{event.sample_id}",'
        '"client_id":"HumanS01-001","last_status":{"status":"failed_qc"}}]}}]'
    )
    assert request.body == expected.encode()
    (told,) = verify_webhook(request.body, request.headers["gencove-signature"], secret)
    assert (told.event_id, told.event_type) == (str(event.id), "analysis_complete_v2")
    with pytest.raises(WebhookVerificationError):
        verify_webhook(request.body.replace(b"failed_qc", b"succeeded"), request.headers["gencove-signature"], secret)

    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Kitloop"
    assert request.headers["webhook-id"] == str(event.id)
    said = f"{event.id}.{request.headers['webhook-timestamp']}.".encode() + request.body
    digest = base64.b64encode(hmac.new(base64.b64decode(secret), said, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.response_status) == ("delivered", 1, 200)
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.response_status, attempt.answer, attempt.error) == (1, 200, "ok", "")


def test_without_a_secret_nothing_is_signed(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url())
    (event_id,) = owe(cast.project)
    drained(subscription)
    (request,) = receiver.received
    assert "gencove-signature" not in request.headers
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == str(event_id)


def test_a_new_secret_signs_from_the_next_request_on(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url())
    first, second = with_secret(subscription), with_secret(subscription)
    assert len(first) == len(second) == 32
    assert first != second
    owe(cast.project)
    drained(subscription)
    (request,) = receiver.received
    assert verify_webhook(request.body, request.headers["gencove-signature"], second)
    with pytest.raises(WebhookVerificationError):
        verify_webhook(request.body, request.headers["gencove-signature"], first)
    assert second.encode() not in bytes(Subscription.objects.get().sealed_secret or b"")


@pytest.mark.usefixtures("short_schedule")
def test_failures_are_tried_again_on_the_schedule_and_each_try_is_kept(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(500, b"not now") if number < 2 else Answer(204, b"")
    subscription = subscribed(cast, receiver.url())
    (event_id,) = owe(cast.project)
    settled(subscription)

    assert [request.headers["webhook-id"] for request in receiver.received] == [str(event_id)] * 3
    assert len({request.body for request in receiver.received}) == 1
    first, second, third = (request.at for request in receiver.received)
    assert 0.08 <= second - first < 1
    assert 0.16 <= third - second < 1
    tries = Attempt.objects.order_by("number").values_list("number", "response_status", "answer")
    assert list(tries) == [(1, 500, "not now"), (2, 500, "not now"), (3, 204, "")]
    assert states(subscription) == ["delivered"]
    assert Subscription.objects.get().failing_since is None


@pytest.mark.usefixtures("short_schedule")
def test_a_delivery_fails_when_its_schedule_is_used_up(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(400)
    subscription = subscribed(cast, receiver.url())
    owe(cast.project)
    settled(subscription)
    assert states(subscription) == ["failed"]
    assert len(receiver.received) == 4
    assert Attempt.objects.count() == 4


def test_retry_after_is_kept_to(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(429, headers={"Retry-After": "400"})
    subscription = subscribed(cast, receiver.url())
    owe(cast.project)
    drained(subscription)
    wait = Delivery.objects.get().due_at - timezone.now()
    assert timedelta(seconds=390) < wait <= timedelta(seconds=400)


@pytest.mark.usefixtures("short_schedule")
def test_what_was_owed_while_the_receiver_was_down_arrives_once_it_is_back(cast: Cast) -> None:
    with receiving() as gone:
        port = gone.port
    subscription = subscribed(cast, f"http://127.0.0.1:{port}/hook")
    events = owe(cast.project, 30)
    for _ in range(10):
        drained(subscription)
        time.sleep(0.05)
    assert Subscription.objects.get().probe_at is not None  # the breaker is open, so nobody's tries are used up
    assert set(states(subscription)) == {"pending"}
    errors = set(Attempt.objects.values_list("error", flat=True))
    assert errors == {"Could not connect (ClientConnectorError)."}
    with receiving(port) as back:
        settled(subscription)
        came = [json.loads(request.body)[0]["event_id"] for request in back.received]
    assert sorted(came) == sorted(str(event) for event in events)
    assert set(states(subscription)) == {"delivered"}
    after = Subscription.objects.get()
    assert (after.straight_failures, after.failing_since, after.probe_at) == (0, None, None)


def test_an_open_breaker_sends_one_probe_at_a_time(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(503)
    subscription = subscribed(cast, receiver.url())
    owe(cast.project, 12)
    drained(subscription)
    opened = len(receiver.received)
    assert 10 <= opened <= 12
    used = sum(Delivery.objects.values_list("failures", flat=True))
    for probes in (1, 2, 3):
        Subscription.objects.update(probe_at=timezone.now())
        Delivery.objects.update(due_at=timezone.now())
        assert ring_where_due() == 1
        drained(subscription)
        assert len(receiver.received) == opened + probes
    assert ring_where_due() == 0
    assert sum(Delivery.objects.values_list("failures", flat=True)) == used


def test_a_test_event_that_arrives_closes_the_breaker(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url())
    now = timezone.now()
    Subscription.objects.update(straight_failures=11, failing_since=now, probe_at=now + timedelta(minutes=10))
    owe(cast.project, 3)
    assert ring_where_due() == 0
    send_test(subscription.id)
    assert ring_where_due() == 1
    drained(subscription)
    assert len(receiver.received) == 4


def test_a_redirect_is_not_followed(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(307, headers={"Location": receiver.url("/elsewhere")})
    subscription = subscribed(cast, receiver.url())
    owe(cast.project)
    drained(subscription)
    assert [request.path for request in receiver.received] == ["/hook"]
    attempt = Attempt.objects.get()
    assert (attempt.response_status, attempt.error) == (307, "Redirects are not followed.")
    assert states(subscription) == ["pending"]


def test_410_disables_tells_the_owners_and_loses_nothing(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(410)
    subscription = subscribed(cast, receiver.url(), name="Shop")
    owe(cast.project)
    drained(subscription)
    disabled = Subscription.objects.get()
    assert disabled.disabled_reason == "gone"
    assert states(subscription) == ["held"]
    tell_owners(subscription.id)
    (letter,) = mail.outbox
    assert letter.to == [cast.owner.user.email]
    assert "410 Gone" in letter.body
    assert str(subscription.id) in letter.body

    owe(cast.project, 2)
    assert states(subscription) == ["held"] * 3
    assert ring_where_due() == 0
    drained(subscription)
    assert len(receiver.received) == 1

    receiver.answers = lambda request, number: Answer()
    enable_subscription(subscription.id)
    assert ring_where_due() == 1
    drained(subscription)
    assert states(subscription) == ["delivered"] * 3


def test_five_days_of_failure_disable(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(500)
    subscription = subscribed(cast, receiver.url())
    started = timezone.now() - timedelta(days=4, hours=23, minutes=59)
    Subscription.objects.update(straight_failures=50, failing_since=started)
    owe(cast.project)
    drained(subscription)
    assert Subscription.objects.get().disabled_at is None
    Subscription.objects.update(failing_since=started - timedelta(minutes=1), probe_at=None)
    Delivery.objects.update(due_at=timezone.now())
    drained(subscription)
    assert Subscription.objects.get().disabled_reason == "failing"
    assert states(subscription) == ["held"]


def test_a_receiver_that_hangs_holds_up_nobody_else(cast: Cast, receiver: Receiver, settings: Any) -> None:
    settings.KITLOOP_WEBHOOK_TIMEOUT_SECONDS = 1.0
    receiver.answers = lambda request, number: Answer(after_seconds=5 if request.path == "/hangs" else 0)
    hanging, healthy = subscribed(cast, receiver.url("/hangs")), subscribed(cast, receiver.url("/quick"))
    owe(cast.project, 20)
    started = time.monotonic()
    drained(hanging, healthy)
    quick = [request.at - started for request in receiver.received if request.path == "/quick"]
    assert len(quick) == 20
    assert max(quick) < 1.0
    assert set(states(healthy)) == {"delivered"}
    assert set(states(hanging)) == {"pending"}
    assert set(Attempt.objects.filter(delivery__subscription=hanging).values_list("error", flat=True)) == {
        "No answer in time."
    }


def test_at_most_eight_requests_to_one_receiver_are_in_flight(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(after_seconds=0.05)
    subscription = subscribed(cast, receiver.url())
    owe(cast.project, 40)
    drained(subscription)
    assert receiver.most_at_once == 8
    assert set(states(subscription)) == {"delivered"}
    assert len(receiver.received) == 40


def test_a_drain_gives_its_place_to_others_after_a_while_and_rings_again(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    monkeypatch.setattr(drain_module, "SLICE_SECONDS", 0.1)
    receiver.answers = lambda request, number: Answer(after_seconds=0.15)
    subscription = subscribed(cast, receiver.url())
    owe(cast.project, 20)
    ProcrastinateJob.objects.all().delete()
    drained(subscription)
    assert len(receiver.received) == 8
    assert states(subscription).count("delivered") == 8
    (job,) = ProcrastinateJob.objects.filter(task_name="webhooks.drain")
    assert job.args == {"subscription_id": str(subscription.id)}


def test_at_most_4_kb_of_an_answer_are_kept(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(500, b"a\x00" + b"x" * 200_000)
    subscription = subscribed(cast, receiver.url())
    owe(cast.project)
    drained(subscription)
    assert Attempt.objects.get().answer == "a" + "x" * 4094


@pytest.mark.usefixtures("short_schedule")
def test_a_test_event_is_tried_once_and_a_retried_one_on_the_schedule(cast: Cast, receiver: Receiver) -> None:
    receiver.answers = lambda request, number: Answer(500)
    subscription = subscribed(cast, receiver.url())
    once = send_test(subscription.id, event_type="samples_restored")
    settled(subscription)
    assert len(receiver.received) == 1
    assert json.loads(receiver.received[0].body)[0]["event_type"] == "samples_restored"
    assert Subscription.objects.get().straight_failures == 0

    again = send_test(subscription.id, is_retried=True)
    settled(subscription)
    assert len(receiver.received) == 1 + 4
    assert {d.id: (d.state, d.attempts) for d in Delivery.objects.all()} == {
        once.id: ("failed", 1),
        again.id: ("failed", 4),
    }


def test_an_email_subscription_gets_the_event_by_mail(cast: Cast) -> None:
    subscription = subscribed(cast, "lab-team@example.com")
    assert subscription.protocol == "email"
    (event_id,) = owe(cast.project)
    drained(subscription)
    (letter,) = mail.outbox
    assert letter.to == ["lab-team@example.com"]
    (event,) = json.loads(letter.body)
    assert event["event_id"] == str(event_id)
    assert list(event["payload"]) == ["project", "samples"]
    assert states(subscription) == ["delivered"]
    assert Attempt.objects.get().response_status is None


def test_a_mail_server_that_fails_is_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(letter: Any) -> None:
        raise ConnectionRefusedError

    subscription = subscribed(cast, "lab-team@example.com")
    owe(cast.project)
    with monkeypatch.context() as patched:
        patched.setattr(drain_module.EmailMessage, "send", refuse)
        drained(subscription)
    assert states(subscription) == ["pending"]
    assert Attempt.objects.get().error == "The mail server did not take it (ConnectionRefusedError)."
    Delivery.objects.update(due_at=timezone.now())
    drained(subscription)
    assert states(subscription) == ["delivered"]


def test_a_subscription_deleted_during_a_drain_is_no_problem(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url())
    owe(cast.project, 3)
    receiver.answers = lambda request, number: Answer(after_seconds=0.5)

    async def drain_and_delete() -> None:
        draining = asyncio.create_task(drain_module.drain(subscription.id))
        await asyncio.sleep(0.25)
        await drain_module.aside(delete_subscription, subscription.id)
        await draining

    asyncio.run(drain_and_delete())
    assert len(receiver.received) == 3
    assert (Subscription.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (0, 0, 0)


def test_the_drain_task_never_raises(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(*args: object) -> bool:
        raise OSError("the database went away")

    subscription = subscribed(cast, receiver.url())
    owe(cast.project, 3)
    with monkeypatch.context() as patched:
        patched.setattr(drain_module, "record", lost)
        asyncio.run(send_what_is_due(str(subscription.id)))
    assert "broke off" in caplog.text
    assert states(subscription) == ["pending"] * 3
    drained(subscription)
    assert set(states(subscription)) == {"delivered"}


def test_nothing_personal_is_in_a_body(cast: Cast, receiver: Receiver) -> None:
    subscription = subscribed(cast, receiver.url())
    event = finished(cast.project)
    Sample.objects.update(metadata={"name": "Jane Doe"}, status_note="Tracking 1Z999")
    fan_out(event.id)
    drained(subscription)
    (told,) = json.loads(receiver.received[0].body)
    (sample,) = told["payload"]["samples"]
    assert sample == {"id": str(event.sample_id), "client_id": "", "last_status": {"status": "succeeded"}}
    assert told["timestamp"] == OCCURRED.isoformat().replace("+00:00", "Z")
