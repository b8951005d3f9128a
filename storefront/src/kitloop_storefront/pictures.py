"""Geometry of the pictures on the results page, as plain numbers for inline SVG. Every picture has its words in a table
or a sentence beside it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

CURVE_WIDTH, CURVE_HEIGHT = 320.0, 96.0
COLOURS = 8
POINTS = 48


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the ring, whose whole length is 100. `gap` and `offset` are stroke-dasharray and -dashoffset."""

    colour: int
    length: float
    gap: float
    offset: float


def ring(proportions: Sequence[float]) -> tuple[Slice, ...]:
    """Slices clockwise from the top, scaled so that they fill the ring; empty when there is nothing to show."""
    whole = sum(proportions)
    slices, start = [], 0.0
    for index, proportion in enumerate(proportions if whole > 0 else ()):
        length = 100 * proportion / whole
        # 25 turns the start from three o'clock to twelve.
        slices.append(Slice(index % COLOURS + 1, round(length, 3), round(100 - length, 3), round(25 - start, 3)))
        start += length
    return tuple(slices)


@dataclass(frozen=True, slots=True)
class Curve:
    """The comparison group as an area, and where the person stands in it (`x`, `y`), in the picture's own units.

    span_x, span_width: from where to where the person may stand, for all that the data leave open; 0 wide where that is unknown.
    """

    area: str
    line: str
    x: float
    y: float
    below_width: float
    span_x: float
    span_width: float
    label_x: float
    label_anchor: str
    threshold_x: float | None
    threshold_anchor: str


def curve(
    bin_edges: Sequence[float],
    counts: Sequence[float],
    value: float,
    *,
    bounds: tuple[float, float] | None = None,
    threshold: float | None = None,
) -> Curve | None:
    """A smooth outline of the histogram; None when it is no histogram. A value outside it stands at its edge.

    bounds and threshold: percentiles, 0 to 100.
    """
    first, last = (bin_edges[0], bin_edges[-1]) if len(bin_edges) > 1 else (0.0, 0.0)
    if len(bin_edges) != len(counts) + 1 or last <= first or sum(counts) <= 0 or min(counts) < 0:
        return None
    middles = [(left + right) / 2 for left, right in itertools.pairwise(bin_edges)]
    places = [first + (last - first) * step / POINTS for step in range(POINTS + 1)]
    narrowest = (last - first) / min(len(counts), POINTS)  # never so narrow that it falls between two places
    densities = _densities(middles, counts, places, narrowest=narrowest)
    tallest = max(densities)
    points = [
        (CURVE_WIDTH * step / POINTS, CURVE_HEIGHT * (1 - density / tallest)) for step, density in enumerate(densities)
    ]
    points = [(0.0, CURVE_HEIGHT), *points, (CURVE_WIDTH, CURVE_HEIGHT)]
    x = CURVE_WIDTH * (min(max(value, first), last) - first) / (last - first)
    ends = [_place(bin_edges, counts, percentile) for percentile in bounds or ()]
    low, high = min([x, *ends]), max([x, *ends])  # a histogram's places are coarse: the person stays inside
    threshold_x = None if threshold is None else _place(bin_edges, counts, threshold)
    slopes = _slopes(points)
    line = f"M{points[0][0]:.1f} {points[0][1]:.1f}" + "".join(
        # Handles at the thirds of each piece: then x runs evenly along it, and the height at x is a plain cubic.
        f"C{x0 + (x1 - x0) / 3:.1f} {y0 + m0 * (x1 - x0) / 3:.1f}"
        f" {x1 - (x1 - x0) / 3:.1f} {y1 - m1 * (x1 - x0) / 3:.1f} {x1:.1f} {y1:.1f}"
        for ((x0, y0), m0), ((x1, y1), m1) in itertools.pairwise(zip(points, slopes, strict=True))
    )
    return Curve(
        area=f"{line}Z",
        line=line,
        x=round(x, 1),
        y=round(_height_at(points, slopes, x), 1),
        below_width=round(x + 2, 1),  # the picture's margin is 2
        label_x=round(min(max(x, 4), CURVE_WIDTH - 4), 1),
        span_x=round(low, 1),
        span_width=round(high - low, 1),
        label_anchor=_anchor(x, 30),
        threshold_x=None if threshold_x is None else round(threshold_x, 1),
        threshold_anchor=_anchor(threshold_x or 0.0, 60),
    )


def _anchor(x: float, room: float) -> str:
    return "start" if x < room else "end" if x > CURVE_WIDTH - room else "middle"


def _place(bin_edges: Sequence[float], counts: Sequence[float], percentile: float) -> float:
    """The x below which this many of a hundred people are."""
    wanted, first, whole = percentile / 100 * sum(counts), bin_edges[0], bin_edges[-1] - bin_edges[0]
    for (left, right), count in zip(itertools.pairwise(bin_edges), counts, strict=True):
        if count and wanted <= count:
            return CURVE_WIDTH * (left + (right - left) * wanted / count - first) / whole
        wanted -= count
    return CURVE_WIDTH


def _densities(
    middles: Sequence[float], counts: Sequence[float], places: Sequence[float], *, narrowest: float
) -> list[float]:
    """A Gaussian kernel estimate from the counts, with Silverman's bandwidth: a comparison group of a few hundred people
    has teeth that are chance, and of many thousands has none, so nothing real is smoothed away."""
    people = sum(counts)
    mean = sum(count * middle for count, middle in zip(counts, middles, strict=True)) / people
    spread = math.sqrt(sum(count * (m - mean) ** 2 for count, m in zip(counts, middles, strict=True)) / people)
    width = max(1.06 * spread * people**-0.2, narrowest / 2)
    return [
        sum(count * math.exp(-0.5 * ((place - m) / width) ** 2) for count, m in zip(counts, middles, strict=True))
        for place in places
    ]


def _slopes(points: Sequence[tuple[float, float]]) -> list[float]:
    """Monotone slopes (Fritsch and Butland 1984): smooth, and never higher or lower than the counts themselves."""
    steep = [(y1 - y0) / (x1 - x0) if x1 > x0 else 0.0 for (x0, y0), (x1, y1) in itertools.pairwise(points)]
    inner = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in itertools.pairwise(steep)]
    return [0.0, *inner, 0.0]


def _height_at(points: Sequence[tuple[float, float]], slopes: Sequence[float], x: float) -> float:
    """The outline's y at x."""
    for ((x0, y0), m0), ((x1, y1), m1) in itertools.pairwise(zip(points, slopes, strict=True)):
        if x0 <= x <= x1 and x1 > x0:
            t, wide = (x - x0) / (x1 - x0), x1 - x0
            return (
                (2 * t**3 - 3 * t**2 + 1) * y0
                + (t**3 - 2 * t**2 + t) * wide * m0
                + (3 * t**2 - 2 * t**3) * y1
                + (t**3 - t**2) * wide * m1
            )
    return points[-1][1]
