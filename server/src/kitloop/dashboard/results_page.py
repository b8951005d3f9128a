"""What an analysis found, as page objects: quality, ancestry, scores, files."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.template.defaultfilters import filesizeformat

from kitloop.dashboard.words import Badge, badge, number, sentence
from kitloop.pages.ancestry_bar import Share, ancestry_bar, is_outside
from kitloop.runs.models import File, QualityControl, Run, TraitScore
from kitloop.wire.samples import file_name

VERDICTS = {"succeeded": ("passed", "good"), "failed": ("failed", "bad"), "skipped": ("not measured", "off")}


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    key: str
    description: str
    measured: str
    threshold: str
    verdict: Badge


@dataclass(frozen=True, slots=True)
class Score:
    key: str
    name: str
    value: str
    percentile: str
    interval: str
    at: float | None  # percent of the scale, for the picture
    risk: Badge | None
    why_not: str


@dataclass(frozen=True, slots=True)
class FileRow:
    id: UUID
    type: str
    name: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Results:
    state: Badge
    started: datetime | None
    finished: datetime | None
    tool: str
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    failed_checks: int
    shares: tuple[Share, ...]
    ancestry_text: str
    ancestry_method: str
    is_outside: bool  # none of the populations fits
    scores: tuple[Score, ...]
    files: tuple[FileRow, ...]


def results(run: Run) -> Results:
    """Four queries, whatever the number of rows."""
    checks = tuple(_check(row) for row in QualityControl.objects.filter(run=run).order_by("position"))
    shares = ancestry_bar(run.ancestry)
    return Results(
        state=badge(run.state),
        started=run.started,
        finished=run.finished,
        tool=run.tool,
        reasons=tuple(str(reason.get("message", "")) for reason in run.reasons if reason.get("message")),
        checks=checks,
        failed_checks=sum(check.verdict.tone == "bad" for check in checks),
        shares=shares,
        ancestry_text=", ".join(f"{share.name} {share.percent}" for share in shares),
        ancestry_method=str((run.ancestry_metadata or {}).get("method", "")),
        is_outside=is_outside(run.ancestry_metadata),
        scores=tuple(_score(row) for row in TraitScore.objects.filter(run=run).order_by("key")),
        files=tuple(_file(row) for row in File.objects.filter(run=run).order_by("file_type")),
    )


def _check(row: QualityControl) -> Check:
    limit = "at most" if row.key.endswith("_max") else "at least"
    expected = number(row.value_expected, row.display_type)
    text, tone = VERDICTS[row.status]
    return Check(
        name=row.name or row.key,
        key=row.key,
        description=row.description,
        measured=row.value_string or number(row.value_measured, row.display_type),
        threshold="—" if row.value_expected is None else f"{limit} {expected}",
        verdict=Badge(text, tone),
    )


def _score(row: TraitScore) -> Score:
    low, high = row.details.get("percentile_low"), row.details.get("percentile_high")
    return Score(
        key=row.key,
        name=str(row.details.get("name") or row.key),
        value="—" if row.value is None else f"{number(row.value)} {row.unit}".strip(),
        percentile="—" if row.percentile is None else f"{row.percentile:.0f}",
        interval=f"{low:.0f} to {high:.0f}" if low is not None and high is not None else "",
        at=row.percentile,
        risk=Badge(row.risk.replace("_", " "), "bad" if row.risk == "high_risk" else "plain") if row.risk else None,
        why_not=sentence(str(row.details.get("not_reported_because") or "")),
    )


def _file(row: File) -> FileRow:
    return FileRow(row.id, row.file_type, file_name(row), filesizeformat(row.size), row.sha256)
