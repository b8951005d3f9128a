"""The results page's words and numbers, from the stored copy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kitloop_storefront.models import Order, Result
from kitloop_storefront.pictures import CURVE_WIDTH, Curve, Slice, curve, ring

# In the order in which a person would look for them; what has no name here comes last.
FILE_NAMES = {
    "report-pdf": "Report (PDF)",
    "impute-vcf": "Your genetic variants (VCF)",
    "impute-tbi": "Index of the variants (TBI)",
    "impute-csi": "Index of the variants (CSI)",
    "ancestry-json": "Ancestry (JSON)",
    "traits-json": "Scores and traits (JSON)",
    "sex-json": "Sex chromosomes (JSON)",
    "alignment-bam": "Aligned reads (BAM)",
    "alignment-bai": "Index of the aligned reads (BAI)",
    "alignment-csi": "Index of the aligned reads (CSI)",
    "alignment-cram": "Aligned reads (CRAM)",
    "alignment-crai": "Index of the aligned reads (CRAI)",
    "fastq-r1": "Raw reads, first of each pair (FASTQ)",
    "fastq-r2": "Raw reads, second of each pair (FASTQ)",
    "qc": "Quality checks",
    "metadata": "Notes stored with the sample",
}
PLACE = {file_type: place for place, file_type in enumerate(FILE_NAMES)}
SHORT_FORMS = frozenset({"ldl", "hdl", "bmi", "ii", "dna", "prs", "egfr", "hba1c", "adhd"})
# By Kitloop's codes. Some are about the person's sample, others about how the test is set up: they must not read alike.
WHY_NOT = {
    "outside_panel": "Your place among other people would be misleading: we know too few people with your ancestry.",
    "too_uncertain": "What could be read of your sample leaves open where you stand. We would rather show nothing than something unsure.",
    "low_match_rate": "This test reads too little of what makes up the score. It says nothing about your sample.",
    "wrong_build": "The score is not set up for this test yet. It says nothing about your sample.",
}
WHY_NOT_KNOWN = "This could not be worked out from your sample. We would rather show nothing than something unsure."
CHECK_WORDS = {"succeeded": "Passed", "failed": "Not passed", "skipped": "Not needed"}


@dataclass(frozen=True, slots=True)
class Part:
    """One population. Percentages; `low` and `high` are "" where no interval was estimated."""

    name: str
    percent: str
    interval: str
    colour: int
    bar_x: float
    bar_width: float
    dot_x: float


@dataclass(frozen=True, slots=True)
class Score:
    """One polygenic score. `reported` False: only `why_not` is filled. `tone`: of the band's words, "" or raised or open."""

    title: str
    unit: str
    reported: bool
    sentence: str = ""
    band: str = ""
    value: str = ""
    percentile: str = ""
    tone: str = ""
    range: str = ""
    threshold: str = ""
    why_not: str = ""
    curve: Curve | None = None
    flat_x: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    wanted: str
    measured: str
    outcome: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Download:
    file_type: str
    name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class ResultsPage:
    number: str
    failed_qc: bool
    test_mode: bool
    finished_at: datetime | None
    slices: tuple[Slice, ...]
    parts: tuple[Part, ...]
    is_outside: bool  # none of the groups fits
    scores: tuple[Score, ...]
    checks: tuple[Check, ...]
    checks_made: int
    checks_passed: int
    downloads: tuple[Download, ...]


def results_page(order: Order, result: Result) -> ResultsPage:
    populations = sorted((result.ancestry or {}).get("populations") or [], key=lambda one: -one["proportion"])
    checks = tuple(
        _check(one)
        for one in result.quality_controls
        if not (one["display_only_if_failed"] and one["status"] != "failed")
    )
    finished = result.sample["last_status"]["created"]
    return ResultsPage(
        number=str(order.number),
        failed_qc=result.status == "failed_qc",
        test_mode=order.test_mode,
        finished_at=datetime.fromisoformat(finished) if finished else None,
        slices=ring([one["proportion"] for one in populations]),
        parts=tuple(_part(index, one) for index, one in enumerate(populations)),
        is_outside=_is_outside((result.ancestry or {}).get("metadata")),
        scores=tuple(
            sorted((_score(one) for one in result.trait_scores), key=lambda one: (not one.reported, one.title))
        ),
        checks=checks,
        checks_made=sum(one["status"] != "skipped" for one in result.quality_controls),
        checks_passed=sum(one["status"] == "succeeded" for one in result.quality_controls),
        downloads=tuple(
            Download(one["file_type"], FILE_NAMES.get(one["file_type"], one["file_type"]), one["size"])
            for one in sorted(
                result.sample["files"], key=lambda one: (PLACE.get(one["file_type"], len(PLACE)), one["file_type"])
            )
        ),
    )


def _is_outside(metadata: Any) -> bool:
    """Kitloop says so beside the shares; another host may have anything there."""
    return isinstance(metadata, dict) and bool(metadata.get("outside_panel"))


def _part(index: int, row: dict[str, Any]) -> Part:
    proportion, low, high = row["proportion"], row["low"], row["high"]
    bounded = low is not None and high is not None
    return Part(
        name=row["name"],
        percent=_percent(proportion),
        interval=_between(low, high) if bounded else "",
        colour=index % 8 + 1,
        bar_x=round(100 * low, 1) if bounded else round(100 * proportion, 1),
        bar_width=round(max(100 * (high - low), 0.8), 1) if bounded else 0.0,
        dot_x=round(100 * proportion, 1),
    )


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "under 1%"
    return "over 99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"


def _between(low: float, high: float) -> str:
    """ "0% to 0%" would be read as a mistake."""
    return "under 1%" if high < 0.005 else f"{_percent(low)} to {_percent(high)}"


def _score(row: dict[str, Any]) -> Score:
    """Of what was stored: by an earlier version, without Kitloop's own keys."""
    title = row.get("name") or _title(row["trait"])
    value, percentile, spread = row["value"], row["percentile"], row["distribution"]
    if value is None or percentile is None:
        why_not = WHY_NOT.get(row.get("not_reported_because", ""), WHY_NOT_KNOWN)
        return Score(title=title, unit=row["unit"], reported=False, why_not=why_not)
    sentence, band = _in_words(percentile)
    low, high, line = (row.get(name) for name in ("percentile_low", "percentile_high", "risk_percentile_threshold"))
    bounds = None if low is None or high is None else (float(low), float(high))
    tone = ""
    if row["risk"] and bounds and line is not None and bounds[0] < line <= bounds[1]:
        band, tone = (
            "Near the line",
            "open",
        )  # the data leave open on which side: `risk` goes by the likeliest place alone
    elif row["risk"] == "high_risk":
        band, tone = "Raised likelihood", "raised"
    return Score(
        title=title,
        unit=row["unit"],
        reported=True,
        sentence=sentence,
        band=band,
        value=f"{value:,.3g}".replace("-", "\N{MINUS SIGN}"),
        percentile="below 1" if percentile < 1 else str(int(min(percentile, 99))),
        tone=tone,
        range=f"{bounds[0]:.0f} to {bounds[1]:.0f}" if bounds else "",
        threshold="" if line is None else f"{line:g}",
        curve=curve(spread["bin_edges"], spread["counts"], value, bounds=bounds, threshold=line) if spread else None,
        flat_x=round(CURVE_WIDTH * min(max(percentile, 0), 100) / 100, 1),
    )


def _title(key: str) -> str:
    """`ldl_cholesterol` as LDL cholesterol, `DEEP_SLEEP` as Deep sleep: the wire has keys and no names."""
    if key.isupper() and not any(map(str.isdigit, key)):
        key = key.lower()
    words = [
        word.upper() if word.lower() in SHORT_FORMS else word
        for word in key.replace("_", " ").replace("-", " ").split()
    ]
    title = " ".join(words)
    return title[:1].upper() + title[1:]


def _in_words(percentile: float) -> tuple[str, str]:
    """What a percentile from 0 to 100 means among a hundred people."""
    if percentile < 1:
        return "Lower than almost everyone in the comparison group.", "Lower than most"
    if percentile >= 99:
        return "Higher than almost everyone in the comparison group.", "Higher than most"
    people = int(percentile)
    band = "Lower than most" if people < 20 else "Higher than most" if people >= 80 else "Around the middle"
    return f"Higher than {people} of 100 people in the comparison group.", band


def _check(row: dict[str, Any]) -> Check:
    wanted = _number(row["value_expected"])
    if wanted:
        wanted = (
            "at least " if row["key"].endswith("_min") else "at most " if row["key"].endswith("_max") else ""
        ) + wanted
    return Check(
        name=row["name"],
        wanted=wanted,
        measured=row["value_string"] or _number(row["value_measured"]),
        outcome=CHECK_WORDS.get(row["status"], row["status"]),
        passed=row["status"] != "failed",
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"
