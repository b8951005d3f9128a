"""Pairs of donors drawn from the exact diploid posterior over the K best donors of each window.

The table over ordered pairs is symmetric, so the sum over a row is the sum over its column. With row sums R and
total S, a transition costs one visit per cell:

    next(i, j) = e(a_i, a_j) [ (1-r)² now(i, j) + r (1-r)/K (R_i + R_j) + (r/K)² S ] / S

Between windows a pair keeps its mass if both donors are in the next set; the rest is spread evenly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled, compiled_into_callers
from kitloop_genomics.imputation.codes import codes_of_few
from kitloop_genomics.imputation.linking import MOST_SITES

_LEAK = np.float32(1e-4)
_CODES = 2**MOST_SITES


@compiled_into_callers
def pair_step(
    now: NDArray[np.float32],
    rows: NDArray[np.float32],
    total: np.float32,
    codes: NDArray[np.uint8],
    emission: NDArray[np.float32],
    switch: np.float32,
    then: NDArray[np.float32],
    then_rows: NDArray[np.float32],
    work: NDArray[np.float32],
) -> np.float32:
    """One run of m sites forward from `now` (K, K) into `then`, with its row sums; returns its total.

    codes: (K,) alleles of each donor.  emission: (4^m,) by the codes of both sides.  work: (17, K), room for the rows
    of `emission` over the donors.
    """
    k = np.int64(now.shape[0])
    stay, share = np.float32(1) - switch, switch / np.float32(k)
    keep, one_side = stay * stay / total, stay * share / total
    arrive = work[_CODES]
    for j in range(k):
        arrive[j] = one_side * rows[j] + share * share
    many = 2
    while many * many < emission.shape[0]:
        many *= 2
    for code in range(many):
        for j in range(k):
            work[code, j] = emission[code * many + codes[j]]
    grand = np.float32(0)
    for i in range(k):
        weight = work[codes[i]]
        come = one_side * rows[i]
        row_sum = np.float32(0)
        from_row, to_row = now[i], then[i]
        for j in range(k):
            value = weight[j] * (keep * from_row[j] + (come + arrive[j]))
            to_row[j] = value
            row_sum += value
        then_rows[i] = row_sum
        grand += row_sum
    return grand


@compiled
def _carry(
    now: NDArray[np.float32],
    total: np.float32,
    came_from: NDArray[np.int64],
    then: NDArray[np.float32],
    then_rows: NDArray[np.float32],
) -> np.float32:
    """The table over one window's donors as one over the next window's; `came_from` (K,) is -1 for new ones."""
    k = now.shape[0]
    carried = np.float32(0)
    for i in range(k):
        for j in range(k):
            value = np.float32(0)
            if came_from[i] >= 0 and came_from[j] >= 0:
                value = now[came_from[i], came_from[j]] / total
            then[i, j] = value
            carried += value
    spread = max(_LEAK, np.float32(1) - carried) / np.float32(k * k)
    grand = np.float32(0)
    for i in range(k):
        row_sum = np.float32(0)
        for j in range(k):
            then[i, j] += spread
            row_sum += then[i, j]
        then_rows[i] = row_sum
        grand += row_sum
    return grand


@compiled
def _pick(weights: NDArray[np.float32], total: np.float32, uniform: float) -> int:
    """Index drawn with chance proportional to its weight. `uniform` is in [0, 1)."""
    left = uniform * total
    for at in range(weights.shape[0]):
        left -= weights[at]
        if left < 0:
            return at
    return int(weights.shape[0] - 1)


@compiled
def draw_pairs(
    packed: NDArray[np.uint8],
    site: NDArray[np.int64],
    run_edge: NDArray[np.int64],
    emission: NDArray[np.float32],
    start_of: NDArray[np.int64],
    switch: NDArray[np.float32],
    edge: NDArray[np.int64],
    donor: NDArray[np.int64],
    came_from: NDArray[np.int64],
    uniform: NDArray[np.float64],
    drawn: NDArray[np.uint8],
) -> None:
    """Fill `drawn` (Q, 2, J) with the alleles of Q pairs of mosaics drawn from the posterior.

    packed: (M, B) panel.  site: (J,) informative rows.  run_edge: (R + 1,) runs of them.  emission: (T,) by codes of
    both sides, the table of run t beginning at start_of[t] (R + 1,).  switch: (R,).  edge: (W + 1,) windows as indices
    of runs, none empty.  donor: (W, K) haplotypes of each window.  came_from: (W, K) place of each donor in the window
    before, or -1.  uniform: (Q, R, 2) in [0, 1).
    Tables are kept at the windows' starts and made again on the way back, so memory is bounded by one window.
    """
    windows, k = donor.shape
    longest = 0
    for w in range(windows):
        longest = max(longest, edge[w + 1] - edge[w])
    start = np.empty((windows, k, k), np.float32)
    start_rows = np.empty((windows, k), np.float32)
    start_total = np.empty(windows, np.float32)
    table = np.empty((longest, k, k), np.float32)
    rows = np.empty((longest, k), np.float32)
    total = np.empty(longest, np.float32)
    codes = np.empty((longest, k), np.uint8)
    work = np.empty((_CODES + 1, k), np.float32)
    start[0] = np.float32(1) / np.float32(k * k)
    start_rows[0] = np.float32(1) / np.float32(k)
    start_total[0] = np.float32(1)
    one, other, spare, spare_rows = table[0].copy(), table[0].copy(), rows[0].copy(), rows[0].copy()
    for w in range(windows - 1):
        # Copies, not assignments into what is there, which numba takes seconds to compile.
        one, spare = start[w].copy(), start_rows[w].copy()
        grand = start_total[w]
        for t in range(edge[w], edge[w + 1]):
            codes_of_few(packed, site[run_edge[t] : run_edge[t + 1]], donor[w], codes[0])
            shown = emission[start_of[t] : start_of[t + 1]]
            grand = pair_step(one, spare, grand, codes[0], shown, switch[t], other, spare_rows, work)
            one, other = other, one
            spare, spare_rows = spare_rows, spare
        start_total[w + 1] = _carry(one, grand, came_from[w + 1], start[w + 1], start_rows[w + 1])
    paths = uniform.shape[0]
    left, right = np.full(paths, -1), np.full(paths, -1)
    for w in range(windows - 1, -1, -1):
        first, last = edge[w], edge[w + 1]
        for t in range(first, last):
            at = t - first
            codes_of_few(packed, site[run_edge[t] : run_edge[t + 1]], donor[w], codes[at])
            shown = emission[start_of[t] : start_of[t + 1]]
            if at == 0:
                total[0] = pair_step(
                    start[w], start_rows[w], start_total[w], codes[0], shown, switch[t], table[0], rows[0], work
                )  # fmt: skip
            else:
                total[at] = pair_step(
                    table[at - 1], rows[at - 1], total[at - 1], codes[at], shown, switch[t], table[at], rows[at], work
                )  # fmt: skip
        for q in range(paths):
            i, j = left[q], right[q]
            for t in range(last - 1, first - 1, -1):
                at = t - first
                r = switch[t + 1] if t + 1 < switch.shape[0] else np.float32(1)
                if t == last - 1:
                    # Across the border donors may be missing: then that side has switched.
                    r = max(r, _LEAK)
                i, j = _step_back(table[at], rows[at], total[at], r, i, j, uniform[q, t])
                for place in range(run_edge[t + 1] - run_edge[t]):
                    drawn[q, 0, run_edge[t] + place] = (codes[at, i] >> np.uint8(place)) & 1
                    drawn[q, 1, run_edge[t] + place] = (codes[at, j] >> np.uint8(place)) & 1
            if w:
                i, j = came_from[w, i], came_from[w, j]
            left[q], right[q] = i, j


@compiled
def _step_back(
    table: NDArray[np.float32],
    rows: NDArray[np.float32],
    total: np.float32,
    switch: np.float32,
    i: int,
    j: int,
    uniform: NDArray[np.float64],
) -> tuple[int, int]:
    """The pair at this site given the pair (i, j) at the one after; -1 where that donor is not of this window."""
    stay, share = np.float32(1) - switch, switch / np.float32(table.shape[0])
    both_stay = stay * stay * table[i, j] if i >= 0 and j >= 0 else np.float32(0)
    left_new = stay * share * rows[j] if j >= 0 else np.float32(0)
    right_new = stay * share * rows[i] if i >= 0 else np.float32(0)
    both_new = share * share * total
    at = uniform[0] * (both_stay + left_new + right_new + both_new)
    if at < both_stay:
        return i, j
    at -= both_stay
    if at < left_new:
        return _pick(table[j], rows[j], at / left_new), j
    at -= left_new
    if at < right_new:
        return i, _pick(table[i], rows[i], at / right_new)
    at -= right_new
    i = _pick(rows, total, min(at / both_new, 0.9999999))
    return i, _pick(table[i], rows[i], uniform[1])
