"""Each subscription is owed each event once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast
from django.db import IntegrityError, transaction
from django.utils import timezone
from kitloop.base.jobs import defer
from kitloop.webhooks.bell import ring, ring_where_due
from kitloop.webhooks.drain import aside
from kitloop.webhooks.models import Delivery, Subscription
from kitloop.webhooks.owing import fan_out
from kitloop.worker.tasks import app
from owed import finished, owe, subscribed
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

pytestmark = pytest.mark.django_db

TARGET = "https://shop.example/kits"


def bells(subscription: Subscription) -> int:
    return ProcrastinateJob.objects.filter(
        task_name="webhooks.drain", args={"subscription_id": str(subscription.id)}, status="todo"
    ).count()


def test_a_verdict_queues_its_fan_out_with_it(cast: Cast) -> None:
    event = finished(cast.project)
    assert ProcrastinateJob.objects.get(task_name="webhooks.fan_out").args == {"event_id": str(event.id)}


def test_fanning_out_twice_owes_once(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    first, second = subscribed(cast, TARGET), subscribed(cast, TARGET)
    event = finished(cast.project)
    with django_capture_on_commit_callbacks(execute=True):
        assert fan_out(event.id) == 2
        assert fan_out(event.id) == 0
    assert Delivery.objects.count() == 2
    assert (bells(first), bells(second)) == (1, 1)


def test_only_those_who_asked_are_owed(cast: Cast) -> None:
    wanted = subscribed(cast, TARGET)
    subscribed(cast, TARGET, event_types=["samples_restored"])
    subscribed(cast, TARGET, project=cast.strangers_project)
    owe(cast.project)
    assert Delivery.objects.get().subscription == wanted


def test_the_database_refuses_a_second_delivery_of_an_event(cast: Cast) -> None:
    subscribed(cast, TARGET)
    owe(cast.project)
    first = Delivery.objects.get()
    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        Delivery.objects.create(
            subscription_id=first.subscription_id, event_id=first.event_id, event_type="x", body="[]",
            due_at=first.due_at, created=first.created,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"event_types": []}, "event_types_known"),
        ({"event_types": ["kit_shipped"]}, "event_types_known"),
        ({"protocol": "sms"}, "protocol_known"),
        ({"disabled_reason": "gone"}, "disabled_for_a_reason"),
    ],
)
def test_the_database_refuses_a_subscription_that_can_not_be(
    cast: Cast, wrong: dict[str, Any], constraint: str
) -> None:
    subscribed(cast, TARGET)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Subscription.objects.update(**wrong)


def test_a_bell_that_is_rung_again_leaves_the_transaction_whole(cast: Cast) -> None:
    subscription = subscribed(cast, TARGET)
    with transaction.atomic():
        ring(subscription.id)
        ring(subscription.id)
        Subscription.objects.update(name="still here")
    assert bells(subscription) == 1
    assert Subscription.objects.get().name == "still here"


def test_the_sweep_rings_where_something_is_due_and_nowhere_else(cast: Cast) -> None:
    due = subscribed(cast, TARGET)
    owe(cast.project)
    idle = subscribed(cast, TARGET)
    assert ring_where_due() == 1
    assert (bells(due), bells(idle)) == (1, 0)
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert ring_where_due() == 0


def test_drains_are_never_retried_and_the_sweep_runs_every_two_seconds() -> None:
    assert app.tasks["webhooks.drain"].retry_strategy is None
    periodic = app.periodic_registry.periodic_tasks[("webhooks.sweep", "")]
    assert periodic.cron == "* * * * * */2"
    assert {app.tasks[f"webhooks.{name}"].queue for name in ("fan_out", "drain", "sweep", "tell_owners")} == {
        "webhooks"
    }


@pytest.mark.django_db(transaction=True)
def test_in_a_worker_too_a_job_vanishes_with_the_transaction_that_queued_it() -> None:
    def change_of_mind() -> None:
        with transaction.atomic():
            defer("webhooks.tell_owners", subscription_id="x")
            transaction.set_rollback(True)

    async def as_in_a_worker() -> None:
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                await aside(change_of_mind)
                await aside(defer, "webhooks.tell_owners", subscription_id="y")

    asyncio.run(as_in_a_worker())
    assert [job.args for job in ProcrastinateJob.objects.all()] == [{"subscription_id": "y"}]
