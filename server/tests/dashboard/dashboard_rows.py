"""Rows that pages show. Plain functions."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cast import Cast, Person
from django.test import Client
from kitloop.accounts.models import APIKey, Invitation, User
from kitloop.kits.models import Kit, Recipient, Sample, SampleStatus
from kitloop.runs.models import File, QualityControl, Run, TraitScore
from kitloop.webhooks.models import Attempt, Delivery, Subscription

WHEN = datetime(2026, 3, 3, 12, 34, 56, tzinfo=UTC)


def browser(person: Person | None = None, **options: Any) -> Client:
    client = Client(**options)
    if person is not None:
        client.force_login(person.user)
    return client


def order(cast: Cast, person: Person | None = None, **changes: Any) -> Sample:
    """A sample as an application makes one: through the API."""
    person = person or cast.analyst
    answer = Client().post(
        "/api/v2/sample-kit/", cast.order(**changes), content_type="application/json", headers=person.headers
    )
    assert answer.status_code == 201, answer.content
    return Sample.objects.get(pk=answer.json()["sample_id"])


def finish(sample: Sample, status: str = "succeeded") -> Run:
    """Gives a sample an analysis with one of everything."""
    kit = Kit.objects.get(sample=sample)
    well = status == "succeeded"
    run = Run.objects.create(
        sample=sample,
        kit=kit,
        inputs={},
        state=status,
        created=WHEN,
        started=WHEN,
        finished=WHEN + timedelta(minutes=14),
        reasons=[] if well else [{"code": "too_little_coverage", "message": "Too little of the genome was covered."}],
        ancestry={"populations": [{"key": "N", "name": "North Lake", "proportion": 0.75, "low": 0.7, "high": 0.8}]},
    )
    QualityControl.objects.create(
        run=run,
        position=0,
        key="effective_coverage_min",
        name="Effective coverage",
        type="float",
        display_type="number",
        value_expected=0.15,
        value_measured=1.02 if well else 0.08,
        status="succeeded" if well else "failed",
    )
    TraitScore.objects.create(run=run, key="DEMO-LEAF", value=0.5, percentile=77.0, details={"name": "Leaf width"})
    File.objects.create(
        sample=sample, run=run, file_type="impute-vcf", object_key="samples/x.vcf.gz", size=2048, sha256="ab" * 32
    )
    Kit.objects.filter(pk=kit.pk).update(state="sequenced")
    line = SampleStatus.objects.create(sample=sample, status=status, note="Over.", created=WHEN)
    Sample.objects.filter(pk=sample.pk).update(run_id=run.id, status=status, status_id=line.id, modified=WHEN)
    return run


def subscribe(cast: Cast) -> Subscription:
    return Subscription.objects.create(
        project=cast.project,
        name="Shop",
        target="https://shop.example/hooks",
        protocol="webhook",
        event_types=["analysis_complete_v2"],
    )


def deliver(subscription: Subscription) -> Delivery:
    delivery = Delivery.objects.create(
        subscription=subscription,
        event_id="0b2d0000-0000-4000-8000-000000000000",
        event_type="analysis_complete_v2",
        body='[{"event_id":"0b2d"}]',
        state="pending",
        due_at=WHEN,
        created=WHEN,
        attempts=1,
        response_status=503,
    )
    Attempt.objects.create(
        delivery=delivery, number=1, started=WHEN, duration_ms=92, response_status=503, answer="too busy"
    )
    return delivery


def everything() -> list[Any]:
    """What a refusal must not change, row by row."""
    people = list(
        User.objects.order_by("pk").values("id", "role", "is_active", "name", "email")
    )  # logging in is noted there
    return [people] + [
        list(model.objects.order_by("pk").values())
        for model in (APIKey, Invitation, Subscription, Delivery, Sample, Kit, Recipient, Run, File)
    ]


def text(answer: Any) -> str:
    """A page as a person reads it: without tags, in single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode())).strip()
