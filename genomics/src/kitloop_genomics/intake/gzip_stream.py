"""Read a gzip file once, front to back, and tell the ways in which it can be broken apart."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20


class NotGzipError(Exception):
    """The file doesn't start with the gzip mark."""


class TruncatedError(Exception):
    """The compressed stream ends before its end mark."""


class CorruptError(Exception):
    """The compressed stream holds impossible data or fails its own checksum."""


class _Counting(io.RawIOBase):
    """Passes bytes through while hashing them. Not seekable, so gzip never rereads."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
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
                mark = raw.peek(2)[:2]
                if not mark:
                    return
                if mark != b"\x1f\x8b":
                    raise NotGzipError
                with gzip.GzipFile(fileobj=source, mode="rb") as stream:
                    while chunk := stream.read(_CHUNK):
                        yield chunk
            except EOFError as error:
                raise TruncatedError from error
            except (gzip.BadGzipFile, zlib.error) as error:
                raise CorruptError(str(error)) from error
            finally:
                while source.read(_CHUNK):
                    pass
                self.sha256 = source.digest.hexdigest()
