"""A kit that is used twice or mixed up: seen by fingerprints, held for the organization's people, told to nobody else."""

import json
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from django.utils import timezone
from kitloop.base import objects
from kitloop.kits.models import Hold, Sample
from kitloop.projects.models import Project
from kitloop.runs.identity import _key, compare_in_project
from kitloop.runs.models import File
from procrastinate.contrib.django.models import ProcrastinateJob
from test_results import analyzed, demo, reads, settled  # noqa: F401 fixtures


def another(cast: Cast, like: Sample, *, project: Project | None = None, shift: int = 0) -> Sample:
    """A sample with the fingerprint of `like`, read from other sites where `shift` moves it: then it is nobody in particular."""
    made = Sample.objects.create(
        project=project or cast.project, status="succeeded", status_id=like.id, created=timezone.now(), modified=timezone.now()
    )  # fmt: skip
    content = json.loads(objects.path_of(_key(like)).read_text()) | {"sample_id": str(made.id)}
    text = content["likelihood"]
    cut = 4 * shift  # four letters are three bytes, and three bytes are one site
    content["likelihood"] = text[cut:] + text[:cut] if shift else text
    objects.take_bytes(_key(made), json.dumps(content).encode())
    return made


@pytest.fixture
def first(client: Client, cast: Cast, demo: Path, tmp_path: Path) -> Sample:  # noqa: F811
    return analyzed(client, cast, reads(demo, tmp_path / "reads")).sample


def held(sample: Sample) -> list[tuple[str, str, str]]:
    return list(Hold.objects.filter(sample=sample, closed=None).values_list("reason_code", "owner", "note"))


def test_a_second_sample_of_one_person_in_a_project_is_held_for_review_and_the_api_does_not_say_so(
    client: Client, cast: Cast, first: Sample
) -> None:
    job = ProcrastinateJob.objects.get(task_name="runs.compare")
    assert (job.args, job.queue_name) == ({"sample_id": str(first.id)}, "analysis")
    compare_in_project(first.id)
    assert held(first) == []
    second = another(cast, first)
    stranger = another(cast, first, shift=700)
    for sample in (second, stranger, second):
        compare_in_project(sample.id)
    note = f"It reads as the same person as {first.id}, or a twin."
    assert (held(second), held(stranger)) == ([("same_person_twice", "operator", note)], [])
    answer: Any = client.get(f"/api/kitloop/v1/samples/{second.id}/journey/", headers=cast.analyst.headers)
    assert (answer.status_code, answer.json()["holds"]) == (200, [])
    assert not File.objects.filter(object_key__contains="fingerprint").exists()
    # Other projects and deleted samples are not looked at.
    elsewhere = another(cast, first, project=cast.strangers_project)
    compare_in_project(elsewhere.id)
    Sample.objects.filter(pk__in=[first.pk, second.pk]).update(deleted=timezone.now())
    third = another(cast, first)
    for sample in (third, first):
        compare_in_project(sample.id)
    assert (held(elsewhere), held(third), held(first)) == ([], [], [])
