"""The reference genome: copied into the bundle as plain FASTA with its index, and looked up base by base."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import pysam
import pysam.utils

from kitloop_genomics.errors import PanelSourceError
from kitloop_genomics.writing import writing

_WINDOW_BP = 2_000_000


def copy_reference(source: Path, target: Path) -> None:
    """`target` with `.fai`: plain text, whatever `source` is (plain, gzip or bgzip). Whole or absent."""
    index = target.with_name(target.name + ".fai")
    if index.exists():
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with writing(target), part.open("wb") as out:
            for block in _blocks(source):
                out.write(block)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    try:
        with writing(index):
            pysam.faidx(str(target), catch_stdout=False)
    except pysam.utils.SamtoolsError as error:
        raise PanelSourceError(
            source,
            f"can't be indexed ({str(error).strip()})",
            "Give each sequence lines of one length and its own name",
        ) from error
    except BaseException:
        index.unlink(missing_ok=True)  # half an index would count as a whole one when the build goes on
        raise


def _blocks(source: Path) -> Iterator[bytes]:
    """The text, unpacked. What fails here is the source's fault, and what fails in the writing is not."""
    try:
        with source.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with gzip.open(source) if packed else source.open("rb") as stream:
            if stream.peek(1)[:1] != b">":
                raise PanelSourceError(source, "is not FASTA", "Give a FASTA file, plain or gzipped")
            while block := stream.read(1 << 20):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise PanelSourceError(source, f"can't be read ({error})", "Copy or download it again") from error


class Reference:
    """Bases of an indexed FASTA. lengths: of its sequences, in bp. Holds two million bases at a time."""

    def __init__(self, path: Path) -> None:
        self._fasta = pysam.FastaFile(str(path))
        self.lengths = dict(zip(self._fasta.references, self._fasta.lengths, strict=True))
        self._name, self._first, self._text = "", 0, ""

    def bases(self, name: str, position: int, count: int) -> str:
        """`count` bases from the 1-based `position`, in capitals; fewer at the sequence's end."""
        if position > self.lengths[name]:
            return ""
        at = position - 1 - self._first
        if name != self._name or at < 0 or at + count > len(self._text):
            self._name, self._first, at = name, position - 1, 0
            self._text = self._fasta.fetch(name, self._first, self._first + max(_WINDOW_BP, count)).upper()
        return self._text[at : at + count]

    def close(self) -> None:
        self._fasta.close()
