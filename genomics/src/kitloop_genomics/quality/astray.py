"""What reads say of a person when some of them are known to be somebody else's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.likelihoods.likelihoods import FLOOR, Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations


def allowing_for_a_stranger(
    panel: Panel,
    chromosome: PanelChromosome,
    seen: Observations,
    known: Likelihoods,
    share: NDArray[np.float64],
    mixed: float,
) -> Likelihoods:
    """Likelihoods of a chromosome as `known`, where each read of `seen` is with chance `mixed` of somebody of the same ancestry.

    share: (P,) ancestry.  mixed: 0 to 1.  Sites without a read in `seen` stay as they are.  Without it every read of the other
    person at odds with this one's haplotypes looks like a stretch that the panel lacks: people of the panel with 3.5 % of
    another's reads had 0.13 to 0.17 of those.
    """
    sites, place = np.unique(seen.site, return_inverse=True)
    theirs = (population_frequencies(panel, chromosome, sites) @ share)[place]
    genotype = known.genotype.copy()
    log = np.empty((len(sites), 3))
    for copies in range(3):
        alt = (1 - mixed) * copies / 2 + mixed * theirs
        shown = alt * (1 - seen.error) + (1 - alt) * seen.error
        log[:, copies] = np.bincount(place, np.log(np.where(seen.is_alt, shown, 1 - shown)), minlength=len(sites))
    genotype[sites] = np.maximum(np.exp(log - log.max(axis=1, keepdims=True)), FLOOR)
    return Likelihoods(genotype, known.depth)
