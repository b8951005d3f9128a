"""The page behind a report's link: what the analysis found, for the person whose sample it was (contract §7.5)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from kitloop.hosted.curve import Curve, curve
from kitloop.hosted.ending import over
from kitloop.hosted.entry import enter
from kitloop.hosted.opening import behind, minutes_left
from kitloop.hosted.showing import show
from kitloop.kits.links import Link
from kitloop.pages.ancestry_bar import Share, ancestry_bar, is_outside
from kitloop.runs.models import Run, TraitScore


@dataclass(frozen=True, slots=True)
class Advice:
    title: str
    said: str


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    description: str
    label: str
    is_raised: bool
    sentence: str
    threshold: str
    curve: Curve | None
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class Report:
    organization: str
    test_mode: bool
    finished: datetime | None
    minutes_left: int
    scores: tuple[Score, ...]
    shares: tuple[Share, ...]
    is_outside: bool  # none of the groups fits


_RAISED = (
    Advice(
        "Talk about it", "Show this page to a doctor. They know your history and your family’s, which a score does not."
    ),
    Advice("It is not a diagnosis", "Many people with a raised score never get what it is about."),
)
_NOT_RAISED = (
    Advice("It is not an all-clear", "People without a raised score are affected too. Go to your check-ups as before."),
    Advice("Genes are a part of it", "How you live, your age and your family’s history count as well."),
)
_OPEN = (
    Advice("It could be either", "What could be read of your sample leaves open on which side of that line you are."),
    *_NOT_RAISED[:1],
)


@behind("report", "GET", "HEAD")
def report(request: HttpRequest, link: Link) -> HttpResponse:
    sample = link.sample
    organization = sample.project.organization
    run = Run.objects.filter(pk=sample.run_id).first() if sample.run_id else None
    if run is None or sample.status != "succeeded" or sample.is_deleted or not organization.consumer_reports_enabled:
        return over(request, "closed", link)
    enter(request, link, "sample-consumer-report.read")
    page = Report(
        organization=organization.name,
        test_mode=sample.test_mode,
        finished=run.finished,
        minutes_left=minutes_left(link),
        scores=tuple(_score(row) for row in TraitScore.objects.shown_by(sample).order_by("key")),
        shares=ancestry_bar(run.ancestry),
        is_outside=is_outside(run.ancestry_metadata),
    )
    return show(request, "report.html", page)


def _score(row: TraitScore) -> Score:
    details = row.details
    threshold = details.get("risk_percentile_threshold")
    found = row.distribution or {}
    edges, counts = found.get("bin_edges", []), found.get("counts", [])
    picture = None if row.value is None else curve(edges, counts, row.value, threshold)
    said = "open" if row.risk and _is_open(details) else row.risk
    return Score(
        name=str(details.get("name") or row.key),
        description=str(details.get("description") or ""),
        label={"high_risk": "Raised likelihood", "not_high_risk": "Not raised", "open": "Near the line"}.get(said, ""),
        is_raised=said == "high_risk",
        sentence=_sentence(row.percentile, details),
        threshold="" if threshold is None else f"We call a score raised from percentile {threshold:g} on.",
        curve=picture,
        advice={"high_risk": _RAISED, "not_high_risk": _NOT_RAISED, "open": _OPEN}.get(said, ()),
    )


def _is_open(details: dict[str, Any]) -> bool:
    """Whether the threshold lies within the band: the wire's `risk` goes by the percentile alone (contract §7.5), a person should not."""
    low, high, line = (details.get(name) for name in ("percentile_low", "percentile_high", "risk_percentile_threshold"))
    return low is not None and high is not None and line is not None and low < line <= high


def _sentence(percentile: float | None, details: dict[str, Any]) -> str:
    if percentile is None:
        return "Too little of this score could be read from your sample. We would rather show nothing than something unsure."
    low, high = details.get("percentile_low"), details.get("percentile_high")
    range_ = (
        f" The true number most likely lies between {low:.0f} and {high:.0f}."
        if low is not None and high is not None
        else ""
    )
    return f"Your score is higher than that of {percentile:.0f} in 100 people of the comparison group.{range_}"
