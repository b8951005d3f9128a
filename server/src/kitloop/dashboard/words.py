"""How states look and read on pages. Statuses keep the wire's spelling, so that a page and an answer can be compared."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_TONES = {
    "succeeded": "good",
    "sequenced": "good",
    "running": "busy",
    "scheduled": "busy",
    "sequencing": "busy",
    "failed": "bad",
    "failed_qc": "bad",
    "rejected_by_lab": "bad",
    "undeliverable": "bad",
    "lost": "bad",
    "expired": "bad",
    "sample_rejected": "bad",
    "cancelled": "off",
    "skipped": "off",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with a tone: good, busy, bad, off or plain. The tone never says more than the word."""

    text: str
    tone: str


def badge(state: str) -> Badge:
    return Badge(state, _TONES.get(state, "plain"))


def spoken(code: str) -> str:
    """`sample_rejected` as a person would write it."""
    return code.replace("_", " ")


def sentence(code: str) -> str:
    said = spoken(code)
    return said[:1].upper() + said[1:]


def number(value: float | None, kind: str = "") -> str:
    """A measurement as people read it; missing: an em dash. `kind`: a quality control's display type."""
    if value is None:
        return "—"
    if kind == "percentage":
        return f"{value * 100:.1f} %"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def distance(moment: datetime, *, now: datetime) -> str:
    """How far away: "in 5 days", "2 days ago", "today"."""
    gap = moment - now
    days = round(abs(gap) / timedelta(days=1))
    if days == 0:
        return "today"
    counted = "1 day" if days == 1 else f"{days} days"
    return f"in {counted}" if gap > timedelta(0) else f"{counted} ago"
