"""Where somebody stands among others, as plain numbers for an inline SVG. What it shows also stands beside it in words."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320.0, 96.0
POINTS = 64


@dataclass(frozen=True, slots=True)
class Curve:
    """An outline from 0 to WIDTH, y downwards to HEIGHT; where the person stands on it, and where the threshold does."""

    path: str
    x: float
    y: float
    anchor: str  # of the word above, so that it stays inside
    threshold_x: float | None


def curve(
    edges: Sequence[float], counts: Sequence[float], value: float, threshold_percentile: float | None
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
    threshold = None if threshold_percentile is None else _quantile(edges, counts, threshold_percentile / 100)
    return Curve(
        path="M" + "L".join(f"{place:.1f} {y:.1f}" for place, y in drawn),
        x=round(x, 1),
        y=round(HEIGHT * (1 - heights[-1] / tallest), 1),
        anchor="start" if x < 30 else "end" if x > WIDTH - 30 else "middle",
        threshold_x=None if threshold is None else round(WIDTH * (threshold - first) / (last - first), 1),
    )


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
