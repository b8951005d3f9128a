"""What reads say of a person when some of them are known to be somebody else's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import FLOOR, Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations


def allowing_for_a_stranger(
    panel: Panel,
    observations: list[Observations],
    found: list[Likelihoods],
    share: NDArray[np.float64],
    mixed: float,
) -> list[Likelihoods]:
    """Likelihoods as `found`, where each read is with chance `mixed` of somebody of the same ancestry.

    share: (P,) ancestry.  mixed: 0 to 1; `found` itself at 0.  Without it every read of the other person at odds with this
    one's haplotypes looks like a stretch that the panel lacks: people of the panel with 3.5 % of another's reads had 0.13 to 0.17 of those.
    """
    if not mixed:
        return found
    allowed = []
    for chromosome, seen, known in zip(panel.chromosomes, observations, found, strict=True):
        sites, place = np.unique(seen.site, return_inverse=True)
        theirs = (population_frequencies(panel, chromosome, sites) @ share)[place]
        genotype = np.ones_like(known.genotype)
        log = np.empty((len(sites), 3))
        for copies in range(3):
            alt = (1 - mixed) * copies / 2 + mixed * theirs
            shown = alt * (1 - seen.error) + (1 - alt) * seen.error
            log[:, copies] = np.bincount(place, np.log(np.where(seen.is_alt, shown, 1 - shown)), minlength=len(sites))
        genotype[sites] = np.maximum(np.exp(log - log.max(axis=1, keepdims=True)), FLOOR)
        allowed.append(Likelihoods(genotype, known.depth))
    return allowed
