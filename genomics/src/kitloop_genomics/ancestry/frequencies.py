"""Allele frequencies of the panel's populations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import Panel, PanelChromosome


def population_frequencies(
    panel: Panel, chromosome: PanelChromosome, sites: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """(M, P) frequency of ALT in each population, or of `sites` alone; half a copy of each allele is added, so none is 0 or 1."""
    haplotypes = 2 * np.array([len(population.members) for population in panel.populations])
    stored = chromosome.stored_copies
    if sites is not None and stored is not None:  # of a whole chromosome they would be gigabytes
        copies: NDArray[np.int64] = stored[sites, 1:].astype(np.int64)
    else:
        copies = chromosome.copies_in(panel.populations)[slice(None) if sites is None else sites]
    return np.ascontiguousarray((copies + 0.5) / (haplotypes + 1))
