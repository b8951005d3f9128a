"""One phased genotype from several drawn pairs, whose two sides carry no names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled

_FORGET = 0.9  # per heterozygous site: what a pair said about the last few still counts, what it said far back doesn't


@compiled
def phase_heterozygous(
    chance: NDArray[np.float32], site: NDArray[np.int64], votes: NDArray[np.bool_], alt_is_first: NDArray[np.bool_]
) -> None:
    """Fill `alt_is_first` (H,) for the heterozygous sites `site` (H,), from `chance` (Q, 2, M), P(ALT) on each side.

    votes: (H,) which sites count for those after them.

    Which side is called first differs between pairs and may change along one, so only relations between neighbours
    are used: each pair votes with the sign in which its own difference agrees with that of the sites before.
    """
    pairs = chance.shape[0]
    memory = np.zeros(pairs)
    for at in range(site.shape[0]):
        vote = 0.0
        for q in range(pairs):
            vote += memory[q] * (chance[q, 0, site[at]] - chance[q, 1, site[at]])
        sign = 1.0 if vote >= 0 else -1.0
        alt_is_first[at] = sign > 0
        if not votes[at]:
            continue
        for q in range(pairs):
            difference = chance[q, 0, site[at]] - chance[q, 1, site[at]]
            memory[q] = _FORGET * memory[q] + sign * difference


def phased_genotypes(
    chance: NDArray[np.float32], gt: NDArray[np.int8], steering: NDArray[np.int64] | None = None
) -> NDArray[np.uint8]:
    """(M, 2) alleles of the two chromosomes for genotypes `gt` (M,), 0 to 2 copies of ALT.

    Sites that aren't among `steering` (all if it isn't given) are phased by the others and have no say themselves.
    """
    alleles = np.repeat((gt == 2).astype(np.uint8)[:, None], 2, axis=1)
    site = np.flatnonzero(gt == 1)
    alt_is_first = np.empty(len(site), np.bool_)
    votes = np.ones(len(gt), np.bool_)
    if steering is not None:
        votes[:] = False
        votes[steering] = True
    phase_heterozygous(chance, site, votes[site], alt_is_first)
    alleles[site, 0] = alt_is_first
    alleles[site, 1] = ~alt_is_first
    return alleles
