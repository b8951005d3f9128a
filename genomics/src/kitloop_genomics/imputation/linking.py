"""Which neighbouring sites one read seems to show, so that it isn't taken for several witnesses.

Likelihoods come site by site, as if each site had been seen by reads of its own. At low depth most neighbours within a
read's length were seen by the same one: both alleles then lie on one chromosome, and half of the evidence is a copy
of the other half. Of two neighbours that were seen once, at a distance of x read lengths and depth d, one read shows
both with odds (1 - x) to d x²: it must begin in the right 1 - x, or else two of them end and begin between the sites.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled

READ_BP = 150
MOST_SITES = 4  # of a run: its tables grow as two to this power, and four to it for pairs
_WEAKEST = 0.3
_FLAT = 1e-6
_LINEAR = 1e-3


@dataclass(frozen=True, slots=True)
class Runs:
    """R runs of J informative sites, each of 1 to 4.

    edge: (R + 1,) int64 indices into the sites.  link: (J,) float32, chance that the read that shows the site before
    shows this one too, 0 for the first.
    """

    edge: NDArray[np.int64]
    link: NDArray[np.float32]


def single_sites(many: int) -> Runs:
    """Every site a run of its own."""
    return Runs(np.arange(many + 1), np.zeros(many, np.float32))


def seen_sites(likelihood: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(M,) where the likelihoods (M, copies + 1) say anything."""
    return np.asarray(np.ptp(likelihood, axis=1) > _FLAT)


def runs(genotype: NDArray[np.float32], position: NDArray[np.int64], site: NDArray[np.int64]) -> Runs:
    """Runs of the informative sites `site` (J,) of M, with likelihoods `genotype` (M, 3) at `position` (M,) in bp."""
    seen = seen_sites(genotype)
    depth = -np.log1p(-min(float(seen.mean()), 1 - 0.5 / len(seen)))
    # A read shows one of two chromosomes, so its likelihood is the mean of both alleles': linear in copies of ALT.
    bent = np.abs(genotype[:, 0] + genotype[:, 2] - 2 * genotype[:, 1])
    once = seen & (bent < _LINEAR * genotype.max(axis=1))
    not_once = np.concatenate([[0], np.cumsum(~once)])
    unbroken = not_once[site[1:] + 1] == not_once[site[:-1]]
    x = np.minimum(np.diff(position[site]) / READ_BP, 1.0)
    chance = np.where(unbroken, (1 - x) / (1 - x + depth * x * x), 0.0)
    link = np.concatenate([[0.0], chance]).astype(np.float32)[: len(site)]
    return Runs(_edges(link), link)


@compiled
def _edges(link: NDArray[np.float32]) -> NDArray[np.int64]:
    """Where runs begin: at every weak link, and before a run grows too long."""
    edge = np.zeros(len(link) + 1, np.int64)
    count = 0
    for at in range(1, len(link)):
        if link[at] < _WEAKEST or at - edge[count] == MOST_SITES:
            count += 1
            edge[count] = at
    edge[count + 1] = len(link)
    return edge[: count + 2]
