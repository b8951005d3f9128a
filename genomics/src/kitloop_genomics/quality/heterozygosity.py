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


class HeterozygosityReader:
    """share: (P,) ancestry."""

    def __init__(self, panel: Panel, share: NDArray[np.float64]) -> None:
        self._panel, self._share = panel, share
        self._every = max(sum(int(_common(one).sum()) for one in panel.chromosomes) // _MOST_SITES, 1)
        self._seen = self._expected = 0.0
        self._seen_of, self._expected_of = np.zeros(len(panel.people)), np.zeros(len(panel.people))

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        sites = np.flatnonzero(_common(chromosome))[:: self._every]
        if imputed.copies is not None:  # of a panel of X alone
            sites = sites[imputed.copies[sites] == 2]
        frequency = population_frequencies(self._panel, chromosome, sites)
        own = frequency @ self._share
        self._seen += float(imputed.gp[sites, 1].sum(dtype=np.float64))
        self._expected += float((2 * own * (1 - own)).sum())
        for start in range(0, len(sites), _AT_ONCE):
            self._seen_of += (chromosome.genotypes_at(sites[start : start + _AT_ONCE]) == 1).sum(axis=0)
        expected = (2 * frequency * (1 - frequency)).sum(axis=0)
        for population, among in zip(self._panel.populations, expected, strict=True):
            self._expected_of[population.members] += among

    def result(self) -> float | None:
        """How many standard deviations the heterozygosity at common sites lies above (or below, negative) the expected.

        None for a panel with fewer than ten people, and where no common site was read of which the person has two copies.
        """
        if len(self._seen_of) < _FEW or self._expected == 0 or (self._expected_of == 0).any():
            return None
        ratios = self._seen_of / self._expected_of
        spread = float(ratios.std(ddof=1))
        return (self._seen / self._expected - float(ratios.mean())) / spread if spread > 0 else None


def _common(chromosome: PanelChromosome) -> NDArray[np.bool_]:
    frequency = chromosome.alt_frequency
    return np.asarray(np.minimum(frequency, 1 - frequency) >= COMMON_MAF)
