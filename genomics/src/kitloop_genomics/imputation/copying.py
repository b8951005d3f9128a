"""The chance of ALT at every panel site, for mosaics of the K best donors of each window, by haploid forward-backward."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled, compiled_into_callers, compiled_reordering
from kitloop_genomics.imputation.codes import codes_of_all, codes_of_few
from kitloop_genomics.imputation.stepping import product, step, weigh

_LEAK = np.float32(1e-4)


@compiled
def _gather(
    packed: NDArray[np.uint8],
    site: NDArray[np.int64],
    donor: NDArray[np.int64],
    eight_bytes: NDArray[np.uint64],
    words: NDArray[np.uint64],
    out: NDArray[np.uint8],
) -> None:
    """Codes of many donors: unpacking whole rows is quicker than picking bits, unless rows have more bytes than donors are picked."""
    if packed.shape[1] > donor.shape[0]:
        codes_of_few(packed, site, donor, out)
        return
    codes_of_all(packed, site, eight_bytes, words)
    codes = words.view(np.uint8)
    for i in range(donor.shape[0]):
        out[i] = codes[donor[i]]


@compiled_into_callers
def _carry(
    now: NDArray[np.float32], total: np.float32, came_from: NDArray[np.int64], then: NDArray[np.float32]
) -> np.float32:
    """Forward state over one window's donors as one over the next window's, what is lost spread evenly."""
    carried = np.float32(0)
    for i in range(then.shape[0]):
        then[i] = now[came_from[i]] / total if came_from[i] >= 0 else np.float32(0)
        carried += then[i]
    spread = max(_LEAK, np.float32(1) - carried) / np.float32(then.shape[0])
    total = np.float32(0)
    for i in range(then.shape[0]):
        then[i] += spread
        total += then[i]
    return total


@compiled_reordering
def chance_of_alt(
    packed: NDArray[np.uint8],
    site: NDArray[np.int64],
    run_edge: NDArray[np.int64],
    half: NDArray[np.int64],
    emission: NDArray[np.float32],
    start_of: NDArray[np.int64],
    switch: NDArray[np.float32],
    edge: NDArray[np.int64],
    site_edge: NDArray[np.int64],
    donor: NDArray[np.int64],
    came_from: NDArray[np.int64],
    eight_bytes: NDArray[np.uint64],
    out: NDArray[np.float32],
) -> None:
    """Fill `out` (C, M) with P(ALT) of C chromosomes at all M panel sites.

    packed: (M, B).  site: (J,) informative rows.  run_edge: (R + 1,) runs of them.  half: (R,) the first site that takes
    the posterior of a run, not that of the run before.  emission: (C, T) by codes, the table of run t beginning at
    start_of[t] (R + 1,).  switch: (R,).  edge: (W + 1,) windows as indices of runs.
    site_edge: (W + 1,) the same windows in all M sites, site_edge[0] = 0, the last M.  donor, came_from: (W, K).
    """
    windows, k = donor.shape
    chromosomes = emission.shape[0]
    one, n = np.float32(1), np.float32(k)
    longest, longest_sites = 0, 0
    for w in range(windows):
        longest = max(longest, edge[w + 1] - edge[w])
        longest_sites = max(longest_sites, site_edge[w + 1] - site_edge[w])
    words = np.empty(np.int64(packed.shape[1]), np.uint64)
    block = np.empty((longest_sites, k), np.uint8)
    codes = np.empty((longest, k), np.uint8)
    every_site = np.arange(packed.shape[0])
    start = np.empty((windows, chromosomes, k), np.float32)
    start_total = np.empty((windows, chromosomes), np.float32)
    start[0] = one / n
    start_total[0] = one
    state = np.empty((chromosomes, k), np.float32)
    total = np.empty(chromosomes, np.float32)
    for w in range(windows - 1):
        state, total = start[w].copy(), start_total[w].copy()
        for t in range(edge[w], edge[w + 1]):
            _gather(packed, site[run_edge[t] : run_edge[t + 1]], donor[w], eight_bytes, words, codes[0])
            r = switch[t]
            for c in range(chromosomes):
                shown = emission[c, start_of[t] : start_of[t + 1]]
                total[c] = step(state[c], codes[0], r / n, (one - r) / total[c], shown)
        for c in range(chromosomes):
            start_total[w + 1, c] = _carry(state[c], total[c], came_from[w + 1], start[w + 1, c])
    ahead = np.empty((longest, chromosomes, k), np.float32)
    posterior = np.empty((chromosomes, k), np.float32)
    back = np.full((chromosomes, k), one / n)
    back_total = np.full(chromosomes, one)
    for w in range(windows - 1, -1, -1):
        first, last = edge[w], edge[w + 1]
        for m in range(site_edge[w], site_edge[w + 1]):
            _gather(packed, every_site[m : m + 1], donor[w], eight_bytes, words, block[m - site_edge[w]])
        state, total = start[w].copy(), start_total[w].copy()
        for t in range(first, last):
            code = codes[t - first]
            code[:] = 0
            for at in range(run_edge[t], run_edge[t + 1]):
                row = block[site[at] - site_edge[w]]
                for i in range(k):
                    code[i] |= row[i] << np.uint8(at - run_edge[t])
            r = switch[t]
            for c in range(chromosomes):
                shown = emission[c, start_of[t] : start_of[t + 1]]
                total[c] = step(state[c], code, r / n, (one - r) / total[c], shown)
            # One by one, and whole arrays as copies: numba takes seconds to compile an array's assignment to part of another.
            for c in range(chromosomes):
                for i in range(k):
                    ahead[t - first, c, i] = state[c, i]
        until = site_edge[w + 1]
        for t in range(last - 1, first - 1, -1):
            r = switch[t + 1] if t + 1 < switch.shape[0] else np.float32(0)
            since = site_edge[w] if t == first else half[t]
            for c in range(chromosomes):
                product(ahead[t - first, c], back[c], (one - r) / back_total[c], r / n, posterior[c])
                shown = emission[c, start_of[t] : start_of[t + 1]]
                back_total[c] = step(back[c], codes[t - first], r / n, (one - r) / back_total[c], shown)
            for m in range(since, until):
                row = block[m - site_edge[w]]
                for c in range(chromosomes):
                    out[c, m] = weigh(posterior[c], row)
            until = since
        if w:
            for c in range(chromosomes):
                mean = back_total[c] / n
                state[c, :] = mean
                for i in range(k):
                    if came_from[w, i] >= 0:
                        state[c, came_from[w, i]] = back[c, i]
                grand = np.float32(0)
                for i in range(k):
                    back[c, i] = state[c, i]
                    grand += back[c, i]
                # The arriving share is taken of the whole sum, so the sum of the new set must be what is scaled by.
                back_total[c] = grand
