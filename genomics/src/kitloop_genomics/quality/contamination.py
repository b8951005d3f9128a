"""How much of the reads is another person's.

Each read comes from the sample with chance 1 - a and from a stranger with chance a. The sample's genotype at a site
is known from the reads at all *other* sites: imputation gives posterior = (what the other sites say) x (own
likelihood), so dividing by the likelihood, as imputation took it, leaves the former. The stranger's genotype is only known through
frequencies, those of the whole panel or of one of its populations, whichever explains the reads best: with the whole
panel's alone, a stranger of the sample's own population was missed at a share of 0.3. The share a that makes the reads
likeliest is the estimate. It resembles verifyBamID (Jun et al. 2012, 10.1016/j.ajhg.2012.09.004), with the panel's
haplotypes in place of known genotypes, which is what makes it work at 1x and below.
"""

from __future__ import annotations

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


def contamination(
    panel: Panel,
    observations: list[Observations],
    found: list[Likelihoods],
    imputed: list[Dosages],
) -> float | None:
    """Estimated share of a stranger's reads, 0 to 0.5 in steps of 0.005; None if no common site was covered.

    Above about 0.3 the imputation itself is led astray and the estimate is a lower bound.
    """
    total = np.zeros((1 + len(panel.populations), len(GRID)))
    used = 0
    for chromosome, seen, likelihood, dosages in zip(panel.chromosomes, observations, found, imputed, strict=True):
        frequency = chromosome.alt_frequency
        common = (frequency >= MIN_FREQUENCY) & (frequency <= 1 - MIN_FREQUENCY)
        elsewhere = dosages.gp.astype(np.float64) / allowing_for_errors(likelihood.genotype)
        elsewhere /= elsewhere.sum(axis=1, keepdims=True)
        use = common[seen.site]
        used += int(use.sum())
        strangers = np.column_stack([frequency, population_frequencies(panel, chromosome)])
        for row, among in enumerate(np.ascontiguousarray(strangers.T)):
            total[row] += log_likelihoods(seen.site[use], seen.is_alt[use], seen.error[use], elsewhere, among, GRID)
    return float(GRID[total.max(axis=0).argmax()]) if used else None


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
