"""Kits, samples and their results."""

import imputed
from cast import Cast, make_lab
from kitloop.base import clock
from kitloop.kits.models import Sample
from kitloop.runs.models import File, Run

from cases import READERS, Case, by_role
from lab import ordered_kit


def _both(cast: Cast, ids: dict[str, str]) -> dict[str, list[str]]:
    return {"sample_ids": [ids["sample"], ids["result"]]}


CASES = [
    Case("sample-kit", "post", "sample-kit/", by_role(201, 201, 403, 403, 400), lambda cast, ids: cast.order()),
    Case("samples", "get", "samples/{sample}", READERS),
    Case("project-samples", "get", "project-samples/{project}", READERS),
    Case("sample-statuses", "get", "sample-statuses/{sample}", READERS),
    Case("sample-metadata", "get", "sample-metadata/{sample}", READERS),
    Case("sample-metadata", "post", "sample-metadata/{sample}", by_role(201, 201, 403, 403, 404), {"metadata": ["new"]}),
    Case("sample-stats", "get", "sample-stats/{sample}", READERS),
    Case("sample-genomic-variants", "get", "sample-genomic-variants/{result}?rsid=rs101", READERS),
    Case("project-hide-samples", "post", "project-hide-samples/{project}", by_role(204, 204, 403, 403, 404), _both),
    Case("project-unhide-samples", "post", "project-unhide-samples/{project}", by_role(204, 204, 403, 403, 404), _both),
    Case(
        "project-cancel-samples", "post", "project-cancel-samples/{project}", by_role(200, 200, 403, 403, 404),
        lambda cast, ids: {"sample_ids": [ids["sample"]]},
    ),
    Case(
        "project-delete-samples", "delete", "project-delete-samples/{project}", by_role(204, 403, 403, 403, 404),
        lambda cast, ids: {"sample_ids": [ids["result"]]},
    ),
    Case("sample-quality-controls", "get", "sample-quality-controls/{sample}", READERS),
    Case("sample-ancestry", "get", "sample-ancestry/{sample}", READERS),
    Case("sample-trait-scores", "get", "sample-trait-scores/{sample}", READERS),
    Case("files-sha256", "get", "files/{file}.sha256", READERS),
    Case("journey", "get", "/api/kitloop/v1/samples/{sample}/journey", READERS),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    """A project with a sample that has a file and whose kit is ordered; and one that has its result."""
    lab = make_lab()
    kit, analyzed = ordered_kit(cast, lab), ordered_kit(cast, lab)
    imputed.imputed(analyzed)
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now(), state="succeeded")
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id)
    file = File.objects.create(
        sample=kit.sample, run=run, file_type="qc", object_key="a/qc.json", size=1, sha256="0" * 64
    )
    return {
        "sample": str(kit.sample_id),
        "result": str(analyzed.sample_id),
        "project": str(cast.project.id),
        "file": str(file.id),
    }
