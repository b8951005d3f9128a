"""The inner loops over reads and observations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled


@compiled
def walk_records(
    data: NDArray[np.uint8],
    contig: int,
    position: NDArray[np.int64],
    ref: NDArray[np.uint8],
    alt: NDArray[np.uint8],
    skipped: int,
    min_mapq: int,
    min_quality: int,
    out_site: NDArray[np.int64],
    out_fragment: NDArray[np.int64],
    out_alt: NDArray[np.uint8],
    out_quality: NDArray[np.uint8],
    out_mapq: NDArray[np.uint8],
) -> tuple[int, int]:
    """Walk the CIGAR of each BAM record in `data` past the sites under it (SAM specification, section 4.2).

    The sites are those of the BAM's sequence number `contig`, positions 0-based and rising; the first record of another
    sequence ends the walk. ref and alt are BAM's codes of a base, or one that no base has. Records with a flag of `skipped`
    are left out. Into the `out` columns go, per base that shows REF or ALT: site, a number of the fragment's name, 1 for
    ALT, base quality and mapping quality. Returns how many there are, and how many bytes of `data` the records take that
    were walked: whole ones, whose observations all have room.
    """
    found = 0
    record = 0
    end = np.int64(len(position))
    while record + 36 <= len(data) and record + 4 + _int32(data, record) <= len(data):
        if _int32(data, record + 4) != contig:
            break
        at = _int32(data, record + 8)
        name, name_length = record + 36, np.int64(data[record + 12])
        mapq = data[record + 13]
        operations = data[record + 16] | (data[record + 17] << 8)
        flag = data[record + 18] | (data[record + 19] << 8)
        cigar = name + name_length
        bases = cigar + 4 * operations
        qualities = bases + (_int32(data, record + 20) + 1) // 2
        begun, before = record, found
        record += 4 + _int32(data, record)
        if flag & skipped or mapq < min_mapq:
            continue
        site = np.int64(0)
        beyond = end
        while site < beyond:  # the first site that isn't before the read
            middle = (site + beyond) // 2
            if position[middle] < at:
                site = middle + 1
            else:
                beyond = middle
        if site == end:
            continue
        fragment = _hashed(data[name : name + name_length])
        query = 0
        for row in range(operations):
            operation = _int32(data, cigar + 4 * row)
            kind, length = operation & 15, operation >> 4
            if kind == 0 or kind == 7 or kind == 8:  # M, =, X
                while site < end and position[site] < at + length:
                    here = query + position[site] - at
                    base = data[bases + here // 2] & 15 if here % 2 else data[bases + here // 2] >> 4
                    quality = data[qualities + here]
                    if quality >= min_quality and (base == ref[site] or base == alt[site]):
                        if found == len(out_site):
                            return before, begun
                        out_site[found] = site
                        out_fragment[found] = fragment
                        out_alt[found] = 1 if base == alt[site] else 0
                        out_quality[found] = quality
                        out_mapq[found] = mapq
                        found += 1
                    site += 1
                query += length
                at += length
            elif kind == 1 or kind == 4:  # I, S
                query += length
            elif kind == 2 or kind == 3:  # D, N: the read shows no base there
                at += length
                while site < end and position[site] < at:
                    site += 1
    return found, record


@compiled
def _int32(data: NDArray[np.uint8], at: int | np.int64) -> int:
    low = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16)
    value: int = low + (data[at + 3] - 256 * (data[at + 3] >= 128)) * 16_777_216
    return value


@compiled
def _hashed(name: NDArray[np.uint8]) -> np.int64:
    """FNV-1a of 64 bits: two of ten million names share one in one of a hundred thousand runs."""
    value = np.uint64(0xCBF29CE484222325)
    for letter in name:
        value = (value ^ np.uint64(letter)) * np.uint64(0x100000001B3)
    return np.int64(value)


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
