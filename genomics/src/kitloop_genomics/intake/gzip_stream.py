"""Read a gzip file once, front to back, and tell the ways in which it can be broken apart."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
# bgzip's blocks say so in their header's extra field, and an empty one ends the file (SAM specification, section 4.1).
_BGZIP_FIELD = slice(12, 16)
_BGZIP_MARK = b"BC\x02\x00"
_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_OTHER_KINDS = (
    (b"PK", "a zip archive"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"CRAM", "a CRAM"),
    (b"@", "not compressed"),
    (b">", "a FASTA, not compressed"),
)


class NotGzipError(Exception):
    """The file doesn't start with the gzip mark; the message says what it seems to be, or nothing."""


class TruncatedError(Exception):
    """The compressed stream ends before its end mark."""


class CorruptError(Exception):
    """The compressed stream holds impossible data or fails its own checksum."""


class _Counting(io.RawIOBase):
    """Passes bytes through while hashing them. Not seekable, so gzip never rereads."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.tail = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        self.tail = (self.tail + data)[-len(_BGZIP_END) :]
        return data


class GzipStream:
    """Iterate over decompressed chunks of `path`; afterwards `sha256` is that of the whole compressed file.

    An empty file gives no chunks. Raises the three errors of this module while iterating; `sha256` is right then too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sha256 = ""

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as raw:
            source = _Counting(raw)
            try:
                start = raw.peek(len(_BGZIP_END))
                if not start:
                    return
                if not start.startswith(_GZIP):
                    raise NotGzipError(next((kind for mark, kind in _OTHER_KINDS if start.startswith(mark)), ""))
                with gzip.GzipFile(fileobj=source, mode="rb") as stream:
                    while chunk := stream.read1(_CHUNK):
                        yield chunk
                if start[_BGZIP_FIELD] == _BGZIP_MARK and source.tail != _BGZIP_END:
                    raise TruncatedError("bgzip's end mark is missing")
            except EOFError as error:
                raise TruncatedError("the compressed data has no end") from error
            except gzip.BadGzipFile as error:
                other = str(error).startswith(
                    "Not a gzipped file"
                )  # the first bytes were, so it's what comes after them
                raise CorruptError("something else follows the compressed data" if other else str(error)) from error
            except zlib.error as error:
                raise CorruptError(str(error)) from error
            finally:
                while source.read(_CHUNK):
                    pass
                self.sha256 = source.digest.hexdigest()
