"""The bar of somebody's ancestry, largest share first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLOURS = 8  # series-0 … in colours.css


@dataclass(frozen=True, slots=True)
class Share:
    """One population; x and width in percent of the bar. `interval` is empty where none was estimated."""

    name: str
    percent: str
    interval: str
    x: float
    width: float
    colour: int


def is_outside(metadata: Mapping[str, Any] | None) -> bool:
    """Of `Run.ancestry_metadata`: whether some or all of the person's ancestry is of a population that the panel lacks.

    Then the shares are of the nearest populations, and their intervals, which know of no other, hold nothing.
    """
    return bool((metadata or {}).get("outside_panel"))


def ancestry_bar(ancestry: Mapping[str, Any] | None) -> tuple[Share, ...]:
    """Of `Run.ancestry`. The bar is as long as the shares' sum, which rounding keeps a hair from 1."""
    populations: Sequence[Mapping[str, Any]] = (ancestry or {}).get("populations", [])
    found, x = [], 0.0
    for at, row in enumerate(sorted(populations, key=lambda each: -float(each.get("proportion") or 0))):
        part = 100 * float(row.get("proportion") or 0)
        known = row.get("low") is not None and row.get("high") is not None
        found.append(
            Share(
                name=str(row.get("name") or row.get("key") or "?"),
                percent=f"{part:.1f} %",
                interval=_interval(100 * row["low"], 100 * row["high"]) if known else "",
                x=round(x, 3),
                width=round(part, 3),
                colour=at % COLOURS,
            )
        )
        x += part
    return tuple(found)


def _interval(low: float, high: float) -> str:
    """In percent; "0.0 to 0.0 %" would be read as a mistake."""
    return "under 0.1 %" if high < 0.05 else f"{low:.1f} to {high:.1f} %"
