"""Allele frequencies of the panel's populations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import Panel, PanelChromosome


def population_frequencies(panel: Panel, chromosome: PanelChromosome) -> NDArray[np.float64]:
    """(M, P) frequency of ALT in each population; half a copy of each allele is added, so none is 0 or 1."""
    haplotypes = 2 * np.array([len(population.members) for population in panel.populations])
    return np.ascontiguousarray((chromosome.copies_in(panel.populations) + 0.5) / (haplotypes + 1))
