"""FASTQ records in batches, checked as they pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LETTERS = b"ACGTNacgtn."
_QUALITIES = bytes(range(33, 127))
_PER_BATCH = 20_000


class MalformedError(Exception):
    """The text isn't FASTQ; the message says where and why."""


class CutOffError(Exception):
    """The text ends within a record."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to 20,000 records: names without `@`, mate mark and comment; `mates` is b"1", b"2" or b"" for each."""

    names: list[bytes]
    mates: list[bytes]
    bases: list[bytes]
    qualities: list[bytes]


def batches(chunks: Iterable[bytes]) -> Iterator[Batch]:
    """Split text into batches, all but the last of exactly 20,000 records. Raises the errors of this module."""
    lines: list[bytes] = []
    rest = b""
    seen = 0
    wanted = 4 * _PER_BATCH
    for chunk in chunks:
        parts = (rest + chunk).split(b"\n")
        rest = parts.pop()
        lines += parts
        while len(lines) >= wanted:
            yield _batch(lines[:wanted], seen)
            seen += _PER_BATCH
            del lines[:wanted]
    if rest:
        lines.append(rest)
    while lines and not lines[-1].strip() and len(lines) % 4:
        lines.pop()  # empty lines at the end are no record
    if len(lines) % 4:
        whole = len(lines) // 4 * 4
        if whole:
            _batch(lines[:whole], seen)
        if not lines[whole].startswith(b"@"):
            raise MalformedError(f"record {seen + whole // 4 + 1} does not start with @")
        raise CutOffError
    if lines:
        yield _batch(lines, seen)


def _batch(lines: list[bytes], seen: int) -> Batch:
    if lines[0].endswith(b"\r"):
        lines = [line.removesuffix(b"\r") for line in lines]
    headers, bases, pluses, qualities = lines[0::4], lines[1::4], lines[2::4], lines[3::4]
    # Each check is one pass in C over the whole batch; only a batch that fails is searched for the culprit.
    if {header[:1] for header in headers} != {b"@"}:
        raise _malformed(seen, [header[:1] == b"@" for header in headers], "does not start with @")
    if {plus[:1] for plus in pluses} != {b"+"}:
        raise _malformed(seen, [plus[:1] == b"+" for plus in pluses], "has no + line")
    if list(map(len, bases)) != list(map(len, qualities)):
        same = [len(one) == len(other) for one, other in zip(bases, qualities, strict=True)]
        raise _malformed(seen, same, "has a quality for some other number of bases")
    if not all(bases):
        raise _malformed(seen, [bool(one) for one in bases], "has no bases")
    if b"".join(bases).translate(None, _LETTERS):
        raise _malformed(seen, [not one.translate(None, _LETTERS) for one in bases], "has letters that are no bases")
    if b"".join(qualities).translate(None, _QUALITIES):
        fine = [not one.translate(None, _QUALITIES) for one in qualities]
        raise _malformed(seen, fine, "has quality characters out of range")
    return _named(headers, bases, qualities)


def _malformed(seen: int, fine: list[bool], problem: str) -> MalformedError:
    return MalformedError(f"record {seen + fine.index(False) + 1} {problem}")


def _named(headers: list[bytes], bases: list[bytes], qualities: list[bytes]) -> Batch:
    names, mates = [], []
    for header in headers:
        name, _, comment = header[1:].partition(b" ")
        mate = b""
        if name[-2:] in (b"/1", b"/2"):
            name, mate = name[:-2], name[-1:]
        elif comment[:2] in (b"1:", b"2:"):
            mate = comment[:1]
        names.append(name)
        mates.append(mate)
    return Batch(names, mates, bases, qualities)
