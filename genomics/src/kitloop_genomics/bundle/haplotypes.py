"""The panel's haplotypes in chunk files: bits for common sites, lists of carriers for rare ones.

A row of bits takes one byte for eight haplotypes, a list two bytes for each carrier of the rarer allele (four if the
panel has more than 65,536 haplotypes). Each site is stored in the way that is smaller, so with two bytes a site is a list
where fewer than one haplotype in 16 carries the rarer allele, whatever the panel's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.columns import Columns, read_columns, write_columns

_BITS, _ALT_CARRIERS, _REF_CARRIERS = 0, 1, 2
_MOST_BYTES = 32 * 2**20  # of one chunk's bits, were all of its sites common
_MOST_SITES = 65_536
_BLOCK = 1_024


def chunk_sites(haplotypes: int) -> int:
    """How many sites a chunk file holds: a power of two, so that a chunk takes at most 32 MiB and 65,536 sites."""
    fits = max(_MOST_BYTES // (-(-haplotypes // 8)), 1)
    return min(_MOST_SITES, 1 << (fits.bit_length() - 1))


def stored_bytes(copies: int, haplotypes: int) -> int:
    """What the haplotypes of one site take, `copies` of which have ALT."""
    return min(-(-haplotypes // 8), _number(haplotypes).itemsize * min(copies, haplotypes - copies))


def write_chunk(path: Path, packed: NDArray[np.uint8], copies: NDArray[np.int64], haplotypes: int) -> None:
    """Write rows of bits, (S, ceil(N/8)) with the first haplotype in the highest bit, and nothing behind the last.

    copies: (S,) haplotypes with ALT.
    """
    number = _number(haplotypes)
    rarer = np.minimum(copies, haplotypes - copies)
    listed = number.itemsize * rarer < packed.shape[1]
    kind = np.where(~listed, _BITS, np.where(copies <= haplotypes - copies, _ALT_CARRIERS, _REF_CARRIERS)).astype(
        np.uint8
    )
    end = np.cumsum(np.where(listed, rarer, 0)).astype(np.int64)
    carriers = np.empty(int(end[-1]) if len(end) else 0, number)
    at = np.flatnonzero(listed)
    filled = 0
    for start in range(0, len(at), _BLOCK):
        rows = at[start : start + _BLOCK]
        alleles = np.unpackbits(packed[rows], axis=1, count=haplotypes)
        found = np.nonzero(alleles == (kind[rows] == _ALT_CARRIERS)[:, None])[1]
        carriers[filled : filled + len(found)] = found
        filled += len(found)
    write_columns(path, {"kind": [kind], "end": [end], "bits": [packed[~listed]], "carriers": [carriers]})


def _number(haplotypes: int) -> np.dtype[Any]:
    """The type of a carrier's number."""
    return np.dtype(np.uint16 if haplotypes <= 2**16 else np.uint32)


@dataclass(frozen=True, slots=True)
class StoredHaplotypes:
    """M sites of N haplotypes in chunk files, of which those are read that a call needs, and nothing is kept.

    chunks: the files in order.  start: (len(chunks) + 1,) first site of each, M last.
    """

    chunks: tuple[Path, ...]
    start: NDArray[np.int64]
    haplotypes: int

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.start[-1]), self.haplotypes

    def packed(self, first: int, last: int) -> NDArray[np.uint8]:
        """(last - first, ceil(N/8)) bits of the sites `first` to `last`, in memory of their own."""
        return self.rows(np.arange(first, last))

    def rows(self, sites: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(len(sites), ceil(N/8)) bits of any sites, in rising order."""
        out = np.empty((len(sites), -(-self.haplotypes // 8)), np.uint8)
        edge = np.searchsorted(sites, self.start)
        for path, begin, low, high in zip(self.chunks, self.start[:-1], edge[:-1], edge[1:], strict=True):
            if low < high:
                out[low:high] = _rows(read_columns(path), sites[low:high] - begin, self.haplotypes)
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All alleles, one byte each: for small panels and for tests."""
        whole = np.unpackbits(self.packed(0, self.shape[0]), axis=1, count=self.haplotypes)
        return whole if dtype is None else whole.astype(dtype)


def _rows(columns: Columns, at: NDArray[np.int64], haplotypes: int) -> NDArray[np.uint8]:
    kind, end = columns["kind"], columns["end"]
    out = np.zeros((len(at), -(-haplotypes // 8)), np.uint8)
    row_of_bits = np.cumsum(kind == _BITS) - 1
    every = np.packbits(np.ones(haplotypes, np.uint8))
    for start in range(0, len(at), _BLOCK):  # the places of carriers take many times what the lists do
        rows, some = out[start : start + _BLOCK], at[start : start + _BLOCK]
        here = kind[some]
        rows[here == _BITS] = columns["bits"][row_of_bits[some[here == _BITS]]]
        _add_carriers(columns["carriers"], np.where(some > 0, end[some - 1], 0), end[some], rows)
        rows[here == _REF_CARRIERS] ^= every
    return out


def _add_carriers(
    carriers: NDArray[np.unsignedinteger[Any]],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    rows: NDArray[np.uint8],
) -> None:
    """Set the bits of the lists from `begin` to `end` (S,) in `rows` (S, B)."""
    length = end - begin
    if not length.any():
        return
    # The place of each carrier: its number among those asked for, moved to where its site's list begins.
    place = np.arange(length.sum()) + np.repeat(begin - (np.cumsum(length) - length), length)
    carrier = carriers[place].astype(np.int64)
    byte = np.repeat(np.arange(len(rows)) * rows.shape[1], length) + (carrier >> 3)
    bit = (128 >> (carrier & 7)).astype(np.uint8)
    # Carriers rise within a site, so those of one byte stand together, each with a bit of its own.
    run = np.flatnonzero(np.diff(byte, prepend=-1))
    rows.reshape(-1)[byte[run]] = np.add.reduceat(bit, run, dtype=np.uint8)
