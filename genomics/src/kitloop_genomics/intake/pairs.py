"""Check a pair of FASTQ files in one pass over both."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from kitloop_genomics.intake.gzip_stream import CorruptError, GzipStream, NotGzipError, TruncatedError
from kitloop_genomics.intake.records import Batch, CutOffError, MalformedError, batches
from kitloop_genomics.quality.reason import Reason


@dataclass(frozen=True, slots=True)
class Intake:
    """What two FASTQ files hold. `problems` is empty when they can be analysed.

    read_pairs and bases (both files) count up to the first problem. format_valid: both files are whole gzipped
    FASTQ with reads in it. paired is None when a format problem came first. sha256 of each compressed file.
    """

    read_pairs: int
    bases: int
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
    pairs = bases = 0
    trouble: list[Reason] = []
    paired: bool | None = None
    try:
        for first, second in _side_by_side(*readers):
            problem = _pairing(first, second, pairs)
            pairs += min(len(first.names), len(second.names))
            bases += sum(map(len, first.bases)) + sum(map(len, second.bases))
            if problem:
                trouble.append(problem)
                paired = False
                break
        else:
            paired = True
    except _FileProblemError as error:
        trouble.append(error.reason)
    for reader, stream in zip(readers, streams, strict=True):
        reader.close()  # lets an unfinished stream hash what is left of its file
        if not stream.sha256:
            for _ in _ignoring_damage(stream):
                pass
    expected = (("R1", streams[0], r1_sha256), ("R2", streams[1], r2_sha256))
    mismatches = [
        Reason("checksum_mismatch", f"{label} is not the file that was sent: its SHA-256 is {stream.sha256}.")
        for label, stream, wanted in expected
        if wanted and wanted.strip().lower() != stream.sha256
    ]
    format_valid = not any(reason.code != "fastq_mispaired" for reason in trouble)
    return Intake(pairs, bases, format_valid, paired, (*mismatches, *trouble), streams[0].sha256, streams[1].sha256)


def _ignoring_damage(stream: GzipStream) -> Iterator[bytes]:
    try:
        yield from stream
    except (NotGzipError, TruncatedError, CorruptError):
        return


def _reader(label: str, stream: GzipStream) -> Generator[Batch]:
    """Batches of one file; its own errors become reasons that name the file."""
    found = False
    try:
        for batch in batches(stream):
            found = True
            yield batch
    except NotGzipError:
        raise _problem("fastq_not_gzip", f"{label} is not a gzip file.") from None
    except TruncatedError:
        raise _problem("fastq_truncated", f"{label} breaks off: the compressed data has no end.") from None
    except CutOffError:
        raise _problem("fastq_truncated", f"{label} breaks off in the middle of its last read.") from None
    except CorruptError as error:
        raise _problem("fastq_corrupt", f"{label} is damaged: {error}.") from None
    except MalformedError as error:
        raise _problem("fastq_malformed", f"{label} is not valid FASTQ: {error}.") from None
    if not found:
        raise _problem("fastq_empty", f"{label} holds no reads.")


def _problem(code: str, message: str) -> _FileProblemError:
    return _FileProblemError(Reason(code, message))


_NOTHING = Batch([], [], [], [])


def _side_by_side(first: Iterator[Batch], second: Iterator[Batch]) -> Iterator[tuple[Batch, Batch]]:
    """Pairs of batches until both files end. A break in either file wins over a difference in length."""
    while True:
        one, two = next(first, _NOTHING), next(second, _NOTHING)
        if not one.names and not two.names:
            return
        if len(one.names) != len(two.names):
            for rest in (first, second):
                for _ in rest:
                    pass
        yield one, two


def _pairing(first: Batch, second: Batch, before: int) -> Reason | None:
    if first.names != second.names:
        for at, (one, two) in enumerate(zip(first.names, second.names, strict=False), before + 1):
            if one != two:
                message = f"Read {at} of R1 and read {at} of R2 have different names: the files are not a pair."
                return Reason("fastq_mispaired", message)
        longer = "R1" if len(first.names) > len(second.names) else "R2"
        return Reason("fastq_mispaired", f"{longer} holds more reads than its partner.")
    if b"2" in first.mates or b"1" in second.mates:
        return Reason("fastq_mispaired", "R1 and R2 are swapped, or one of them was given twice.")
    return None
