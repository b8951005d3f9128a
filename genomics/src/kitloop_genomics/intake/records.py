"""FASTQ records in batches, checked as they pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_READ_BP = 700
_LETTERS = b"ACGTNacgtn."
_UNKNOWN = b"Nn."
_QUALITIES = bytes(range(33, 127))
_PRINTABLE = bytes(range(33, 127))
_LONGEST_NAME = 254  # BAM's limit
_PER_BATCH = 20_000


class MalformedError(Exception):
    """The text isn't FASTQ, or none that can be used; the message says where and why, and what to do."""


class CutOffError(Exception):
    """The text ends within a record, after `reads` whole ones."""

    def __init__(self, reads: int) -> None:
        super().__init__(f"after read {reads}")
        self.reads = reads


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to 20,000 records: names without `@`, mate mark and comment; `mates` is b"1", b"2" or b"" for each."""

    names: list[bytes]
    mates: list[bytes]
    bases: list[bytes]
    qualities: list[bytes]

    def known_bases(self) -> int:
        """How many bases aren't N."""
        return len(b"".join(self.bases).translate(None, _UNKNOWN))


def batches(chunks: Iterable[bytes]) -> Iterator[Batch]:
    """Split text into batches, all but the last of exactly 20,000 records. Raises the errors of this module.

    What `chunks` raises is passed on, after the whole records before it.
    """
    lines: list[bytes] = []
    rest = b""
    seen = 0
    wanted = 4 * _PER_BATCH
    try:
        for chunk in chunks:
            if not seen and not lines and not rest:
                _look_at_start(chunk)
            parts = (rest + chunk).split(b"\n")
            rest = parts.pop()
            lines += parts
            while len(lines) >= wanted:
                yield _batch(lines[:wanted], seen)
                seen += _PER_BATCH
                del lines[:wanted]
    except MalformedError:
        raise
    except Exception:
        if whole := len(lines) // 4 * 4:
            yield _batch(lines[:whole], seen)
        raise
    if rest:
        lines.append(rest)
    while lines and not lines[-1].strip() and len(lines) % 4:
        lines.pop()  # empty lines at the end are no record
    if len(lines) % 4:
        whole = len(lines) // 4 * 4
        if whole:
            _batch(lines[:whole], seen)
        if not lines[whole].startswith(b"@"):
            raise MalformedError(f"read {seen + whole // 4 + 1} does not start with @")
        raise CutOffError(seen + whole // 4)
    if lines:
        yield _batch(lines, seen)


def _look_at_start(text: bytes) -> None:
    if text.startswith(b"BAM\1"):
        raise MalformedError("it is a BAM. Turn it into two FASTQ files with `samtools collate` and `samtools fastq`")
    if text.startswith(b">"):
        raise MalformedError("it is FASTA, which has no qualities. Send the sequencer's own FASTQ files")


def _batch(lines: list[bytes], seen: int) -> Batch:
    if lines[0].endswith(b"\r"):
        lines = [line.removesuffix(b"\r") for line in lines]
    headers, bases, pluses, qualities = lines[0::4], lines[1::4], lines[2::4], lines[3::4]
    # Each check is one pass in C over the whole batch; only a batch that fails is searched for the culprit.
    if {header[:1] for header in headers} != {b"@"}:
        raise _malformed(seen, [header[:1] == b"@" for header in headers], "does not start with @")
    if {plus[:1] for plus in pluses} != {b"+"}:
        raise _malformed(seen, [plus[:1] == b"+" for plus in pluses], "has no + line")
    lengths = list(map(len, bases))
    if lengths != list(map(len, qualities)):
        same = [len(one) == len(other) for one, other in zip(bases, qualities, strict=True)]
        raise _malformed(seen, same, "has a quality for some other number of bases")
    if not min(lengths):
        raise _malformed(seen, [length > 0 for length in lengths], "has no bases. Leave such pairs out of both files")
    if max(lengths) > MAX_READ_BP:
        short = [length <= MAX_READ_BP for length in lengths]
        raise _malformed(seen, short, f"is longer than {MAX_READ_BP} bases: only short reads can be used")
    if b"".join(bases).translate(None, _LETTERS):
        raise _malformed(seen, [not one.translate(None, _LETTERS) for one in bases], "has letters that are no bases")
    if b"".join(qualities).translate(None, _QUALITIES):
        fine = [not one.translate(None, _QUALITIES) for one in qualities]
        raise _malformed(seen, fine, "has quality characters out of range")
    batch = _named(headers, bases, qualities)
    if b"".join(batch.names).translate(None, _PRINTABLE) or not all(batch.names):
        fine = [bool(name) and not name.translate(None, _PRINTABLE) for name in batch.names]
        raise _malformed(seen, fine, "has no name of printable characters")
    if max(map(len, batch.names)) > _LONGEST_NAME:
        fine = [len(name) <= _LONGEST_NAME for name in batch.names]
        raise _malformed(seen, fine, f"has a name of more than {_LONGEST_NAME} characters")
    return batch


def _malformed(seen: int, fine: list[bool], problem: str) -> MalformedError:
    return MalformedError(f"read {seen + fine.index(False) + 1} {problem}")


def _named(headers: list[bytes], bases: list[bytes], qualities: list[bytes]) -> Batch:
    names, mates = [], []
    for header in headers:
        name, *comment = header[1:].split(None, 1) or (b"",)
        mate = b""
        if name[-2:] in (b"/1", b"/2"):
            name, mate = name[:-2], name[-1:]
        elif comment and comment[0][:2] in (b"1:", b"2:"):
            mate = comment[0][:1]
        names.append(name)
        mates.append(mate)
    return Batch(names, mates, bases, qualities)
