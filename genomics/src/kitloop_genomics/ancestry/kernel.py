"""The loop of the ancestry EM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled_reordering


@compiled_reordering
def proportions(
    genotype: NDArray[np.float32],
    frequency: NDArray[np.float64],
    weight: NDArray[np.float64],
    start: NDArray[np.float64],
    rounds: int,
    tolerance: float,
) -> NDArray[np.float64]:
    """(P,) shares that maximise the likelihood of one person's reads, by EM from `start`.

    genotype: (S, 3) likelihoods.  frequency: (S, P), strictly between 0 and 1.  weight: (S,) how often each site
    counts.  Ends after `rounds`, or when no share moves by more than `tolerance`.
    """
    sites, count = frequency.shape
    share = start.copy()
    gathered = np.empty(count)
    for _ in range(rounds):
        gathered[:] = 0.0
        for s in range(sites):
            if weight[s] == 0.0:
                continue
            p = 0.0
            for k in range(count):
                p += share[k] * frequency[s, k]
            none = genotype[s, 0] * (1 - p) * (1 - p)
            one = genotype[s, 1] * 2 * p * (1 - p)
            two = genotype[s, 2] * p * p
            copies = (one + 2 * two) / (none + one + two)
            alt, ref = weight[s] * copies / p, weight[s] * (2 - copies) / (1 - p)
            for k in range(count):
                gathered[k] += share[k] * (alt * frequency[s, k] + ref * (1 - frequency[s, k]))
        # By their own sum and not by the alleles counted: shares that sum to 1 + d, d from rounding, would drift away.
        total = gathered.sum()
        moved = 0.0
        for k in range(count):
            fresh = gathered[k] / total
            moved = max(moved, abs(fresh - share[k]))
            share[k] = fresh
        if moved < tolerance:
            break
    return share
