"""A panel file as bytes: plain or BGZF, and refused if its end is missing."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitloop_genomics.errors import PanelSourceError

# The empty block that ends every BGZF file (SAM specification, 4.1.2).
END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_CUT_OFF = "Copy or download it again: it is not whole"


class PanelStream(io.BufferedReader):
    """Decompressed bytes; `bytes_read` counts those on the disk."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise PanelSourceError(path, f"can't be opened ({error.strerror})", "Give the path of a file") from error
        start = self._file.read(18)
        if start[:2] == b"\x1f\x8b":
            if start[12:14] != b"BC":
                self._file.close()
                remedy = "Compress it with `bgzip`, or make a BCF with `bcftools view -Ob`"
                raise PanelSourceError(path, "is gzip and not BGZF, so a cut would not show", remedy)
            self._file.seek(-len(END), io.SEEK_END)
            if self._file.read() != END:
                self._file.close()
                raise PanelSourceError(path, "breaks off: the block that ends a BGZF file is missing", _CUT_OFF)
        self._file.seek(0)
        raw = gzip.GzipFile(fileobj=self._file) if start[:2] == b"\x1f\x8b" else self._file
        super().__init__(raw, 1 << 20)

    def bytes_read(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        super().close()
        self._file.close()


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Damage that shows while a file is read becomes an error with a remedy."""
    try:
        yield
    except (EOFError, OSError, zlib.error, ValueError, LookupError, struct.error) as error:
        raise PanelSourceError(path, f"breaks off or is damaged ({error})", _CUT_OFF) from error
