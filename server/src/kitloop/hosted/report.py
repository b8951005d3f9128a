"""The page behind a report's link: what the analysis found, for the person whose sample it was (contract §7.5)."""

from collections.abc import Iterable
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
from kitloop.pages.traits import Trait, traits
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
    tone: str  # of the label: good, raised, open
    sentence: str
    threshold: str
    curve: Curve | None
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Scores, or traits, that are not reported, for one reason."""

    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    organization: str
    test_mode: bool
    finished: datetime | None
    minutes_left: int
    scores: tuple[Score, ...]
    left_out: tuple[LeftOut, ...]
    traits: tuple[Trait, ...]
    traits_left_out: tuple[LeftOut, ...]
    shares: tuple[Share, ...]
    is_outside: bool  # the groups do not fit


_LABELS = {
    "high_risk": ("Raised likelihood", "raised"),
    "not_high_risk": ("Not raised", "good"),
    "open": ("Near the line", "open"),
}
_ADVICE = {
    "high_risk": (
        Advice(
            "Talk about it",
            "Show this page to a doctor. They know your history and your family’s, which a score does not.",
        ),
        Advice("It is not a diagnosis", "Many people with a raised score never get what it is about."),
    ),
    "not_high_risk": (
        Advice(
            "It is not an all-clear", "People without a raised score are affected too. Go to your check-ups as before."
        ),
        Advice("Genes are a part of it", "How you live, your age and your family’s history count as well."),
    ),
    "open": (
        Advice(
            "It could be either", "What could be read of your sample leaves open on which side of the line you are."
        ),
        Advice("What to make of it", "No reason to worry, and no all-clear: go to your check-ups as before."),
    ),
}
# By the analysis's codes. Some are about the person's sample, others about how the test is set up: they must not read alike.
_WHY_NOT = {
    "outside_panel": "Your place among other people would be misleading, since we know too few people with your ancestry.",
    "too_uncertain": "What could be read of your sample leaves open where you stand. "
    "We would rather show nothing than something unsure.",
    "low_match_rate": "This test reads too little of what makes up the score. It says nothing about your sample.",
    "wrong_build": "The score is not set up for this test yet. It says nothing about your sample.",
}
_WHY_NO_TRAIT = {
    "not_in_panel": "This test does not read the place in the genome that this is about. It says nothing about your sample.",
    "low_confidence": "What could be read of your sample leaves this open. We would rather show nothing than something unsure.",
    "outside_panel": "What we could tell would be unsure, since we know too few people with your ancestry.",
    "sex_undetermined": "This depends on how many X and Y chromosomes you have, which your sample left open.",
    "no_such_chromosome": "This is about a chromosome that you do not have.",
}
_WHY_NOT_KNOWN = "This could not be worked out from your sample. We would rather show nothing than something unsure."


@behind("report", "GET", "HEAD")
def report(request: HttpRequest, link: Link) -> HttpResponse:
    sample = link.sample
    organization = sample.project.organization
    run = Run.objects.filter(pk=sample.run_id).first() if sample.run_id else None
    if run is None or sample.status != "succeeded" or sample.is_deleted or not organization.consumer_reports_enabled:
        return over(request, "closed", link)
    enter(request, link, "sample-consumer-report.read")
    found = traits(run.traits)
    rows = list(TraitScore.objects.shown_by(sample).order_by("key"))
    page = Report(
        organization=organization.name,
        test_mode=sample.test_mode,
        finished=run.finished,
        minutes_left=minutes_left(link),
        scores=tuple(_score(row, row.percentile) for row in rows if row.percentile is not None),
        left_out=_left_out(
            (_name(row), _WHY_NOT.get(str(row.details.get("not_reported_because"))))
            for row in rows
            if row.percentile is None
        ),
        traits=tuple(trait for trait in found if trait.outcome),
        traits_left_out=_left_out(
            (trait.name, _WHY_NO_TRAIT.get(trait.why_not)) for trait in found if not trait.outcome
        ),
        shares=ancestry_bar(run.ancestry),
        is_outside=is_outside(run.ancestry_metadata),
    )
    return show(request, "report.html", page)


def _score(row: TraitScore, percentile: float) -> Score:
    details = row.details
    line, band = details.get("risk_percentile_threshold"), _band(details)
    found = row.distribution or {}
    edges, counts = found.get("bin_edges", []), found.get("counts", [])
    picture = None if row.value is None else curve(edges, counts, row.value, line, band)
    # The wire's `risk` goes by the percentile alone (contract §7.5), a person should not.
    is_open = band is not None and line is not None and band[0] < line <= band[1]
    said = "open" if row.risk and is_open else row.risk
    label, tone = _LABELS.get(said, ("", ""))
    return Score(
        name=_name(row),
        description=str(details.get("description") or ""),
        label=label,
        tone=tone,
        sentence=_sentence(percentile, band, is_drawn=picture is not None),
        threshold=_threshold(line, is_drawn=picture is not None),
        curve=picture,
        advice=_ADVICE.get(said, ()),
    )


def _name(row: TraitScore) -> str:
    return str(row.details.get("name") or row.key)


def _band(details: dict[str, Any]) -> tuple[float, float] | None:
    low, high = details.get("percentile_low"), details.get("percentile_high")
    return None if low is None or high is None else (float(low), float(high))


def _sentence(percentile: float, band: tuple[float, float] | None, *, is_drawn: bool) -> str:
    said = f"Your score is higher than that of {percentile:.0f} in 100 people of the comparison group."
    if band is None:
        return said
    where = ", the band around you" if is_drawn else ""
    return f"{said} The true number most likely lies between {band[0]:.0f} and {band[1]:.0f}{where}."


def _threshold(line: float | None, *, is_drawn: bool) -> str:
    if line is None:
        return ""
    return f"A score counts as raised from {line:g} in 100 on{', the dashed line' if is_drawn else ''}."


def _left_out(rows: Iterable[tuple[str, str | None]]) -> tuple[LeftOut, ...]:
    """Of names and why not: by reason, as one reason is often that of all."""
    names: dict[str, list[str]] = {}
    for name, why in rows:
        names.setdefault(why or _WHY_NOT_KNOWN, []).append(name)
    return tuple(LeftOut(why, tuple(those)) for why, those in names.items())
