"""The quality report of a project: one line per sample, read in parts, so that it takes the same memory for any number."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.db.models import Q

from kitloop.kits.models import Sample
from kitloop.projects.models import Project
from kitloop.runs.models import QualityControl, Run

FACTS = ("id", "client_id", "project_id", "year", "month", "day", "status")
CHECKS = (
    "call_rate_min", "bases_min", "bases_max", "bases_dedup_min", "bases_dedup_mapped_min", "fraction_contamination_max",
    "snps_min", "effective_coverage_min", "hzy_max", "cc_min", "nhref_min", "nhet_max", "nhalt_min",
    "pct_target_bases_30x_min", "pathogenic_min",
)  # fmt: skip
PART = 1000

Cell = str | int | float


def report_lines(project: Project, columns: Sequence[str]) -> Iterator[list[Cell]]:
    """One line per sample that is not deleted, newest first, with the cells that `columns` name; "" where nothing is known.

    Pages by creation and id, which never change: a sample that moves meanwhile is neither told twice nor left out.
    """
    after = Q()
    while True:
        rows = Sample.objects.filter(after, project=project, deleted=None).order_by("-created", "id")
        part = list(rows.only("id", "client_id", "project_id", "created", "status", "run_id")[:PART])
        checks, runs = _found(part, columns)
        for sample in part:
            cells = {**_facts(sample), **checks.get(sample.run_id, {}), **runs.get(sample.run_id, {})}
            yield [cells.get(column, "") for column in columns]
        if len(part) < PART:
            return
        last = part[-1]
        after = Q(created__lt=last.created) | Q(created=last.created, id__gt=last.id)


def _found(part: list[Sample], columns: Sequence[str]) -> tuple[dict[Any, dict[str, Cell]], dict[Any, dict[str, Cell]]]:
    """What the shown runs of some samples measured, by run: by the columns of checks, and by the two that runs hold."""
    ids = [sample.run_id for sample in part if sample.run_id]
    rows = QualityControl.objects.filter(run_id__in=ids, key__in=columns, value_measured__isnull=False)
    lines = rows.order_by("run_id").values_list("run_id", "key", "type", "value_measured")
    checks: dict[Any, dict[str, Cell]] = {
        run: {key: int(value) if type == "int" else value for _, key, type, value in of_run}
        for run, of_run in groupby(lines, key=lambda line: line[0])
    }
    runs: dict[Any, dict[str, Cell]] = {}
    if {"raw_coverage", "ancestries"} & set(columns):
        for id, metrics, ancestry in Run.objects.filter(pk__in=ids).values_list("id", "metrics", "ancestry"):
            runs[id] = {"raw_coverage": metrics.get("depth_mean_x", ""), "ancestries": _ancestries(ancestry)}
    return checks, runs


def _facts(sample: Sample) -> dict[str, Cell]:
    return {
        "id": str(sample.id),
        "client_id": sample.client_id,
        "project_id": str(sample.project_id),
        "year": sample.created.year,
        "month": sample.created.month,
        "day": sample.created.day,
        "status": sample.status,
    }


def _ancestries(ancestry: Any) -> str:
    """`EUR:0.81;AFR:0.19`, the greatest share first, none of what is zero."""
    found = [(row["proportion"], row["key"]) for row in (ancestry or {}).get("populations", []) if row["proportion"]]
    return ";".join(f"{key}:{share}" for share, key in sorted(found, key=lambda each: (-each[0], each[1])))
