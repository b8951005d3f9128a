"""Check a pair of FASTQ files in one pass over both."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from kitloop_genomics.intake.gzip_stream import CorruptError, GzipStream, NotGzipError, TruncatedError
from kitloop_genomics.intake.records import Batch, CutOffError, MalformedError, batches
from kitloop_genomics.intake.trimming import Cut, trimmed
from kitloop_genomics.quality.reason import Reason


@dataclass(frozen=True, slots=True)
class Intake:
    """What two FASTQ files hold. `problems` is empty when they can be analysed.

    read_pairs and bases (both files) count up to the first problem. usable_bases are those that are left when
    `cut` is cut off and every N is left out. format_valid: both files are whole gzipped FASTQ with reads in it.
    paired is None when a format problem came first. sha256 of each compressed file.
    """

    read_pairs: int
    bases: int
    usable_bases: int
    cut: Cut
    format_valid: bool
    paired: bool | None
    problems: tuple[Reason, ...]
    r1_sha256: str
    r2_sha256: str


class _FileProblemError(Exception):
    def __init__(self, reason: Reason) -> None:
        self.reason = reason


def check_pairs(r1: Path, r2: Path, *, r1_sha256: str | None = None, r2_sha256: str | None = None) -> Intake:
    """Read both files once. With a checksum given, a file of other content gets `checksum_mismatch` first."""
    streams = (GzipStream(r1), GzipStream(r2))
    readers = (_reader("R1", streams[0]), _reader("R2", streams[1]))
    pairs = bases = usable = 0
    cut = Cut()
    trouble: list[Reason] = []
    paired: bool | None = None
    try:
        for first, second in _side_by_side(*readers):
            problem = _pairing(first, second, pairs)
            pairs += min(len(first.names), len(second.names))
            bases += sum(map(len, first.bases)) + sum(map(len, second.bases))
            if problem:
                for _ in chain(*readers):
                    pass  # a break in either file wins: it may be why they differ
                trouble.append(problem)
                paired = False
                break
            kept_first, kept_second, found = trimmed(first, second)
            cut += found
            usable += kept_first.known_bases() + kept_second.known_bases()
        else:
            paired = True
    except _FileProblemError as error:
        trouble.append(error.reason)
        paired = False if error.reason.code == "fastq_mispaired" else None
    for reader, stream in zip(readers, streams, strict=True):
        reader.close()  # lets an unfinished stream hash what is left of its file
        if not stream.sha256:
            for _ in _ignoring_damage(stream):
                pass
    if paired and streams[0].sha256 == streams[1].sha256:
        trouble.append(Reason("fastq_mispaired", _TWICE))
        paired = False
    expected = (("R1", streams[0], r1_sha256), ("R2", streams[1], r2_sha256))
    mismatches = [
        Reason(
            "checksum_mismatch",
            f"{label} is not the file that was sent: its SHA-256 is {stream.sha256}. Send it again.",
        )
        for label, stream, wanted in expected
        if wanted and wanted.strip().lower() != stream.sha256
    ]
    format_valid = not any(reason.code != "fastq_mispaired" for reason in trouble)
    return Intake(
        pairs, bases, usable, cut, format_valid, paired, (*mismatches, *trouble), streams[0].sha256, streams[1].sha256
    )  # fmt: skip


def _ignoring_damage(stream: GzipStream) -> Iterator[bytes]:
    try:
        yield from stream
    except (NotGzipError, TruncatedError, CorruptError):
        return


def _reader(label: str, stream: GzipStream) -> Generator[Batch]:
    """Batches of one file; its own errors become reasons that name the file."""
    reads = 0
    low = high = False  # qualities that Phred + 64 doesn't have, and ones that Phred + 33 hardly has
    try:
        for batch in batches(stream):
            if not reads and len(batch.names) > 1 and batch.names[0::2] == batch.names[1::2]:
                raise _problem("fastq_mispaired", f"{label} holds both mates of each pair in turn. {_SPLIT}")
            reads += len(batch.names)
            if not low:
                text = b"".join(batch.qualities)
                low = len(text.translate(None, _LOW)) < len(text)
                high = high or len(text.translate(None, _HIGH)) < len(text)
            yield batch
    except NotGzipError as error:
        kind = f": it is {error}" if str(error) else ""
        raise _problem("fastq_not_gzip", f"{label} is not a gzip file{kind}. Compress the FASTQ with gzip.") from None
    except TruncatedError as error:
        raise _problem("fastq_truncated", f"{label} breaks off after read {reads}: {error}. {_AGAIN}") from None
    except CutOffError as error:
        raise _problem("fastq_truncated", f"{label} breaks off within read {error.reads + 1}. {_AGAIN}") from None
    except CorruptError as error:
        raise _problem("fastq_corrupt", f"{label} is damaged after read {reads}: {error}. {_AGAIN}") from None
    except MalformedError as error:
        raise _problem("fastq_malformed", f"{label} can't be used: {error}.") from None
    if not reads:
        raise _problem("fastq_empty", f"{label} holds no reads. Send the sequencer's own file.")
    if high and not low:
        message = f"{label} has qualities as Phred + 64. Convert them to Phred + 33, with `seqtk seq -Q64 -V` for one."
        raise _problem("fastq_malformed", message)


def _problem(code: str, message: str) -> _FileProblemError:
    return _FileProblemError(Reason(code, message))


_AGAIN = "Copy it again from where it was made."
_SPLIT = "Split it into one file per mate, with `seqtk seq -1` and `seqtk seq -2` for one."
_PARTNER = "Give the two files of one run, neither of them filtered or sorted."
_TWICE = "R1 and R2 are the same file. Send the second mates too."
_LOW, _HIGH = bytes(range(33, 59)), bytes(range(76, 127))
_NOTHING = Batch([], [], [], [])


def _side_by_side(first: Iterator[Batch], second: Iterator[Batch]) -> Iterator[tuple[Batch, Batch]]:
    """Pairs of batches until both files end."""
    while True:
        one, two = next(first, _NOTHING), next(second, _NOTHING)
        if not one.names and not two.names:
            return
        yield one, two


def _pairing(first: Batch, second: Batch, before: int) -> Reason | None:
    if first.names != second.names:
        for at, (one, two) in enumerate(zip(first.names, second.names, strict=False), before + 1):
            if one != two:
                message = (
                    f"Read {at} of R1 and read {at} of R2 have different names: the files are not a pair. {_PARTNER}"
                )
                return Reason("fastq_mispaired", message)
        longer = "R1" if len(first.names) > len(second.names) else "R2"
        return Reason("fastq_mispaired", f"{longer} holds more reads than its partner. Send both files whole.")
    marks = set(first.mates), set(second.mates)
    if marks[0] == {b"2"} and marks[1] == {b"1"}:
        return Reason("fastq_mispaired", "R1 and R2 are swapped. Give them the other way round.")
    if b"2" in marks[0] or b"1" in marks[1]:
        wrong, other = ("R1", "second") if b"2" in marks[0] else ("R2", "first")
        return Reason("fastq_mispaired", f"{wrong} holds {other} mates. Give each mate's own file.")
    unmarked = marks == ({b""}, {b""})
    if unmarked and len(first.bases) > 1 and first.bases == second.bases and first.qualities == second.qualities:
        return Reason("fastq_mispaired", _TWICE)
    return None
