"""A project that is deleted meanwhile: an order that comes at the same moment, and the webhooks that are still owed."""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from cast import Cast, make_cast, make_lab
from django.db import connection, transaction
from django.utils import timezone
from kitloop.base.errors import FieldErrors
from kitloop.events.models import Event
from kitloop.kits.closing import delete_projects
from kitloop.kits.errors import ProjectNotAccessible
from kitloop.kits.models import Sample
from kitloop.kits.orders import place_order
from kitloop.projects.changes import locked_projects
from kitloop.projects.models import Project
from kitloop.webhooks.bell import ring_where_due
from kitloop.webhooks.models import Delivery
from kitloop.webhooks.outcomes import due
from kitloop.webhooks.owing import fan_out, send_test
from kitloop.webhooks.subscriptions import create_subscription

from lab import RECIPIENT, ordered_kit


def _order(cast: Cast) -> object:
    return place_order(cast.owner.user.caller(), project_id=cast.project.id, recipient=RECIPIENT)


def _is_waiting() -> bool:
    """Whether somebody waits for a lock. (What pg_stat_activity tells stands still inside a transaction.)"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_an_order_that_comes_while_its_project_is_being_deleted_is_refused() -> None:
    cast = make_cast()
    outcome: list[object] = []

    def order() -> None:
        try:
            outcome.append(_order(cast))
        except ProjectNotAccessible as error:
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=order)
    with transaction.atomic():
        locked_projects(cast.owner.user.caller(), [cast.project.id])
        other.start()
        _wait_for(_is_waiting)
        delete_projects(cast.owner.user.caller(), [cast.project.id])
    other.join(20)
    assert [type(each) for each in outcome] == [ProjectNotAccessible]
    assert Sample.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_comes_while_an_order_is_being_written_waits_and_is_refused() -> None:
    cast = make_cast()
    outcome: list[object] = []

    def delete() -> None:
        try:
            outcome.append(delete_projects(cast.owner.user.caller(), [cast.project.id]))
        except FieldErrors as error:
            outcome.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=delete)
    with transaction.atomic():
        _order(cast)
        other.start()
        _wait_for(_is_waiting)
    other.join(20)
    assert [type(each) for each in outcome] == [FieldErrors]
    assert Project.objects.get(pk=cast.project.pk).deleted is None


def _wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_deleted_project_owes_no_webhooks_and_sends_none_of_those_it_owed(cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    subscription = create_subscription(
        cast.project, target="https://receiver.example/hook", event_types=["analysis_complete_v2"],
        created_by=cast.owner.user.caller(),
    )  # fmt: skip
    send_test(subscription.id)
    event = Event.objects.create(
        id=uuid4(), organization_id=cast.organization.id, project_id=cast.project.id, sample_id=kit.sample_id,
        type="sample.succeeded", occurred=timezone.now(), data={},
    )  # fmt: skip
    assert len(due(subscription.id, limit=9)) == 1
    assert ring_where_due() == 1
    Sample.objects.filter(pk=kit.sample_id).update(status="succeeded")
    delete_projects(cast.owner.user.caller(), [cast.project.id])
    assert fan_out(event.id) == 0
    assert due(subscription.id, limit=9) == []
    assert ring_where_due() == 0
    assert Delivery.objects.count() == 1
    Project.objects.filter(pk=cast.project.pk).update(deleted=None)
    assert fan_out(event.id) == 1  # it was the deletion that kept it
