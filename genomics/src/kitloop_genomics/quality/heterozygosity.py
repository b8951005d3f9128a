"""Heterozygosity beside what the person's ancestry expects, in standard deviations among the panel's people.

Two people's DNA in one tube has too many heterozygous sites, parents who are related leave too few. How much it varies
among people depends on the genome: over a few megabases far more than over a whole one. So the panel's own people,
each against the frequencies of their own population, give the scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.quality.certainty import COMMON_MAF

_AT_ONCE = 8_192  # sites: their genotypes are held together
_MOST_SITES = 100_000  # of the genome, evenly chosen: they tell as much as all
_FEW = 10  # people: fewer don't tell a standard deviation


def heterozygosity_sd(panel: Panel, imputed: list[Dosages], share: NDArray[np.float64]) -> float | None:
    """How many standard deviations the heterozygosity at common sites lies above (or below, negative) the expected.

    share: (P,) ancestry. None for a panel without common sites or with fewer than ten people.
    """
    people = len(panel.people)
    if people < _FEW:
        return None
    seen = expected = 0.0
    seen_of = np.zeros(people)
    expected_of = np.zeros(people)
    commons = [_common(chromosome) for chromosome in panel.chromosomes]
    every = max(sum(int(common.sum()) for common in commons) // _MOST_SITES, 1)
    for chromosome, common, dosages in zip(panel.chromosomes, commons, imputed, strict=True):
        sites = np.flatnonzero(common)[::every]
        frequency = population_frequencies(panel, chromosome, sites)
        own = frequency @ share
        seen += float(dosages.gp[sites, 1].sum(dtype=np.float64))
        expected += float((2 * own * (1 - own)).sum())
        for start in range(0, len(sites), _AT_ONCE):
            seen_of += (chromosome.genotypes_at(sites[start : start + _AT_ONCE]) == 1).sum(axis=0)
        for population, among in zip(panel.populations, (2 * frequency * (1 - frequency)).sum(axis=0), strict=True):
            expected_of[population.members] += among
    if expected == 0 or (expected_of == 0).any():
        return None
    ratios = seen_of / expected_of
    spread = float(ratios.std(ddof=1))
    return (seen / expected - float(ratios.mean())) / spread if spread > 0 else None


def _common(chromosome: PanelChromosome) -> NDArray[np.bool_]:
    frequency = chromosome.alt_frequency
    return np.asarray(np.minimum(frequency, 1 - frequency) >= COMMON_MAF)
