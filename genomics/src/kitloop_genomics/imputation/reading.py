"""What the reads say, put so that the chain can use it: which sites count, emissions, and the way back to genotypes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.emission import Tables, fill_beside, fill_pairs
from kitloop_genomics.imputation.linking import Runs, runs, seen_sites, single_sites

# A single base may be worse than its quality says; no genotype is ever ruled out by less than this.
_READ_ERROR = 1e-3
_RARE, _COMMON = 1e-3, 1e-2  # frequencies of the rarer allele
# How many times likelier the reads must be with the rarer allele than without it, for them to say what no donor does:
# two good bases are, one is not.
_SURE_OF_RARE = 1e5


@dataclass(frozen=True, slots=True)
class Reading:
    """The J informative sites of a stretch, of which a person has one copy or two.

    site: (J,) int64 indices into the stretch's sites.  likelihood: (J, copies + 1) float32 of the true genotype, each
    row's largest about 1.  frequency: (J,) float32 of ALT in the panel.  mismatch: chance that a copied allele
    differs.  runs: those that one read seems to show, as one step of the chain each.  told: (J, copies + 1) the
    likelihood as it was given, which no floor keeps from being sure.
    """

    site: NDArray[np.int64]
    likelihood: NDArray[np.float32]
    told: NDArray[np.float32]
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

    def true_genotypes(self, copied: NDArray[np.float32]) -> NDArray[np.float32]:
        """(J, copies + 1) posterior of the true genotype from that of the copied one, which may differ by a mismatch.

        At a rare site a read of the rarer allele is likelier to be an error than to show a carrier among whose donors
        nobody carries it, so there the copied genotype stands, unless several reads show it.
        """
        is_rare = np.minimum(self.frequency, 1 - self.frequency) < _COMMON
        with_common = np.where(self.frequency < 0.5, self.told[:, 0], self.told[:, -1])
        is_sure = is_rare & (self.told.max(axis=1) > _SURE_OF_RARE * with_common)
        given_copied = _mismatches(self.mismatch, self.likelihood.shape[1] - 1)
        likelihood = self.likelihood.astype(np.float64)
        before_reads = (copied / (likelihood @ given_copied.T)) @ given_copied
        weighed = before_reads * np.where(is_sure[:, None], self.told, likelihood)
        stands = (is_rare & ~is_sure)[:, None]
        found = np.where(stands, copied, weighed / weighed.sum(axis=1, keepdims=True))
        return np.asarray(found, np.float32)

    def _of_genotypes(self) -> NDArray[np.float32]:
        """(J, copies + 1) P(reads | copied genotype): the likelihoods of the true one, blurred by mismatches."""
        given_copied = _mismatches(self.mismatch, self.likelihood.shape[1] - 1)
        return np.ascontiguousarray(self.likelihood @ given_copied.T, np.float32)

    def _of_alleles(self) -> NDArray[np.float32]:
        """(J, 2) P(read | copied allele of the chromosome that it shows), up to a factor."""
        return np.ascontiguousarray(self.likelihood[:, [0, -1]] @ _mismatches(self.mismatch, 1).T, np.float32)

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
    known. At a rare site a read of the common allele says next to nothing and costs as much as any other.
    `position` (M,) in bp: with it, sites of two copies that one read seems to show are read as one.
    """
    rarer = np.minimum(frequency, 1 - frequency)
    # The second column tells a carrier of ALT, the last but one a carrier of REF, whether there are two columns or three.
    of_alt, of_ref = likelihood[:, 1] > likelihood[:, 0], likelihood[:, -2] > likelihood[:, -1]
    site = np.flatnonzero(seen_sites(likelihood) & ((rarer >= _RARE) | np.where(frequency < 0.5, of_alt, of_ref)))
    linked = position is not None and likelihood.shape[1] == 3 and len(site) > 0
    together = runs(likelihood, position, site) if linked and position is not None else single_sites(len(site))
    return Reading(
        site, allowing_for_errors(likelihood[site]), likelihood[site].astype(np.float32),
        frequency[site].astype(np.float32), mismatch, together,
    )  # fmt: skip


def weighed_by_unread(
    gp: NDArray[np.float32], likelihood: NDArray[np.float32], read_sites: NDArray[np.int64]
) -> NDArray[np.float32]:
    """(M, copies + 1) posteriors with the reads of sites that the chain did not take: there they show the common allele.

    One such read says little, but four of them that a person is no carrier, whatever the donors are.
    """
    weighed = gp * allowing_for_errors(likelihood)
    weighed /= weighed.sum(axis=1, keepdims=True)
    weighed[read_sites] = gp[read_sites]
    return weighed


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


def _mismatches(mismatch: float, copies: int) -> NDArray[np.float64]:
    """(copies + 1, copies + 1) chance of each true genotype (column) given the copied one (row)."""
    e, f = mismatch, 1 - mismatch
    if copies == 1:
        return np.array([[f, e], [e, f]])
    return np.array([[f * f, 2 * e * f, e * e], [e * f, f * f + e * e, e * f], [e * e, 2 * e * f, f * f]])
