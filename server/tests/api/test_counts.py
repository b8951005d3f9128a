"""Counts in slots are always what counting would give."""

import random
import threading
import time
from uuid import uuid4

import pytest
from cast import Cast, make_cast
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone
from kitloop.kits.counts import Counted, count_by_status, count_in_projects, count_samples, put_together
from kitloop.kits.journey import SAMPLE_STATES
from kitloop.kits.models import Sample, SampleCount

WRITERS, STEPS = 6, 40


def _some(cast: Cast, chance: random.Random, number: int) -> list[Sample]:
    now = timezone.now()
    return [
        Sample(project=cast.project, status=chance.choice(SAMPLE_STATES), status_id=uuid4(), created=now, modified=now)
        for _ in range(number)
    ]


def _write(cast: Cast, seed: int) -> None:
    """Adds, moves, hides, deletes and takes back, in transactions of which a third is rolled back."""
    chance = random.Random(seed)
    try:
        for _ in range(STEPS):
            with transaction.atomic():
                Sample.objects.bulk_create(_some(cast, chance, chance.randint(1, 5)))
                ids = list(Sample.objects.order_by("?").values_list("pk", flat=True)[:3])
                locked = Sample.objects.filter(
                    pk__in=Sample.objects.filter(pk__in=ids).select_for_update(skip_locked=True)
                )
                locked.update(
                    **chance.choice(
                        [
                            {"status": chance.choice(SAMPLE_STATES)},
                            {"hidden": chance.random() < 0.5},
                            {"deleted": chance.choice([None, timezone.now()])},
                        ]
                    )
                )
                transaction.set_rollback(chance.random() < 0.3)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_counts_are_right_whoever_writes_at_once_and_whatever_is_rolled_back() -> None:
    cast = make_cast()
    writers = [threading.Thread(target=_write, args=(cast, seed)) for seed in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    before = _sums()
    _wait_for_ends()
    put_together()
    assert _sums() == before
    assert set(SampleCount.objects.exclude(count=0).values_list("slot", flat=True)) == {0}
    real = {
        (status, hidden): count
        for status, hidden, count in Sample.objects.filter(deleted=None)
        .values_list("status", "hidden")
        .annotate(count=Count("pk"))
    }
    assert {key: count for key, count in before.items() if count} == real
    visible = sum(count for (_, hidden), count in real.items() if not hidden)
    assert count_samples(cast.project.id, Q(hidden=False)) == visible
    assert count_in_projects([cast.project.id, cast.strangers_project.id]) == {
        cast.project.id: Counted(all=sum(real.values()), hidden=sum(real.values()) - visible),
        cast.strangers_project.id: Counted(),
    }
    assert sum(count_by_status(cast.project.id).values()) == sum(real.values()) > 0


def _wait_for_ends(seconds: float = 30.0) -> None:
    """A connection that was closed here goes on in the database for a moment, longer on a busy machine."""
    until = time.monotonic() + seconds
    slots = "SELECT slot FROM kits_samplecount WHERE slot <> pg_backend_pid()"
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE pid IN ({slots})")
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)
    pytest.fail(f"writers' connections are still there after {seconds:g} s")


def _sums() -> dict[tuple[str, bool], int]:
    found: dict[tuple[str, bool], int] = {}
    for row in SampleCount.objects.all():
        found[row.status, row.hidden] = found.get((row.status, row.hidden), 0) + row.count
    return found
