"""Which panel haplotypes a chromosome copies where: haploid forward-backward over the whole panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled_into_callers, compiled_reordering
from kitloop_genomics.imputation.codes import codes_of_all
from kitloop_genomics.imputation.stepping import step


@compiled_reordering
def rank(
    packed: NDArray[np.uint8],
    haplotypes: int,
    site: NDArray[np.int64],
    run_edge: NDArray[np.int64],
    emission: NDArray[np.float32],
    start: NDArray[np.int64],
    switch: NDArray[np.float32],
    probe: NDArray[np.int64],
    window_of_probe: NDArray[np.int64],
    eight_bytes: NDArray[np.uint64],
    posterior: NDArray[np.float32],
) -> None:
    """Add to `posterior` (W, N) what each probe says of its window: the chance of copying each of N haplotypes.

    packed: (M, B) uint8 panel.  site: (J,) rows that the reads say something about.  run_edge: (R + 1,) runs of them.
    emission: (C, T) float32 for C chromosomes, by codes of alleles, the table of run t beginning at start[t] (R + 1,).
    switch: (R,) float32, chance of a switch on the way to each.  probe: (P,) increasing indices of runs; only there
    forward states are kept, so nothing is computed twice. The panel's rows are unpacked once for all C.
    """
    chromosomes, count = emission.shape[0], switch.shape[0]
    width = np.int64(packed.shape[1])
    words = np.empty(width, np.uint64)
    codes = words.view(np.uint8)[:haplotypes]
    one, n = np.float32(1), np.float32(haplotypes)
    state = np.full((chromosomes, haplotypes), one / n)
    total = np.full(chromosomes, one)
    kept = np.empty((probe.shape[0], chromosomes, haplotypes), np.float32)
    following = 0
    for t in range(count):
        codes_of_all(packed, site[run_edge[t] : run_edge[t + 1]], eight_bytes, words)
        r = switch[t]
        for c in range(chromosomes):
            total[c] = step(state[c], codes, r / n, (one - r) / total[c], emission[c, start[t] : start[t + 1]])
        if following < probe.shape[0] and probe[following] == t:
            kept[following] = state
            following += 1
    state[:] = one / n
    total[:] = one
    following = probe.shape[0] - 1
    for t in range(count - 1, -1, -1):
        r = switch[t + 1] if t + 1 < count else np.float32(0)
        if following >= 0 and probe[following] == t:
            for c in range(chromosomes):
                _add_product(
                    kept[following, c], state[c], (one - r) / total[c], r / n, posterior[window_of_probe[following]]
                )  # fmt: skip
            following -= 1
        codes_of_all(packed, site[run_edge[t] : run_edge[t + 1]], eight_bytes, words)
        for c in range(chromosomes):
            total[c] = step(state[c], codes, r / n, (one - r) / total[c], emission[c, start[t] : start[t + 1]])


@compiled_into_callers
def _add_product(
    ahead: NDArray[np.float32],
    back: NDArray[np.float32],
    keep: np.float32,
    arrive: np.float32,
    posterior: NDArray[np.float32],
) -> None:
    """Add forward x backward, scaled to sum 1; the product takes the place of `ahead`."""
    # Not `stepping.product`: one form for both, in place and scaled by its callers, gave the same bytes in 2 % more time at
    # 0.4x (0.77 and 0.79 s of three people, 800 in the panel; alike at 1x), as each caller walks the row once more.
    total = np.float32(0)
    for h in range(ahead.shape[0]):
        value = ahead[h] * (keep * back[h] + arrive)
        ahead[h] = value
        total += value
    scale = np.float32(1) / total
    for h in range(ahead.shape[0]):
        posterior[h] += ahead[h] * scale
