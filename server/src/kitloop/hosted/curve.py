"""Where somebody stands among others, as plain numbers for an inline SVG. What it shows also stands beside it in words."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320.0, 96.0
POINTS = 64


@dataclass(frozen=True, slots=True)
class Curve:
    """An outline from 0 to WIDTH, y downwards to HEIGHT; where the person stands on it, and where the threshold does.

    band_x and band_width: from where to where the person may stand, for all that the data leave open; always around x.
    """

    path: str
    x: float
    y: float
    anchor: str  # of the word above, so that it stays inside; so is that of the threshold's
    band_x: float
    band_width: float
    threshold_x: float | None
    threshold_anchor: str


def curve(
    edges: Sequence[float],
    counts: Sequence[float],
    value: float,
    threshold_percentile: float | None,
    band_percentiles: tuple[float, float] | None = None,
) -> Curve | None:
    """Of a histogram, smoothed; none where it is not one. A value outside of it stands at its edge."""
    if len(edges) != len(counts) + 1 or len(counts) < 2 or edges[-1] <= edges[0] or min(counts) < 0 or sum(counts) <= 0:
        return None
    first, last = edges[0], edges[-1]
    at = min(max(value, first), last)
    places = [first + (last - first) * step / POINTS for step in range(POINTS + 1)]
    heights = _densities(edges, counts, [*places, at])
    tallest = max(heights)
    drawn = [(WIDTH * step / POINTS, HEIGHT * (1 - heights[step] / tallest)) for step in range(POINTS + 1)]
    x = WIDTH * (at - first) / (last - first)
    threshold_x = None if threshold_percentile is None else _place(edges, counts, threshold_percentile)
    ends = [_place(edges, counts, percentile) for percentile in band_percentiles or ()]
    # A percentile's place in a histogram is as exact as its bins are wide: the person stays inside.
    low, high = min([x, *ends]), max([x, *ends])
    return Curve(
        path="M" + "L".join(f"{place:.1f} {y:.1f}" for place, y in drawn),
        x=round(x, 1),
        y=round(HEIGHT * (1 - heights[-1] / tallest), 1),
        anchor=_anchor(x, 30),
        band_x=round(low, 1),
        band_width=round(high - low, 1),
        threshold_x=None if threshold_x is None else round(threshold_x, 1),
        threshold_anchor=_anchor(threshold_x or 0.0, 60),
    )


def _anchor(x: float, room: float) -> str:
    return "start" if x < room else "end" if x > WIDTH - room else "middle"


def _place(edges: Sequence[float], counts: Sequence[float], percentile: float) -> float:
    return WIDTH * (_quantile(edges, counts, percentile / 100) - edges[0]) / (edges[-1] - edges[0])


def _densities(edges: Sequence[float], counts: Sequence[float], places: Sequence[float]) -> list[float]:
    """A Gaussian kernel estimate from the counts, with Silverman's bandwidth: the teeth of a few hundred people are chance."""
    middles = [(left + right) / 2 for left, right in itertools.pairwise(edges)]
    people = sum(counts)
    mean = sum(count * middle for count, middle in zip(counts, middles, strict=True)) / people
    spread = math.sqrt(sum(count * (m - mean) ** 2 for count, m in zip(counts, middles, strict=True)) / people)
    width = max(1.06 * spread * people**-0.2, 0.75 * (edges[-1] - edges[0]) / len(counts))  # never between two bins
    return [
        sum(count * math.exp(-0.5 * ((place - m) / width) ** 2) for count, m in zip(counts, middles, strict=True))
        for place in places
    ]


def _quantile(edges: Sequence[float], counts: Sequence[float], part: float) -> float:
    """The value below which this part of the people lies."""
    wanted = part * sum(counts)
    for (left, right), count in zip(itertools.pairwise(edges), counts, strict=True):
        if count and wanted <= count:
            return left + (right - left) * wanted / count
        wanted -= count
    return edges[-1]
