"""What the reads say, put so that the chain can use it: which sites count, and emissions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.emission import Tables, fill_beside, fill_pairs
from kitloop_genomics.imputation.linking import Runs, runs, seen_sites, single_sites

# A single base may be worse than its quality says; no genotype is ever ruled out by less than this.
_READ_ERROR = 1e-3
_RARE = 1e-3  # frequency of the rarer allele


@dataclass(frozen=True, slots=True)
class Reading:
    """The J informative sites of a stretch, of which a person has one copy or two.

    site: (J,) int64 indices into the stretch's sites.  likelihood: (J, copies + 1) float32 of the true genotype, each
    row's largest about 1.  frequency: (J,) float32 of ALT in the panel.  mismatch: chance that a copied allele
    differs.  runs: those that one read seems to show, as one step of the chain each.
    """

    site: NDArray[np.int64]
    likelihood: NDArray[np.float32]
    frequency: NDArray[np.float32]
    mismatch: float
    runs: Runs

    @property
    def first(self) -> NDArray[np.int64]:
        """(R,) the first site of each run."""
        return self.site[self.runs.edge[:-1]]

    @property
    def last(self) -> NDArray[np.int64]:
        """(R,) the last site of each run."""
        return self.site[self.runs.edge[1:] - 1]

    def of_pairs(self) -> Tables:
        """P(reads | alleles copied on both sides), a table of 4^m per run of m sites."""
        start = self._starts(4)
        value = np.empty(start[-1], np.float32)
        fill_pairs(self._of_alleles(), self._of_genotypes(), self.runs.edge, self.runs.link, start, value)
        return Tables(value, start)

    def beside(self, other: NDArray[np.float32]) -> Tables:
        """P(reads | alleles copied) on C chromosomes whose partners carry ALT with chance `other` (C, J)."""
        one, two, three = (self.likelihood[:, copies] for copies in range(3))
        ref = (1 - other) * one + other * two
        alt = (1 - other) * two + other * three
        e = np.float32(self.mismatch)
        single = np.ascontiguousarray(np.stack([(1 - e) * ref + e * alt, (1 - e) * alt + e * ref], axis=2), np.float32)
        allele = self._of_alleles()
        partner = np.ascontiguousarray((1 - other) * allele[:, 0] + other * allele[:, 1], np.float32)
        start = self._starts(2)
        value = np.empty((len(other), start[-1]), np.float32)
        fill_beside(allele, partner, single, self.runs.edge, self.runs.link, start, value)
        return Tables(value, start)

    def alone(self) -> Tables:
        """P(reads | allele copied) on the only chromosome, (1, 2 J), where a person has one copy."""
        return Tables(self._of_genotypes().reshape(1, -1), self._starts(2))

    def _of_genotypes(self) -> NDArray[np.float32]:
        """(J, copies + 1) P(reads | copied genotype): the likelihoods of the true one, blurred by mismatches."""
        given_copied = mismatches(self.mismatch, self.mismatch, self.likelihood.shape[1] - 1)
        return np.ascontiguousarray(self.likelihood @ given_copied.T, np.float32)

    def _of_alleles(self) -> NDArray[np.float32]:
        """(J, 2) P(read | copied allele of the chromosome that it shows), up to a factor."""
        return np.ascontiguousarray(
            self.likelihood[:, [0, -1]] @ mismatches(self.mismatch, self.mismatch, 1).T, np.float32
        )

    def _starts(self, alleles: int) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(alleles ** np.diff(self.runs.edge))])


def read(
    likelihood: NDArray[np.float32],
    frequency: NDArray[np.float32],
    mismatch: float,
    position: NDArray[np.int64] | None = None,
) -> Reading:
    """Take the sites with reads: all where the rarer allele is not rare in the panel, else those that show it.

    `likelihood` is (M, 3) of 0, 1, 2 copies of ALT, or (M, 2) where a person has one, rows of ones where nothing is
    known. At a rare site a read of the common allele tells donors apart no better than chance and costs as much as any
    other; what it says of the site itself is weighed afterwards (`true_genotypes.py`).
    `position` (M,) in bp: with it, sites of two copies that one read seems to show are read as one.
    """
    rarer = np.minimum(frequency, 1 - frequency)
    # The second column tells a carrier of ALT, the last but one a carrier of REF, whether there are two columns or three.
    of_alt, of_ref = likelihood[:, 1] > likelihood[:, 0], likelihood[:, -2] > likelihood[:, -1]
    site = np.flatnonzero(seen_sites(likelihood) & ((rarer >= _RARE) | np.where(frequency < 0.5, of_alt, of_ref)))
    linked = position is not None and likelihood.shape[1] == 3 and len(site) > 0
    together = runs(likelihood, position, site) if linked and position is not None else single_sites(len(site))
    return Reading(site, allowing_for_errors(likelihood[site]), frequency[site].astype(np.float32), mismatch, together)


def allowing_for_errors(likelihood: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, copies + 1) as the chain takes them: scaled to 1, and none below a third of a thousandth."""
    largest = likelihood.max(axis=1, keepdims=True)
    return np.asarray((1 - _READ_ERROR) * likelihood / largest + _READ_ERROR / 3, np.float32)


def switch_chances(cm: NDArray[np.float64], haplotypes: int, effective_population_size: float) -> NDArray[np.float32]:
    """(J,) chance of a switch on the way to each site: 1 - exp(-4 Ne d / N), d in Morgans; 1e-7 to the first."""
    morgans = np.diff(cm, prepend=cm[:1]) / 100
    chance = -np.expm1(-4 * effective_population_size * morgans / haplotypes)
    # Never quite 0: a stretch of map without recombination must not make a state impossible for ever.
    return np.clip(chance, 1e-7, 1.0).astype(np.float32)


def mismatches(
    to_alt: float | NDArray[np.float64], to_ref: float | NDArray[np.float64], copies: int
) -> NDArray[np.float64]:
    """(..., copies + 1, copies + 1) chance of each true genotype (column) given the copied one (row).

    to_alt, to_ref: (...) chance that a copied REF is ALT in truth, and a copied ALT REF.
    """
    a, r = np.asarray(to_alt), np.asarray(to_ref)
    if copies == 1:
        rows = [[1 - a, a], [r, 1 - r]]
    else:
        rows = [
            [(1 - a) ** 2, 2 * a * (1 - a), a * a],
            [(1 - a) * r, (1 - a) * (1 - r) + a * r, a * (1 - r)],
            [r * r, 2 * r * (1 - r), (1 - r) ** 2],
        ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))
