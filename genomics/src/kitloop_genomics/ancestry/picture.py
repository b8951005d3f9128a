"""Where a person stands among the panel's people: a picture in two dimensions, by principal components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.evidence import MIN_FREQUENCY, genotypes_told
from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import Likelihoods

SITES, PEOPLE_EACH = 4_000, 40
_SHRINK = 1e-3


def picture(panel: Panel, found: Sequence[Likelihoods]) -> dict[str, Any] | None:
    """Data of a scatter plot: `person` [x, y], and of each population up to 40 `people`; None without enough sites.

    The axes are the first two components of these people at up to 4,000 sites that the sample covers; the person is
    put where they explain the reads best, which unlike a projection doesn't pull towards the middle when sites are
    missing. It is a picture and no test: a stranger to the panel is drawn somewhere among its people.
    """
    chosen = [population.members[_evenly(len(population.members), PEOPLE_EACH)] for population in panel.populations]
    people = np.concatenate(chosen)
    covered = []
    for chromosome, likelihood in zip(panel.chromosomes, found, strict=True):
        overall = chromosome.alt_frequency
        covered.append(
            np.flatnonzero((likelihood.depth > 0) & (overall >= MIN_FREQUENCY) & (overall <= 1 - MIN_FREQUENCY))
        )
    taken = _evenly(sum(map(len, covered)), SITES)
    if len(taken) < len(people) or len(people) < 3:
        return None
    edges = np.cumsum([0, *map(len, covered)])
    columns, seen, weight = [], [], []
    for at, (chromosome, likelihood) in enumerate(zip(panel.chromosomes, found, strict=True)):
        sites = covered[at][taken[(taken >= edges[at]) & (taken < edges[at + 1])] - edges[at]]
        told, noise, middle = genotypes_told(likelihood, sites, population_frequencies(panel, chromosome, sites))
        scale = np.sqrt(2 * middle * (1 - middle))
        columns.append((chromosome.genotypes_at(sites)[:, people] - 2 * middle[:, None]) / scale[:, None])
        seen.append(told / scale)
        weight.append(1 / (1 + noise))
    genotypes, own, weights = np.concatenate(columns), np.concatenate(seen), np.concatenate(weight)
    spread, vectors = np.linalg.eigh(genotypes.T @ genotypes)
    along = vectors[:, ::-1][:, :2] * np.sqrt(spread[::-1][:2])
    loading = genotypes @ (vectors[:, ::-1][:, :2] / np.sqrt(spread[::-1][:2]))
    square = (loading * weights[:, None]).T @ loading
    place = np.linalg.solve(square + _SHRINK * np.eye(2) * np.trace(square), (loading * weights[:, None]).T @ own)
    # A component may point either way: let the first person of the panel be on the positive side.
    side = np.where(along[0] < 0, -1.0, 1.0)
    ends = np.cumsum([0, *map(len, chosen)])
    return {
        "variance_shares": _rounded(spread[::-1][:2] / spread.sum()),
        "sites": len(own),
        "person": _rounded(place * side),
        "populations": [
            {
                "key": one.key,
                "name": one.name,
                "people": [_rounded(row) for row in along[ends[at] : ends[at + 1]] * side],
            }
            for at, one in enumerate(panel.populations)
        ],
    }


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    return np.arange(count) if count <= most else np.arange(most) * count // most


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
