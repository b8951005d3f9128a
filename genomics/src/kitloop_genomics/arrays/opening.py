"""The text of an export, line by line: from the plain file, or out of an untouched zip that is never unpacked."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kitloop_genomics.arrays.errors import (
    DOWNLOAD_AGAIN,
    ExportBrokenZipError,
    ExportEmptyError,
    ExportMalformedError,
    ExportNotTextError,
    ExportSeveralFilesError,
    ExportTooLargeError,
    ExportUnreadableError,
    ExportUnsafeZipError,
)

MAX_ZIP_BYTES = 25 * 1024 * 1024
MAX_TEXT_BYTES = 100_000_000  # the largest exports, with 960,000 rows, have 25 MB
MAX_LINE_BYTES = 4_096
_MAX_DIRECTORY_BYTES = 64 * 1024  # of a zip: a vendor's has one entry, and zipfile reads all of it into memory
_CHUNK = 1 << 18
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_END_64_LOCATOR, _END_64 = b"PK\x06\x07", b"PK\x06\x06"
_PROMISE = "Upload the file as the vendor gave it, without opening or changing it"
# What zipfile lets out on damaged input, beyond its own BadZipFile.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, IndexError, RuntimeError,
)  # fmt: skip


def text_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines without their ends; the last one only if it isn't empty. Memory stays at one chunk.

    Raises the errors of opening and reading of `arrays.errors`, from the first `next` on.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            mark = file.read(4)
    except OSError as error:
        raise ExportUnreadableError(path, f"the file can't be read ({error.strerror})", _PROMISE) from error
    if size == 0:
        raise ExportEmptyError(path, "the file is empty")
    if mark[:2] == b"PK":
        if size > MAX_ZIP_BYTES:
            raise ExportTooLargeError(path, "the zip file has more than 25 MB")
        yield from _split(path, _zipped(path))
    else:
        yield from _split(path, _plain(path))


def _plain(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise ExportUnreadableError(path, f"the file can't be read ({error.strerror})", _PROMISE) from error


def _zipped(path: Path) -> Iterator[bytes]:
    _check_directory(path)
    with _damage_named(path):
        archive = zipfile.ZipFile(path)
    with archive:
        member = _only_member(path, archive)
        with _damage_named(path):
            stream = archive.open(member)
        with stream:
            while True:
                with _damage_named(path):
                    chunk = stream.read(_CHUNK)
                if not chunk:
                    return
                yield chunk


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise ExportBrokenZipError(path, "the zip file breaks off or is damaged") from error


def _check_directory(path: Path) -> None:
    """Refuse a zip whose list of members is missing or far too long, before zipfile reads it."""
    with _damage_named(path), path.open("rb") as file:
        size = file.seek(0, 2)
        tail_at = max(0, size - _END_BYTES - _LONGEST_COMMENT)
        file.seek(tail_at)
        tail = file.read()
        end = tail.rfind(_END)
        if end < 0 or len(tail) - end < _END_BYTES:
            raise ExportBrokenZipError(path, "the zip file breaks off: it has no list of its contents")
        listed = struct.unpack_from("<L", tail, end + 12)[0]
        wide = _wide_directory(file, tail, end)
    if max(listed, wide) > _MAX_DIRECTORY_BYTES:
        raise ExportSeveralFilesError(path, "the zip file lists hundreds of files", _PROMISE)


def _wide_directory(file: IO[bytes], tail: bytes, end: int) -> int:
    """The length that a zip64 record claims for the list of members, 0 without one: zipfile would believe it."""
    locator = tail[max(0, end - 20) : end]
    if locator[:4] != _END_64_LOCATOR:
        return 0
    file.seek(struct.unpack_from("<Q", locator, 8)[0])
    record = file.read(56)
    return struct.unpack_from("<Q", record, 40)[0] if record[:4] == _END_64 else 0


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if any(_is_trick(member) for member in members):
        raise ExportUnsafeZipError(path, "the zip file holds paths or links that lead outside it", _PROMISE)
    # Macs add a folder __MACOSX and hidden files when they zip; they say nothing about the export.
    files = [
        member
        for member in members
        if not member.is_dir() and not member.filename.startswith("__MACOSX/") and not _base(member).startswith(".")
    ]
    if not files:
        raise ExportEmptyError(path, "the zip file holds no file")
    if len(files) > 1:
        raise ExportSeveralFilesError(path, f"the zip file holds {len(files)} files and an export is one", _PROMISE)
    (member,) = files
    if member.flag_bits & 0x1:
        raise ExportUnsafeZipError(path, "the zip file has a password", _PROMISE)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ExportUnsafeZipError(path, "the zip file is compressed in a way that no vendor uses", _PROMISE)
    if member.file_size > MAX_TEXT_BYTES:
        raise ExportTooLargeError(path, "unzipped it has more than 100 MB")
    return member


def _base(member: zipfile.ZipInfo) -> str:
    return member.filename.rsplit("/", 1)[-1]


def _is_trick(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename
    parts = name.replace("\\", "/").split("/")
    outside = name[:1] in ("/", "\\") or "\\" in name or "\0" in name or ".." in parts or ":" in parts[0]
    return outside or stat.S_ISLNK(member.external_attr >> 16)


def _split(path: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest, size, number = b"", 0, 0
    for chunk in chunks:
        if not size:
            chunk = _first(path, chunk)
        size += len(chunk)
        # Counted as it comes: what a zip says of its size is only what its maker wants us to believe.
        if size > MAX_TEXT_BYTES:
            raise ExportTooLargeError(path, "its text has more than 100 MB")
        if b"\0" in chunk:
            raise ExportNotTextError(path, "it holds bytes that no text has", line=number + 1)
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > MAX_LINE_BYTES or max(map(len, lines), default=0) > MAX_LINE_BYTES:
            longest = next((at for at, line in enumerate(lines) if len(line) > MAX_LINE_BYTES), len(lines))
            raise ExportMalformedError(path, "the line is far too long", line=number + longest + 1)
        number += len(lines)
        for line in lines:
            yield line.removesuffix(b"\r")
    if not size:
        raise ExportEmptyError(path, "the file is empty")
    if rest:
        yield rest.removesuffix(b"\r")


def _first(path: Path, chunk: bytes) -> bytes:
    """The first chunk without its byte-order mark; `ExportNotTextError` if it is a known kind of no text."""
    if chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ExportNotTextError(path, "it was saved by a spreadsheet or editor as UTF-16", DOWNLOAD_AGAIN)
    if chunk[:2] in (b"PK", b"\x1f\x8b") or chunk[:4] in (b"%PDF", b"\x89PNG", b"Rar!", b"7z\xbc\xaf"):
        raise ExportNotTextError(
            path, "it is an archive, a document or a picture and not the text of an export", _PROMISE
        )
    return chunk.removeprefix(b"\xef\xbb\xbf")
