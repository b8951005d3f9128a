"""Kits, samples and their results."""

from cast import Cast, make_lab
from kitloop.base import clock
from kitloop.kits.models import Sample
from kitloop.runs.models import File, Run

from cases import READERS, Case, by_role
from lab import ordered_kit

CASES = [
    Case("sample-kit", "post", "sample-kit/", by_role(201, 201, 403, 403, 400), lambda cast, ids: cast.order()),
    Case("samples", "get", "samples/{sample}", READERS),
    Case("project-samples", "get", "project-samples/{project}", READERS),
    Case("sample-statuses", "get", "sample-statuses/{sample}", READERS),
    Case("sample-metadata", "get", "sample-metadata/{sample}", READERS),
    Case("sample-quality-controls", "get", "sample-quality-controls/{sample}", READERS),
    Case("sample-ancestry", "get", "sample-ancestry/{sample}", READERS),
    Case("sample-trait-scores", "get", "sample-trait-scores/{sample}", READERS),
    Case("files-sha256", "get", "files/{file}.sha256", READERS),
    Case("journey", "get", "/api/kitloop/v1/samples/{sample}/journey", READERS),
]


def ids(cast: Cast) -> dict[str, str]:
    """A project with one finished sample that has a file."""
    kit = ordered_kit(cast, make_lab())
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now(), state="succeeded")
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id)
    file = File.objects.create(
        sample=kit.sample, run=run, file_type="qc", object_key="a/qc.json", size=1, sha256="0" * 64
    )
    return {"sample": str(kit.sample_id), "project": str(cast.project.id), "file": str(file.id)}
