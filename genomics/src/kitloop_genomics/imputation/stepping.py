"""One step of the haploid Li and Stephens chain, onto a run of sites; forward and backward are the same, walked two ways.

Forward, a_t(h) = e_t(h) [(1-r) a_{t-1}(h) / S + r/N]. Backward, with w_t = e_t b_t, likewise
w_t(h) = e_t(h) [(1-r) w_{t+1}(h) / S + r/N]. Both are scaled by the sum before, so that they stay near 1/N.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled_into_callers


@compiled_into_callers
def step(
    state: NDArray[np.float32],
    codes: NDArray[np.uint8],
    arrive: np.float32,
    keep: np.float32,
    emission: NDArray[np.float32],
) -> np.float32:
    """Replace `state` (N,) by emission x (keep x state + arrive) and return its sum.

    codes: (N,) alleles of each haplotype, indices into `emission` (2^m,).
    """
    total = np.float32(0)
    if emission.shape[0] == 2:
        # One site, as most are: arithmetic is quicker than looking up.
        on_ref, more = emission[0], emission[1] - emission[0]
        for h in range(state.shape[0]):
            value = (keep * state[h] + arrive) * (on_ref + more * np.float32(codes[h]))
            state[h] = value
            total += value
    else:
        for h in range(state.shape[0]):
            value = (keep * state[h] + arrive) * emission[codes[h]]
            state[h] = value
            total += value
    return total


@compiled_into_callers
def product(
    ahead: NDArray[np.float32],
    back: NDArray[np.float32],
    keep: np.float32,
    arrive: np.float32,
    out: NDArray[np.float32],
) -> None:
    """out = forward x backward, scaled to sum 1."""
    total = np.float32(0)
    for i in range(ahead.shape[0]):
        value = ahead[i] * (keep * back[i] + arrive)
        out[i] = value
        total += value
    scale = np.float32(1) / total
    for i in range(ahead.shape[0]):
        out[i] *= scale


@compiled_into_callers
def weigh(weights: NDArray[np.float32], alleles: NDArray[np.uint8]) -> np.float32:
    """Sum of the weights (N,) of those who carry ALT."""
    found = np.float32(0)
    for i in range(weights.shape[0]):
        found += weights[i] * np.float32(alleles[i])
    return found
