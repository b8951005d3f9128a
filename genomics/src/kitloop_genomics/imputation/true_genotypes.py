"""From the genotypes that are copied to those that the person has: donors may lack what is young, and reads may say so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.reading import Reading, allowing_for_errors, mismatches

# Frequency of the rarer allele. From here on the donors' word is taken: many carry it, and few of them of themselves.
_COMMON = 0.05
# A donor's rare allele may be younger than the ancestor whom he shares with the person: with this chance where he alone
# in the panel has it, and the less the more have it, by the square. Set on simulations of two histories, 1x to 10x.
_YOUNGER = 0.4
# How many times likelier the reads must be with one genotype than with another for a wrong base not to explain it:
# two good bases that agree are, one is not.
_AGREED = 1e5


def true_genotypes(
    copied: NDArray[np.float32],
    likelihood: NDArray[np.float32],
    reading: Reading,
    frequency: NDArray[np.float32],
    n: int,
) -> NDArray[np.float32]:
    """(M, copies + 1) posterior of the true genotypes, from that of the copied ones and all reads.

    copied: (M, copies + 1), given the sites of `reading`, which the chain took.  likelihood: (M, copies + 1) as told.
    frequency: (M,) of ALT among the n haplotypes of the panel. Where some but less than 5 % carry the rarer allele, the
    donors' word is softened by the allele's age, and reads are weighed whether or not the chain took them, as more than
    a wrong base only if several agree. Elsewhere a site without reads takes what is copied.
    """
    found = copied.copy()
    before = copied.astype(np.float64)
    even = mismatches(reading.mismatch, reading.mismatch, likelihood.shape[1] - 1)
    before[reading.site] /= reading.likelihood @ even.T
    rarer = np.minimum(frequency, 1 - frequency)
    is_rare = (rarer > 0) & (rarer < _COMMON)
    common = reading.site[~is_rare[reading.site]]
    found[common] = _weighed(before[common] @ even, allowing_for_errors(likelihood[common]))
    rare = np.flatnonzero(is_rare)
    told, of_alt = likelihood[rare], frequency[rare] < 0.5
    carriers = n * rarer[rare]
    loses, gains = _YOUNGER / carriers**2, _YOUNGER / (carriers * n)  # as many gain it as lose it
    given_copied = mismatches(np.where(of_alt, gains, loses), np.where(of_alt, loses, gains), told.shape[1] - 1)
    agree = told.max(axis=1, keepdims=True) > _AGREED * told.min(axis=1, keepdims=True)
    softened = np.einsum("mc,mcg->mg", before[rare], given_copied)
    found[rare] = _weighed(softened, np.where(agree, told, allowing_for_errors(told)))
    return found


def _weighed(prior: NDArray[np.float64], likelihood: NDArray[np.float32]) -> NDArray[np.float64]:
    weighed = prior * likelihood
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))
