"""Haplotypes that are alike along a stretch of informative sites, counted once there, as Minimac does (10.1038/ng.3656)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled
from kitloop_genomics.imputation.bits import EIGHT_BYTES, allele
from kitloop_genomics.imputation.codes import codes_of_all

_MOST_SITES = 64  # of a piece, so that a haplotype's alleles there are one word
_BORDER = 2.0  # what a haplotype costs at a border of blocks, in steps of a group onto a run
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: 2^64 over the golden ratio
_WORD = np.uint64(64)


@dataclass(frozen=True, slots=True)
class Folded:
    """N haplotypes at J informative sites, in B blocks of the R runs of these; in each, those of the same alleles are a group.

    run_edge: (R + 1,) int64 runs as indices of the J sites.  edge: (B + 1,) int64 blocks as indices of runs.
    group: (B, N) int32, each haplotype's group.  many: (B,) int64 groups of each block, at most U.
    size: (B, U) float32 haplotypes of each group.  packed: (J, ceil(U / 8)) uint8 alleles of the groups at each site.
    """

    run_edge: NDArray[np.int64]
    edge: NDArray[np.int64]
    group: NDArray[np.int32]
    many: NDArray[np.int64]
    size: NDArray[np.float32]
    packed: NDArray[np.uint8]


def fold(
    packed: NDArray[np.uint8],
    haplotypes: int,
    site: NDArray[np.int64],
    run_edge: NDArray[np.int64],
    most_sites: int = _MOST_SITES,
    border: float = _BORDER,
) -> Folded:
    """Fold the N `haplotypes` of the panel `packed` (M, B) at its rows `site` (J,), which are in runs `run_edge` (R + 1,).

    Blocks are made of pieces of at most `most_sites` (4 to 64), and grow as long as the steps that more groups take
    cost less than a border, where every haplotype's state is worked out: `border` steps each.
    """
    piece = _pieces(run_edge, most_sites)
    edge, many = np.zeros(len(piece), np.int64), np.zeros(len(piece) - 1, np.int64)
    # Most of these is never touched, and then isn't memory.
    group = np.empty((len(piece) - 1, haplotypes), np.int32)
    first = np.empty((len(piece) - 1, haplotypes), np.int32)
    blocks = find_groups(packed, site, run_edge, piece, border * haplotypes, EIGHT_BYTES, group, first, edge, many)
    edge, many, group = edge[: blocks + 1], many[:blocks], group[:blocks]
    size = np.zeros((blocks, many.max()), np.float32)
    for block in range(blocks):
        size[block] = np.bincount(group[block], minlength=size.shape[1])
    alleles = np.zeros((len(site), -(-size.shape[1] // 8)), np.uint8)
    pack_groups(packed, site, run_edge[edge], first, many, alleles)
    return Folded(run_edge, edge, group, many, size, alleles)


def _pieces(run_edge: NDArray[np.int64], most_sites: int) -> NDArray[np.int64]:
    """Whole runs that have at most so many sites together, as indices of runs."""
    piece = [0]
    while piece[-1] < len(run_edge) - 1:
        piece.append(int(np.searchsorted(run_edge, run_edge[piece[-1]] + most_sites, side="right")) - 1)
    return np.array(piece, np.int64)


@compiled
def find_groups(
    packed: NDArray[np.uint8],
    site: NDArray[np.int64],
    run_edge: NDArray[np.int64],
    piece: NDArray[np.int64],
    border: float,
    eight_bytes: NDArray[np.uint64],
    group: NDArray[np.int32],
    first: NDArray[np.int32],
    edge: NDArray[np.int64],
    many: NDArray[np.int64],
) -> int:
    """Fill `group` (P, N), the `first` haplotype of each group, `edge` (P + 1,) and `many` (P,) of the blocks; returns how many.

    piece: (P + 1,) pieces as indices of runs.  border: what a border costs.
    """
    haplotypes = np.int64(group.shape[1])
    words = np.empty(np.int64(packed.shape[1]), np.uint64)
    codes = words.view(np.uint8)
    key = np.empty(haplotypes, np.uint64)
    bits = 1
    while 1 << bits < 2 * haplotypes:
        bits += 1
    table = np.empty(1 << bits, np.int32)
    found, found_first = np.empty((2, haplotypes), np.int32), np.empty((2, haplotypes), np.int32)
    block = -1
    for p in range(piece.shape[0] - 1):
        since, until = run_edge[piece[p]], run_edge[piece[p + 1]]
        key[:] = 0
        for at in range(since, until, 8):
            codes_of_all(packed, site[at : min(at + 8, until)], eight_bytes, words)
            shift = np.uint64(at - since)
            for h in range(haplotypes):
                key[h] |= np.uint64(codes[h]) << shift
        runs = piece[p + 1] - piece[p]
        groups, joined = number(key, table, found[0], found_first[0]), 0
        if block >= 0:
            for h in range(haplotypes):
                key[h] = (np.uint64(group[block, h]) << np.uint64(32)) | np.uint64(found[0, h])
            both = number(key, table, found[1], found_first[1])
            before = piece[p] - edge[block]
            if both * (before + runs) - many[block] * before - groups * runs < border:
                groups, joined = both, 1
        if not joined:
            block += 1
        many[block], edge[block + 1] = groups, piece[p + 1]
        # Copied one by one: numba takes seconds to compile the copying of a row.
        for h in range(haplotypes):
            group[block, h] = found[joined, h]
        for u in range(groups):
            first[block, u] = found_first[joined, u]
    return block + 1


@compiled
def number(
    key: NDArray[np.uint64], table: NDArray[np.int32], group: NDArray[np.int32], first: NDArray[np.int32]
) -> int:
    """Number different keys (N,) as they come, into `group` (N,); their `first` places; returns how many there are.

    table: (2^b,), b at least 1, more than N: room for a hash table.
    """
    room = np.int64(table.shape[0])
    shift = _WORD
    while room > 1:
        room >>= 1
        shift -= np.uint64(1)
    last = np.int64(table.shape[0] - 1)
    table[:] = -1
    many = 0
    for h in range(key.shape[0]):
        at = np.int64((key[h] * _SPREAD) >> shift)
        while table[at] >= 0 and key[first[table[at]]] != key[h]:
            at = (at + 1) & last
        if table[at] < 0:
            table[at] = many
            first[many] = h
            many += 1
        group[h] = table[at]
    return many


@compiled
def pack_groups(
    packed: NDArray[np.uint8],
    site: NDArray[np.int64],
    site_edge: NDArray[np.int64],
    first: NDArray[np.int32],
    many: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Alleles of the groups, of which `first` (B, N) has a haplotype each, into zeros `out` (J, ceil(U / 8)).

    site_edge: (B + 1,) blocks as indices of the J sites.  many: (B,).
    """
    for block in range(many.shape[0]):
        for j in range(site_edge[block], site_edge[block + 1]):
            row = packed[site[j]]
            for u in range(many[block]):
                out[j, u >> 3] |= allele(row, first[block, u]) << np.uint8(7 - (u & 7))
