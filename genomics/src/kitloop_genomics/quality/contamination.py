"""How much of the reads is another person's.

Each read comes from the sample with chance 1 - a and from a stranger with chance a. The sample's genotype at a site is as
likely as imputation says without the reads there (`hidden.py`). The stranger's genotype is only known through
frequencies, those of the whole panel or of one of its populations, whichever explains the reads best: with the whole
panel's alone, a stranger of the sample's own population was missed at a share of 0.3. The share a that makes the reads
likeliest is the estimate. It resembles verifyBamID (Jun et al. 2012, 10.1016/j.ajhg.2012.09.004), with the panel's
haplotypes in place of known genotypes, which is what makes it work at 1x and below.

A person whose population the panel lacks looks alike at sites with one read: imputation is sure and wrong. But that is in
some stretches and not in others, and where a site has several reads, those of one person, however strange, are of two
chromosomes. So stretches may be strange, a third or most of whose sites are as likely to be whatever the ancestry's
frequencies allow, and a stranger's reads are believed in where they explain clearly better what the best shares of
these leave, and a fair part of what they explain alone. The share that is told is nonetheless that without strange
stretches: of a mixed sample these take a part, and 5 % read 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled
from kitloop_genomics.quality.hidden import Hidden

GRID = np.concatenate([np.arange(0.0, 0.1, 0.005), np.arange(0.1, 0.501, 0.02)])
_STRANGE = (0.0, 0.3, 0.8)  # of the sites of a stretch
_ROUNDS = 80
_CLEARLY, _FAIR_PART = 2.0, 1 / 8  # nats, and of the share


@dataclass(frozen=True, slots=True)
class Mixture:
    """How a stranger's reads would explain what is hidden.

    share: 0 to 0.5, of the reads, if the person is one of the panel's.  beside: the same if some stretches may be strange.
    gain: nats, at least 0, by which these reads improve on strange stretches.
    """

    share: float
    beside: float
    gain: float

    @property
    def believed(self) -> float:
        """The share of the reads, 0 where one strange person explains them about as well."""
        return self.share if self.gain >= _CLEARLY and self.beside >= _FAIR_PART * self.share else 0.0


def mixture(found: Hidden) -> Mixture | None:
    """The likeliest share of a stranger's reads; None if no hidden site was covered."""
    if not len(found.seen.site):
        return None
    by_stranger = [_by_stretch(found, found.predicted, one) for one in found.frequency]
    heights = np.array([copied.sum(axis=1) for copied in by_stranger])
    stranger, likeliest = np.unravel_index(heights.argmax(), heights.shape)
    share = float(GRID[likeliest])
    if not share:
        return Mixture(0.0, 0.0, 0.0)
    kinds = [(1 - w) * found.predicted + w * found.anyone for w in _STRANGE]
    height = _with_strange_stretches(np.array([_by_stretch(found, one, found.frequency[stranger]) for one in kinds]))
    return Mixture(share, float(GRID[height.argmax()]), float(height.max() - height[0]))


def _with_strange_stretches(log: NDArray[np.float64]) -> NDArray[np.float64]:
    """(A,) log likelihoods where each of B stretches is of one of K kinds, in the likeliest shares, by EM. log: (K, A, B) of each kind."""
    most = log.max(axis=0)
    likelihood = np.exp(log - most)
    weight = np.full((*log.shape[:2], 1), 1 / len(log))
    for _ in range(_ROUNDS):
        each = weight * likelihood
        weight = (each / each.sum(axis=0)).mean(axis=2, keepdims=True)
    return np.asarray((np.log((weight * likelihood).sum(axis=0)) + most).sum(axis=1))


def _by_stretch(found: Hidden, prior: NDArray[np.float64], stranger: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = found.seen
    return log_likelihoods(seen.site, seen.is_alt, seen.error, prior, stranger, GRID, found.stretch, found.stretches)


@compiled
def log_likelihoods(
    site: NDArray[np.int64],
    is_alt: NDArray[np.uint8],
    error: NDArray[np.float64],
    prior: NDArray[np.float64],
    frequency: NDArray[np.float64],
    shares: NDArray[np.float64],
    stretch: NDArray[np.int64],
    stretches: int,
) -> NDArray[np.float64]:
    """(A, B) natural-log likelihood of the observations (sorted by site) for each share in `shares` and each stretch.

    prior: (M, 3) of the sample's genotype.  frequency: (M,) ALT among strangers, in Hardy-Weinberg proportions.
    stretch: (M,) which of the B stretches a site is in.
    """
    result = np.zeros((len(shares), stretches))
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
            result[a, stretch[m]] += np.log(max(likelihood, 1e-300))
            start = end
    return result
