"""Likelihoods of simulated fragments, without the detour over FASTQ: what the pileup of a good library would say.

Fragments of two 150 bp reads fall evenly, except that a share of the genome is out of reach (repeats whose reads map
nowhere for sure). A fragment shows one haplotype at each panel site under it, with errors at the rate of its
qualities, so neighbouring sites are linked as they are in life.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_READ_BP, _INSERT_BP, _INSERT_SD_BP = 150, 400, 80
_QUALITIES, _SHARES = np.array([37, 25, 11]), np.array([0.88, 0.08, 0.04])
_HIDDEN_SHARE, _HIDDEN_BP = 0.06, 2_000
_FLOOR = 1e-10


@dataclass(frozen=True, slots=True)
class Seen:
    """likelihood: (M, 3) float32, scaled so that each row's largest is 1.  count: (M, 2) uint8, REF and ALT seen."""

    likelihood: NDArray[np.float32]
    count: NDArray[np.uint8]


def sequence(
    position: NDArray[np.int64], haplotypes: NDArray[np.uint8], length_bp: int, depth: float, rng: np.random.Generator
) -> Seen:
    """Sequence one person: `haplotypes` is (M, 2), `position` 0-based, `depth` the mean coverage aimed at."""
    fragments = rng.poisson(depth * length_bp / (2 * _READ_BP))
    start = rng.integers(0, length_bp, fragments)
    size = np.maximum(_READ_BP, rng.normal(_INSERT_BP, _INSERT_SD_BP, fragments)).astype(np.int64)
    side = rng.integers(0, 2, fragments)
    hidden = rng.random(length_bp // _HIDDEN_BP + 1) < _HIDDEN_SHARE
    site, owner = _under(position, start, np.minimum(start + _READ_BP, start + size))
    # The second read begins where the first one ends at the earliest: an overlap would show the same molecule twice.
    again, owner_again = _under(position, np.maximum(start + _READ_BP, start + size - _READ_BP), start + size)
    site, owner = np.concatenate([site, again]), np.concatenate([owner, owner_again])
    open_to_reads = ~hidden[position[site] // _HIDDEN_BP]
    site, owner = site[open_to_reads], owner[open_to_reads]
    quality = rng.choice(_QUALITIES, len(site), p=_SHARES / _SHARES.sum())
    error = 10.0 ** (-quality / 10)
    # An error makes one of three other bases, and only one of them is the other allele; the rest is not counted.
    wrong = rng.random(len(site)) < error
    other = rng.random(len(site)) < 1 / 3
    shown = haplotypes[site, side[owner]] ^ (wrong & other)
    counts = ~wrong | other
    return _likelihood(len(position), site[counts], shown[counts], error[counts] / 3)


def _under(
    position: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every (site, interval) with the site inside the interval, as two columns."""
    first, last = np.searchsorted(position, start), np.searchsorted(position, end)
    many = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(len(start)), many)
    offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return first[owner] + offset, owner


def _likelihood(sites: int, site: NDArray[np.int64], shown: NDArray[np.uint8], error: NDArray[np.float64]) -> Seen:
    right, wrong = np.log1p(-error), np.log(error)
    # One weighted count per genotype: what every observation adds to its site's logarithm.
    each = (np.where(shown, wrong, right), np.full(len(site), np.log(0.5)), np.where(shown, right, wrong))
    log = np.stack([np.bincount(site, weights, sites) for weights in each], axis=1)
    likelihood = np.maximum(np.exp(log - log.max(axis=1, keepdims=True)), _FLOOR).astype(np.float32)
    count = np.stack([np.bincount(site[shown == allele], minlength=sites) for allele in (0, 1)], axis=1)
    return Seen(likelihood, np.minimum(count, 255).astype(np.uint8))
