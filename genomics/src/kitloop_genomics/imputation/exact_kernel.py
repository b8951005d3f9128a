"""Exact diploid forward-backward over pairs of panel haplotypes.

The two sides are interchangeable, so only pairs i >= j are kept, row after row: pair (i, j) is at i (i + 1) / 2 + j,
which halves work and memory. With the row sums R of the full table, a transition costs one visit per pair:

    next(i, j) = e(a_i + a_j) [ (1-r)² now(i, j) + r (1-r)/N (R_i + R_j) + (r/N)² ]      (now sums to 1)

Forward tables are kept at the start of each block of about sqrt(M) sites and made again on the way back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled_reordering


@compiled_reordering
def _forward_step(
    table: NDArray[np.float32],
    rows: NDArray[np.float32],
    total: np.float32,
    alleles: NDArray[np.uint8],
    emission: NDArray[np.float32],
    switch: np.float32,
    out: NDArray[np.float32],
    out_rows: NDArray[np.float32],
    onto_ref: NDArray[np.float32],
    onto_alt: NDArray[np.float32],
    arrive: NDArray[np.float32],
) -> np.float32:
    """One site forward, from `table` (with row sums and total) into `out` (may be the same); returns its total."""
    n = np.int64(alleles.shape[0])
    stay, share = np.float32(1) - switch, switch / np.float32(n)
    keep = stay * stay / total
    one_side = stay * share / total
    for j in range(n):
        onto_ref[j] = emission[1] if alleles[j] else emission[0]
        onto_alt[j] = emission[2] if alleles[j] else emission[1]
        arrive[j] = one_side * rows[j] + share * share
        out_rows[j] = np.float32(0)
    start = 0
    for i in range(n):
        come = one_side * rows[i]
        weight = onto_alt if alleles[i] else onto_ref
        row_sum = np.float32(0)
        now = table[start : start + i]
        then = out[start : start + i]
        for j in range(i):
            value = weight[j] * (keep * now[j] + (come + arrive[j]))
            then[j] = value
            row_sum += value
            out_rows[j] += value
        value = weight[i] * (keep * table[start + i] + (come + arrive[i]))
        out[start + i] = value
        out_rows[i] += row_sum + value
        start += i + 1
    grand = np.float32(0)
    for j in range(n):
        grand += out_rows[j]
    return grand


@compiled_reordering
def _backward_step(
    forward: NDArray[np.float32],
    table: NDArray[np.float32],
    rows: NDArray[np.float32],
    total: np.float32,
    switch: np.float32,
    alleles: NDArray[np.float32],
    emission: NDArray[np.float32],
    out_rows: NDArray[np.float32],
    onto_ref: NDArray[np.float32],
    onto_alt: NDArray[np.float32],
    arrive: NDArray[np.float32],
    posterior: NDArray[np.float32],
) -> np.float32:
    """One site backward: finish the transition into this site, take the posterior, multiply this site's emission in.

    `table` holds backward x emission of the site after; it is replaced by that of this site, with its row sums in
    `out_rows` and its total returned. `switch` leads from this site to the one after.
    """
    n = np.int64(alleles.shape[0])
    stay, share = np.float32(1) - switch, switch / np.float32(n)
    # Scaled so that the average entry is about 1, whatever the total was.
    scale = np.float32(n) * np.float32(n) / total
    keep = stay * stay * scale
    one_side = stay * share * scale
    for j in range(n):
        onto_ref[j] = emission[1] if alleles[j] else emission[0]
        onto_alt[j] = emission[2] if alleles[j] else emission[1]
        arrive[j] = one_side * rows[j] + share * share * scale * total
        out_rows[j] = np.float32(0)
    p0, p1, p2 = np.float32(0), np.float32(0), np.float32(0)
    start = 0
    for i in range(n):
        come = one_side * rows[i]
        is_alt = alleles[i] > 0
        weight = onto_alt if is_alt else onto_ref
        row_sum, seen, seen_alt = np.float32(0), np.float32(0), np.float32(0)
        ahead = forward[start : start + i]
        back = table[start : start + i]
        for j in range(i):
            value = keep * back[j] + (come + arrive[j])
            both = ahead[j] * value
            seen += both
            seen_alt += both * alleles[j]
            value *= weight[j]
            back[j] = value
            row_sum += value
            out_rows[j] += value
        value = keep * table[start + i] + (come + arrive[i])
        own = forward[start + i] * value
        value *= weight[i]
        table[start + i] = value
        out_rows[i] += row_sum + value
        # Pairs off the diagonal stand for two ordered ones.
        if is_alt:
            p1 += np.float32(2) * (seen - seen_alt)
            p2 += np.float32(2) * seen_alt + own
        else:
            p0 += np.float32(2) * (seen - seen_alt) + own
            p1 += np.float32(2) * seen_alt
        start += i + 1
    every = p0 + p1 + p2
    posterior[0], posterior[1], posterior[2] = p0 / every, p1 / every, p2 / every
    grand = np.float32(0)
    for j in range(n):
        grand += out_rows[j]
    return grand


@compiled_reordering
def forward_backward(
    haplotypes: NDArray[np.uint8], emission: NDArray[np.float32], switch: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(M, 3) posterior of the copied genotype.

    haplotypes: (M, N) uint8, C order.  emission: (M, 3) likelihood of each copied genotype, largest about 1.
    switch: (M,) chance of a switch on the way to each site; the first is 1.
    """
    sites, n = haplotypes.shape
    pairs = n * (n + 1) // 2
    posterior = np.empty((sites, 3), np.float32)
    block = max(1, int(np.sqrt(sites)))
    blocks = (sites + block - 1) // block
    saved = np.empty((blocks, pairs), np.float32)
    saved_rows = np.empty((blocks, n), np.float32)
    saved_total = np.empty(blocks, np.float32)
    onto_ref, onto_alt = np.empty(n, np.float32), np.empty(n, np.float32)
    arrive, spare = np.empty(n, np.float32), np.empty(n, np.float32)
    table = np.full(pairs, np.float32(1) / np.float32(n * n))
    rows = np.full(n, np.float32(1) / np.float32(n))
    total = np.float32(1)
    for b in range(blocks):
        saved[b], saved_rows[b], saved_total[b] = table, rows, total
        for m in range(b * block, min(sites, (b + 1) * block)):
            total = _forward_step(
                table, rows, total, haplotypes[m], emission[m], switch[m], table, spare, onto_ref, onto_alt, arrive
            )
            rows, spare = spare, rows
    ahead = np.empty((block, pairs), np.float32)
    back = np.full(pairs, np.float32(1))
    back_rows = np.full(n, np.float32(n))
    back_total = np.float32(n) * np.float32(n)
    alleles = np.empty(n, np.float32)
    for b in range(blocks - 1, -1, -1):
        first, last = b * block, min(sites, (b + 1) * block)
        table, rows, total = saved[b], saved_rows[b], saved_total[b]
        for m in range(first, last):
            out = ahead[m - first]
            total = _forward_step(
                table, rows, total, haplotypes[m], emission[m], switch[m], out, spare, onto_ref, onto_alt, arrive
            )
            table = out
            rows, spare = spare, rows
        for m in range(last - 1, first - 1, -1):
            to_next = switch[m + 1] if m + 1 < sites else np.float32(0)
            for j in range(n):
                alleles[j] = haplotypes[m, j]
            back_total = _backward_step(
                ahead[m - first], back, back_rows, back_total, to_next, alleles, emission[m], spare,
                onto_ref, onto_alt, arrive, posterior[m],
            )  # fmt: skip
            back_rows, spare = spare, back_rows
    return posterior
