"""Is a minimap2 index whole and made for short reads? minimap2 itself reads a cut one without a word and maps nothing."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from kitloop_genomics.errors import BundleError

SHORT_READS = (21, 11)  # k and w of minimap2's preset `sr`
_MAGIC = b"MMI\2"
_WITHOUT_SEQUENCE = 2
_REMEDY = "Make it again with `minimap2 -x sr -d reference.mmi reference.fa`"


def check_index(path: Path, contigs: list[str]) -> None:
    """Follow the file from block to block (minimap2's index.c, mm_idx_dump), without reading what is in them.

    Raises `BundleError` for a file that breaks off or goes on, of other k and w, without the reference's bases, or of
    other sequences than `contigs`.
    """
    with path.open("rb") as file:
        try:
            if file.read(4) != _MAGIC:
                raise BundleError(path, "is no minimap2 index", _REMEDY)
            w, k, bucket_bits, sequences, flag = struct.unpack("<5I", _exactly(file, 20))
            names, length = [], 0
            for _ in range(sequences):
                names.append(_exactly(file, _exactly(file, 1)[0]).decode(errors="replace"))
                length += _number(file)
            if (k, w) != SHORT_READS or flag & _WITHOUT_SEQUENCE:
                raise BundleError(path, f"was made for other reads (k {k}, w {w})", _REMEDY)
            if sorted(names) != sorted(contigs):
                raise BundleError(path, "holds other sequences than the reference", _REMEDY)
            for _ in range(1 << bucket_bits):
                file.seek(8 * _number(file), 1)
                file.seek(16 * _number(file), 1)
            expected = file.tell() + (length + 7) // 8 * 4
        except EOFError as error:
            raise BundleError(path, f"breaks off at byte {path.stat().st_size}", _REMEDY) from error
    found = path.stat().st_size
    if found != expected:
        raise BundleError(path, f"has {found} bytes where {expected} are due", _REMEDY)


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _number(file: BinaryIO) -> int:
    return int.from_bytes(_exactly(file, 4), "little")
