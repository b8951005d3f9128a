"""What the reads say, put so that the chain can use it: which sites count, emissions, and the way back to genotypes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A single base may be worse than its quality says; no genotype is ever ruled out by less than this.
_READ_ERROR = 1e-3
_RARE, _COMMON = 1e-3, 1e-2  # frequencies of the rarer allele
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Reading:
    """The J informative sites of a stretch.

    site: (J,) int64 indices into the stretch's sites.  likelihood: (J, 3) float32 of the true genotype, each row's
    largest about 1.  frequency: (J,) float32 of ALT in the panel.  mismatch: chance that a copied allele differs.
    """

    site: NDArray[np.int64]
    likelihood: NDArray[np.float32]
    frequency: NDArray[np.float32]
    mismatch: float

    def of_copied(self) -> NDArray[np.float32]:
        """(J, 3) P(reads | copied genotype): the likelihoods of the true one, blurred by mismatches."""
        return np.ascontiguousarray(self.likelihood @ _mismatches(self.mismatch).T, np.float32)

    def beside(self, other: NDArray[np.float32]) -> NDArray[np.float32]:
        """(C, J, 2) emission of REF and ALT on C chromosomes whose partners carry ALT with chance `other` (C, J)."""
        one, two, three = (self.likelihood[:, copies] for copies in range(3))
        ref = (1 - other) * one + other * two
        alt = (1 - other) * two + other * three
        e = np.float32(self.mismatch)
        return np.ascontiguousarray(np.stack([(1 - e) * ref + e * alt, (1 - e) * alt + e * ref], axis=2), np.float32)

    def true_genotypes(self, copied: NDArray[np.float32]) -> NDArray[np.float32]:
        """(J, 3) posterior of the true genotype from that of the copied one, which may differ by a mismatch.

        Only where the rarer allele is common: at a rare site a read of it is likelier to be an error than to show a
        carrier among whose donors nobody carries it, so there the copied genotype stands.
        """
        given_copied = _mismatches(self.mismatch)
        likelihood = self.likelihood.astype(np.float64)
        weighed = (copied / (likelihood @ given_copied.T)) @ given_copied * likelihood
        rarer = np.minimum(self.frequency, 1 - self.frequency)[:, None]
        found = np.where(rarer >= _COMMON, weighed / weighed.sum(axis=1, keepdims=True), copied)
        return np.asarray(found, np.float32)


def read(genotype: NDArray[np.float32], frequency: NDArray[np.float32], mismatch: float) -> Reading:
    """Take the sites with reads: all where the rarer allele is not rare in the panel, else those that show it.

    `genotype` is (M, 3), likelihoods of 0, 1, 2 copies of ALT, rows of ones where nothing is known. At a rare site
    a read of the common allele says next to nothing and costs as much as any other.
    """
    largest = genotype.max(axis=1)
    seen = largest - genotype.min(axis=1) > _FLAT
    rarer = np.minimum(frequency, 1 - frequency)
    shows_rarer = np.where(frequency < 0.5, genotype[:, 1] > genotype[:, 0], genotype[:, 1] > genotype[:, 2])
    site = np.flatnonzero(seen & ((rarer >= _RARE) | shows_rarer))
    return Reading(site, allowing_for_errors(genotype[site]), frequency[site].astype(np.float32), mismatch)


def allowing_for_errors(genotype: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 3) likelihoods as the chain takes them: scaled to 1, and none below a third of a thousandth."""
    largest = genotype.max(axis=1, keepdims=True)
    return np.asarray((1 - _READ_ERROR) * genotype / largest + _READ_ERROR / 3, np.float32)


def switch_chances(cm: NDArray[np.float64], haplotypes: int, effective_population_size: float) -> NDArray[np.float32]:
    """(J,) chance of a switch on the way to each site: 1 - exp(-4 Ne d / N), d in Morgans; 1e-7 to the first."""
    morgans = np.diff(cm, prepend=cm[:1]) / 100
    chance = -np.expm1(-4 * effective_population_size * morgans / haplotypes)
    # Never quite 0: a stretch of map without recombination must not make a state impossible for ever.
    return np.clip(chance, 1e-7, 1.0).astype(np.float32)


def _mismatches(mismatch: float) -> NDArray[np.float64]:
    """(3, 3) chance of each true genotype (column) given the copied one (row)."""
    e, f = mismatch, 1 - mismatch
    return np.array([[f * f, 2 * e * f, e * e], [e * f, f * f + e * e, e * f], [e * e, 2 * e * f, f * f]])
