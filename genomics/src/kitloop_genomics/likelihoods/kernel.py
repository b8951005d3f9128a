"""The inner loops over reads and observations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled

Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]]


@compiled
def walk_reads(
    position: NDArray[np.int64],
    ref: NDArray[np.uint8],
    alt: NDArray[np.uint8],
    start: NDArray[np.int64],
    mapq: NDArray[np.int64],
    bases: NDArray[np.uint8],
    qualities: NDArray[np.uint8],
    base_ends: NDArray[np.int64],
    operations: NDArray[np.int64],
    operation_ends: NDArray[np.int64],
    min_quality: int,
) -> Found:
    """Walk each read's CIGAR past the sites under it (positions 0-based, sorted).

    Reads lie end to end in `bases` and `qualities`, read r from base_ends[r] to base_ends[r + 1]; `operations`
    holds (operation, length) rows in the same way. Returns, per base that shows REF or ALT: site, read, 1 for ALT,
    base quality and mapping quality.
    """
    sites = len(position)
    room = 1024
    out_site = np.empty(room, np.int64)
    out_read = np.empty(room, np.int64)
    out_alt = np.empty(room, np.uint8)
    out_quality = np.empty(room, np.uint8)
    out_mapq = np.empty(room, np.int64)
    found = 0
    for read in range(len(start)):
        at = start[read]
        query = base_ends[read]
        site = np.searchsorted(position, at)
        for row in range(operation_ends[read], operation_ends[read + 1]):
            kind, length = operations[row, 0], operations[row, 1]
            if kind == 0 or kind == 7 or kind == 8:  # M, =, X
                while site < sites and position[site] < at + length:
                    here = query + position[site] - at
                    base = bases[here]
                    if qualities[here] >= min_quality and (base == ref[site] or base == alt[site]):
                        if found == room:
                            room *= 2
                            out_site = _grown(out_site, room)
                            out_read = _grown(out_read, room)
                            out_alt = _grown(out_alt, room)
                            out_quality = _grown(out_quality, room)
                            out_mapq = _grown(out_mapq, room)
                        out_site[found] = site
                        out_read[found] = read
                        out_alt[found] = 1 if base == alt[site] else 0
                        out_quality[found] = qualities[here]
                        out_mapq[found] = mapq[read]
                        found += 1
                    site += 1
                query += length
                at += length
            elif kind == 1 or kind == 4:  # I, S
                query += length
            elif kind == 2 or kind == 3:  # D, N: the read shows no base there
                at += length
                while site < sites and position[site] < at:
                    site += 1
    return out_site[:found], out_read[:found], out_alt[:found], out_quality[:found], out_mapq[:found]


@compiled
def _grown(values: NDArray[Any], room: int) -> NDArray[Any]:
    larger = np.empty(room, values.dtype)
    larger[: len(values)] = values
    return larger


@compiled
def multiply(
    sites: int, site: NDArray[np.int64], is_alt: NDArray[np.uint8], error: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(sites, 3) natural-log likelihood of the observations given 0, 1 or 2 copies of ALT; 0 without any."""
    log = np.zeros((sites, 3))
    for k in range(len(site)):
        e = error[k]
        right, wrong = np.log(1 - e), np.log(e)
        row = log[site[k]]
        row[0] += wrong if is_alt[k] else right
        row[1] += np.log(0.5)
        row[2] += right if is_alt[k] else wrong
    return log
