"""What the reads of each short window of the genome say about the populations that its two chromosomes come from.

Neighbouring sites tell the same story, and taking them as independent makes every window far too sure of itself. So
a window's sites are taken together, as a normal vector whose mean depends on the two populations and whose covariance is
that of the panel's people within their populations, plus the reads' own noise: a linear discriminant per window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.likelihoods.likelihoods import Likelihoods

MIN_FREQUENCY = 0.05
WINDOW_CM = 0.2
_MOST_SITES = 120  # of a window: work grows with the third power
_SHRINK = 0.1  # of covariances, which a few hundred people tell roughly


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of W windows and P populations, chromosome after chromosome.

    pair: (W, P, P) natural-log likelihood of the reads given the populations of the two chromosomes, up to a constant.
    cm: (W,) middle.  span_bp: (W,) of genome that it stands for.  starts: (W,) bool, the first of its chromosome.
    apart: (P, P) how far the sample's reads can tell each two populations, as a sum of squared standard deviations.
    sites: covered sites that took part.
    """

    pair: NDArray[np.float64]
    cm: NDArray[np.float64]
    span_bp: NDArray[np.float64]
    starts: NDArray[np.bool_]
    apart: NDArray[np.float64]
    sites: int


def gather(panel: Panel, found: Sequence[Likelihoods]) -> Evidence | None:
    """From covered sites whose ALT frequency in the panel is 5 to 95 %; None if there are none."""
    parts, cm, spans, starts = [], [], [], []
    populations = len(panel.populations)
    apart = np.zeros((populations, populations))
    sites = 0
    for chromosome, likelihood in zip(panel.chromosomes, found, strict=True):
        overall = chromosome.alt_frequency
        usable = (likelihood.depth > 0) & (overall >= MIN_FREQUENCY) & (overall <= 1 - MIN_FREQUENCY)
        used, edge = _windows(chromosome, np.flatnonzero(usable))
        if not len(used):
            continue
        frequency = population_frequencies(panel, chromosome, used)
        seen, noise, middle = genotypes_told(likelihood, used, frequency)
        within = (2 * frequency * (1 - frequency)).mean(axis=1)
        middles = np.array([chromosome.cm[used[first:last]].mean() for first, last in pairwise(edge)])
        for first, last in pairwise(edge):
            inside = slice(int(first), int(last))
            means = 2 * (frequency[inside] - middle[inside, None])
            precision = _precision(panel, chromosome.genotypes_at(used[inside]), within[inside], noise[inside])
            pair, distance = _pairs(np.column_stack([seen[inside], means]), precision)
            parts.append(pair)
            apart += distance
        cm.append(middles)
        spans.append(_spans(chromosome.position[used], edge))
        starts.append(np.arange(len(middles)) == 0)
        sites += len(used)
    if not sites:
        return None
    return Evidence(
        np.array(parts),
        np.concatenate(cm),
        np.concatenate(spans),
        np.concatenate(starts),
        apart,
        sites,
    )


def _windows(chromosome: PanelChromosome, usable: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The sites that take part and where among them each window begins, at most 120 evenly chosen ones in each."""
    of = np.floor((chromosome.cm[usable] - chromosome.cm[0]) / WINDOW_CM).astype(np.int64)
    first = np.flatnonzero(np.diff(of, prepend=-1))
    many = np.diff(first, append=len(of))
    rank = np.arange(len(of)) - np.repeat(first, many)
    total = np.repeat(many, many)
    # The k-th of n sites stays if it begins another of 120 equal parts.
    keep = (total <= _MOST_SITES) | (rank * _MOST_SITES // total != (rank - 1) * _MOST_SITES // total)
    of = of[keep]
    return usable[keep], np.concatenate([np.flatnonzero(np.diff(of, prepend=-1)), [len(of)]])


def genotypes_told(
    likelihood: Likelihoods, used: NDArray[np.int64], frequency: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(S,) copies of ALT less their expectation as the reads alone tell them, the noise of that, and the expectation / 2.

    With n reads the posterior's mean moves n / (n + 1) of the way from the expectation to what the reads show: undone,
    it is unbiased, with a noise of 1 / n of the genotypes' own variance. An array's call moves it all the way. The
    noise is given as that multiple, because in a population where a site doesn't vary reads have none.
    """
    middle = frequency.mean(axis=1)
    prior = np.stack([(1 - middle) ** 2, 2 * middle * (1 - middle), middle**2], axis=1)
    posterior = prior * likelihood.genotype[used]
    posterior /= posterior.sum(axis=1, keepdims=True)
    moved = posterior[:, 1] + 2 * posterior[:, 2] - 2 * middle
    left = posterior[:, 1] + 4 * posterior[:, 2] - (moved + 2 * middle) ** 2
    variance = 2 * middle * (1 - middle)
    depth = likelihood.depth[used].astype(np.float64)
    told = depth / (depth + 1)
    single = depth == 1
    told[single] = np.clip(1 - left[single] / variance[single], 0.25, 0.98)
    return moved / told, 1 / told - 1, middle


def _precision(
    panel: Panel, genotypes: NDArray[np.uint8], within: NDArray[np.float64], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(S, S) inverse covariance, within populations, of what is seen: genotypes, correlated a tenth less than counted, and noise.

    n people who tell d dimensions make the inverse look n / (n - d) times as sure as it is (Hartlap et al. 2007,
    10.1051/0004-6361:20066170); d is what of the S dimensions isn't the reads' noise.
    """
    centred = genotypes.astype(np.float64)
    for population in panel.populations:
        centred[:, population.members] -= centred[:, population.members].mean(axis=1, keepdims=True)
    people = max(genotypes.shape[1] - len(panel.populations), 1)
    covariance = centred @ centred.T * ((1 - _SHRINK) / people)
    covariance[np.diag_indices(len(covariance))] = within * (1 + noise)
    precision = np.linalg.inv(covariance)
    dimensions = len(precision) - float(np.diag(precision) @ (within * (noise + _SHRINK)))
    return np.asarray(precision * max(1 - dimensions / people, 0.1))


def _pairs(
    told: NDArray[np.float64], precision: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(P, P) log-likelihood and squared distance of pairs, from (S, 1 + P) genotypes as seen and population means."""
    products = told.T @ precision @ told
    cross, square = products[0, 1:], products[1:, 1:]
    own = np.diag(square)
    deviation = products[0, 0] - cross[:, None] - cross[None] + (own[:, None] + own[None] + 2 * square) / 4
    return -deviation / 2, own[:, None] + own[None] - 2 * square


def _spans(position: NDArray[np.int64], edge: NDArray[np.int64]) -> NDArray[np.float64]:
    """(W,) bp from half-way to the window before to half-way to the one behind."""
    between = (position[edge[1:-1] - 1] + position[edge[1:-1]]) / 2
    return np.asarray(np.diff(np.concatenate([position[:1], between, position[-1:] + 1])), np.float64)
