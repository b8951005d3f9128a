"""What an analysis found, as page objects: quality, ancestry, scores, files."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.defaultfilters import filesizeformat

from kitloop.dashboard.words import Badge, badge, number, sentence
from kitloop.pages.ancestry_bar import Share, ancestry_bar, is_outside
from kitloop.pages.traits import Trait, traits
from kitloop.runs.models import File, QualityControl, Run, TraitScore
from kitloop.wire.samples import file_name

# By the analysis's codes; {match_rate} and {match_rate_min} are the score's own.
WHY_NOT = {
    "outside_panel": "Not comparable: some or all of the ancestry is of a population that the panel lacks.",
    "too_uncertain": "The data leave too much open for a useful place among others.",
    "low_match_rate": "{match_rate} of its variants are in the panel, {match_rate_min} are needed.",
    "wrong_build": "The scoring file is made for another genome build than the panel.",
}
WHY_NO_TRAIT = {
    "not_in_panel": "The panel does not have its place in the genome.",
    "low_confidence": "The data leave the genotype open.",
    "outside_panel": WHY_NOT["outside_panel"],
    "sex_undetermined": "It lies on X or Y, and the sex chromosomes are undetermined.",
    "no_such_chromosome": "It lies on a chromosome that this person does not have.",
}
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
class Scale:
    """Where a percentile stands from 0 to 100, its interval and the threshold of a raised risk."""

    at: float
    low: float
    width: float
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Score:
    key: str
    name: str
    value: str
    percentile: str
    interval: str
    scale: Scale | None
    risk: Badge | None
    is_open: bool  # the threshold lies within the interval
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
    traits: tuple[Trait, ...]
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
        traits=tuple(replace(one, why_not=_why_no_trait(one.why_not)) for one in traits(run.traits)),
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
    details = row.details
    low, high, line = (details.get(name) for name in ("percentile_low", "percentile_high", "risk_percentile_threshold"))
    known = low is not None and high is not None
    scale = None
    if row.percentile is not None:
        scale = Scale(row.percentile, low if known else row.percentile, high - low if known else 0.0, line)
    return Score(
        key=row.key,
        name=str(details.get("name") or row.key),
        value="—" if row.value is None else f"{number(row.value)} {row.unit}".strip(),
        percentile="—" if row.percentile is None else f"{row.percentile:.0f}",
        interval=f"{low:.0f} to {high:.0f}" if known else "",
        scale=scale,
        risk=Badge(row.risk.replace("_", " "), "bad" if row.risk == "high_risk" else "plain") if row.risk else None,
        is_open=bool(row.risk) and known and line is not None and low < line <= high,
        why_not="" if scale else _why_not(details),
    )


def _why_not(details: dict[str, Any]) -> str:
    """A code that came later than this is told as it is."""
    code = str(details.get("not_reported_because") or "")
    shares = {name: number(details.get(name), "percentage") for name in ("match_rate", "match_rate_min")}
    return WHY_NOT[code].format(**shares) if code in WHY_NOT else sentence(code) or "Not reported"


def _why_no_trait(code: str) -> str:
    return WHY_NO_TRAIT.get(code) or sentence(code)


def _file(row: File) -> FileRow:
    return FileRow(row.id, row.file_type, file_name(row), filesizeformat(row.size), row.sha256)
