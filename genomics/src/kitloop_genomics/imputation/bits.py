"""Panel rows as bits: eight haplotypes to a byte, the first in the highest bit, as `numpy.packbits` lays them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled

# Byte -> its eight bits as eight bytes, read as one word: a row is then unpacked by one look-up per eight haplotypes.
EIGHT_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).view(np.uint64).ravel()
_MANY = 4_096


@compiled
def unpack(row: NDArray[np.uint8], eight_bytes: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Bits of `row` (B,) into `out` (B,), whose memory is then 8 B alleles of one byte each."""
    for at in range(row.shape[0]):
        out[at] = eight_bytes[row[at]]


@compiled
def allele(row: NDArray[np.uint8], haplotype: int) -> np.uint8:
    """The allele, 0 or 1, of one haplotype in a packed row."""
    return np.uint8((row[haplotype >> 3] >> np.uint8(7 - (haplotype & 7))) & 1)


def count_bits(packed: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(M,) bits that are set in each row of (M, B), a few thousand rows at a time."""
    parts = [
        np.bitwise_count(packed[start : start + _MANY]).sum(axis=1, dtype=np.int64)
        for start in range(0, len(packed), _MANY)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
