"""How much of the reads is another person's.

Each read comes from the sample with chance 1 - a and from a stranger with chance a. The sample's genotype at a site
is known from the reads at all *other* sites: imputation gives posterior = (what the other sites say) x (own
likelihood), so dividing by the likelihood, as imputation took it, leaves the former. The stranger's genotype is only known through
frequencies, those of the whole panel or of one of its populations, whichever explains the reads best: with the whole
panel's alone, a stranger of the sample's own population was missed at a share of 0.3. The share a that makes the reads
likeliest is the estimate. It resembles verifyBamID (Jun et al. 2012, 10.1016/j.ajhg.2012.09.004), with the panel's
haplotypes in place of known genotypes, which is what makes it work at 1x and below.

A person whose population the panel lacks looks alike at sites with one read: imputation is sure and wrong. So at a
share w of the sites the genotype may be any that frequencies allow. Where a site has several reads the two differ: those
of one person, however strange, are of two chromosomes. How much of a person is strange is measured apart (`unexplained.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.compiled import compiled
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.reading import allowing_for_errors
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations

MIN_FREQUENCY = 0.05
GRID = np.arange(0.0, 0.5001, 0.005)
_ASTRAY = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5])
_COARSE = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.5])
_WORTH_A_LOOK = 0.01
_CLEARLY = 2.0  # nats by which a stranger must explain the reads better than strangeness of the one person


def contamination(
    panel: Panel,
    observations: list[Observations],
    found: list[Likelihoods],
    imputed: list[Dosages],
    share: NDArray[np.float64] | None,
) -> float | None:
    """Share of the reads that are a stranger's, 0 to 0.5. None if no common site was covered.

    share: (P,) of ancestry, None for the panel's frequencies.  Above about 0.3 the imputation itself is led astray and
    the share is a lower bound.
    """
    shares = np.zeros((1 + len(panel.populations), len(GRID)))
    alone = np.zeros(len(_ASTRAY))
    used = 0
    for part in _parts(panel, observations, found, imputed, share):
        used += len(part.elsewhere)
        for row, w in enumerate(_ASTRAY):
            alone[row] += np.log((part.prior(w) * part.likelihood).sum(axis=1)).sum()
        for row, one in enumerate(part.strangers):
            shares[row] += log_likelihoods(*part.reads, part.elsewhere, one, GRID)
    if not used:
        return None
    best = int(shares.max(axis=1).argmax())
    found_share = float(GRID[shares[best].argmax()])
    if found_share >= _WORTH_A_LOOK and alone.argmax() > 0:
        both = np.zeros((len(_ASTRAY), 1 + len(_COARSE)))
        for part in _parts(panel, observations, found, imputed, share):
            for row, w in enumerate(_ASTRAY):
                stranger = part.strangers[best]
                both[row] += log_likelihoods(*part.reads, part.prior(w), stranger, np.concatenate([[0.0], _COARSE]))
        if max(both.max(), shares.max()) - both[:, 0].max() < _CLEARLY:
            return 0.0
    return found_share


@dataclass(frozen=True, slots=True)
class _Part:
    """The S covered common sites of a chromosome. elsewhere, anyone, likelihood: (S, 3).  strangers: (1 + P, S) frequencies.

    reads: site (index into these), is_alt and error of each observation.
    """

    elsewhere: NDArray[np.float64]
    anyone: NDArray[np.float64]
    likelihood: NDArray[np.float32]
    strangers: NDArray[np.float64]
    reads: tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float64]]

    def prior(self, astray: float) -> NDArray[np.float64]:
        return (1 - astray) * self.elsewhere + astray * self.anyone


def _parts(
    panel: Panel,
    observations: list[Observations],
    found: list[Likelihoods],
    imputed: list[Dosages],
    share: NDArray[np.float64] | None,
) -> Iterator[_Part]:
    """One chromosome at a time, made anew on each call: all at once would fill the memory of a small machine."""
    for at, (chromosome, likelihood, dosages) in enumerate(zip(panel.chromosomes, found, imputed, strict=True)):
        frequency = chromosome.alt_frequency
        common = (frequency >= MIN_FREQUENCY) & (frequency <= 1 - MIN_FREQUENCY)
        sites = np.flatnonzero(common & (likelihood.depth > 0))
        elsewhere = dosages.gp[sites].astype(np.float64) / allowing_for_errors(likelihood.genotype[sites])
        elsewhere /= elsewhere.sum(axis=1, keepdims=True)
        among = population_frequencies(panel, chromosome, sites)
        strangers = np.ascontiguousarray(np.column_stack([frequency[sites], among]).T)
        seen = observations[at]
        place = np.searchsorted(sites, seen.site)
        use = np.flatnonzero(common[seen.site] & (place < len(sites)))
        use = use[sites[place[use]] == seen.site[use]]
        reads = place[use], seen.is_alt[use], seen.error[use]
        anyone = _proportions(frequency[sites] if share is None else among @ share)
        yield _Part(elsewhere, anyone, likelihood.genotype[sites], strangers, reads)


def _proportions(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)


@compiled
def log_likelihoods(
    site: NDArray[np.int64],
    is_alt: NDArray[np.uint8],
    error: NDArray[np.float64],
    prior: NDArray[np.float64],
    frequency: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(A,) natural-log likelihood of the observations (sorted by site) for each share in `shares`.

    prior: (M, 3) of the sample's genotype.  frequency: (M,) ALT among strangers, in Hardy-Weinberg proportions.
    """
    result = np.zeros(len(shares))
    for a in range(len(shares)):
        share = shares[a]
        start = 0
        while start < len(site):
            end = start
            while end < len(site) and site[end] == site[start]:
                end += 1
            m = site[start]
            p = frequency[m]
            likelihood = 0.0
            for own in range(3):
                for other in range(3):
                    weight = prior[m, own]
                    if other == 0:
                        weight *= (1 - p) * (1 - p)
                    elif other == 1:
                        weight *= 2 * p * (1 - p)
                    else:
                        weight *= p * p
                    alt = (1 - share) * own / 2 + share * other / 2
                    for k in range(start, end):
                        shown = alt * (1 - error[k]) + (1 - alt) * error[k]
                        weight *= shown if is_alt[k] else 1 - shown
                    likelihood += weight
            result[a] += np.log(max(likelihood, 1e-300))
            start = end
    return result
