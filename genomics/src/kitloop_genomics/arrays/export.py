"""Read an array export: whose it is, of which genome build, and every genotype in it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.arrays.errors import (
    ExportEmptyError,
    ExportError,
    ExportMalformedError,
    ExportTooLargeError,
    ExportTruncatedError,
    ExportUnknownVendorError,
)
from kitloop_genomics.arrays.opening import text_lines
from kitloop_genomics.arrays.vendors import (
    ALLELE_PAIRS,
    CHROMOSOMES,
    COLUMNS,
    GENOTYPES,
    SUPPORTED,
    UNPLACED,
    Heading,
    Vendor,
    Y,
    columns_of,
    read_heading,
)

MAX_ROWS = 2_000_000
_MAX_HEADING_LINES = 200


@dataclass(frozen=True, slots=True)
class Sites:
    """N called genotypes in the file's order; a site may stand there twice.

    chromosome: (N,) uint8, 1 to 22, then 23 for X, 24 for Y, 25 for the pseudoautosomal regions, 26 for MT.
    position: (N,) int64, 1-based, in the export's build.  first, second: (N,) uint8, ASCII of A, C, G, T, or of I and
    D for an insertion or deletion; `second` is 0 for a haploid call.
    """

    chromosome: NDArray[np.uint8]
    position: NDArray[np.int64]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.position)


@dataclass(frozen=True, slots=True)
class Export:
    """One person's export. Nothing of it tells who that is: names in file names and comments are not kept.

    array: the chip's name if the file gives it, else empty.  build: 37 or 38, None if the file names none.
    rows: lines of data = no_calls + unplaced (calls without a position) + len(sites).  no_calls_on_y: of the no_calls.
    """

    path: Path
    vendor: Vendor
    array: str
    build: int | None
    rows: int
    no_calls: int
    unplaced: int
    sites: Sites
    no_calls_on_y: int = 0

    @property
    def calls(self) -> int:
        """Rows with a genotype, with or without a position."""
        return self.rows - self.no_calls

    @property
    def no_call_rate(self) -> float:
        """Share of rows without a genotype, 0 to 1."""
        return self.no_calls / self.rows

    def as_json(self) -> dict[str, Any]:
        """What `inspect-array --json` prints: counts only, no genotypes."""
        letter = np.isin(self.sites.first, np.frombuffer(b"ID", np.uint8))
        return {
            "vendor": self.vendor.value,
            "array": self.array,
            "build": self.build,
            "rows": self.rows,
            "calls": self.calls,
            "no_calls": self.no_calls,
            "no_call_rate": round(self.no_call_rate, 5),
            "haploid_calls": int((self.sites.second == 0).sum()),
            "indel_calls": int(letter.sum()),
            "unplaced_calls": self.unplaced,
            "chromosomes": len(np.unique(self.sites.chromosome)),
        }


def read_export(path: Path) -> Export:
    """Read and check the whole file, plain or zipped, without unpacking it; a second or so for 700,000 rows.

    Raises one of `arrays.errors.ExportError`'s classes, with code, line and remedy, and nothing else.
    """
    path = Path(path)
    lines = text_lines(path)
    heading, number = _heading(path, lines)
    found = _Columns()
    number = _read_rows(path, lines, heading.vendor, number, found)
    if not found.rows:
        raise ExportEmptyError(path, "there are no rows under its heading", line=number)
    return Export(
        path, heading.vendor, heading.array, heading.build, found.rows, found.no_calls, found.unplaced, found.sites(),
        found.no_calls_on_y,
    )  # fmt: skip


class _Columns:
    """The growing columns: 7 bytes for each row, whatever Python would take for objects."""

    def __init__(self) -> None:
        self.rows = self.no_calls = self.no_calls_on_y = self.unplaced = 0
        self.chromosome, self.first, self.second = bytearray(), bytearray(), bytearray()
        self.position = array("i")

    def sites(self) -> Sites:
        position = np.frombuffer(self.position, np.int32) if self.position else np.empty(0, np.int32)
        columns = (self.chromosome, self.first, self.second)
        chromosome, first, second = (np.frombuffer(bytes(column), np.uint8) for column in columns)
        return Sites(chromosome, position.astype(np.int64), first, second)


def _heading(path: Path, lines: Iterator[bytes]) -> tuple[Heading, int]:
    """The heading, and the number of its last line."""
    comments: list[bytes] = []
    known = set(COLUMNS.values())
    for number, line in enumerate(lines, 1):
        columns = columns_of(line)
        # A first row under no columns that we know is a heading too: of no vendor, or of one whose columns are lost.
        if columns in known or (line.strip() and not line.startswith(b"#")):
            return read_heading(path, comments, columns, number), number
        comments.append(line)
        if number > _MAX_HEADING_LINES:
            raise ExportUnknownVendorError(path, f"its first {_MAX_HEADING_LINES} lines are comments", SUPPORTED)
    return read_heading(path, comments, (), len(comments)), len(comments)


def _read_rows(path: Path, lines: Iterator[bytes], vendor: Vendor, number: int, into: _Columns) -> int:
    """Append every row to `into`; returns the number of the last line."""
    comma = vendor is Vendor.MYHERITAGE
    separator = b"," if comma else b"\t"
    genotypes = ALLELE_PAIRS if vendor is Vendor.ANCESTRY else GENOTYPES
    chromosomes, positions, firsts, seconds = into.chromosome, into.position, into.first, into.second
    for line in lines:
        number += 1
        if comma:
            line = line.replace(b'"', b"")  # some MyHeritage files double or triple their quotes
        try:
            chromosome, at, first, second = _cells(line, separator, genotypes)
        except (ValueError, KeyError):
            if not line.strip():
                continue
            try:
                # Some of AncestryDNA's files have two tabs, or a tab and a space, where one should be.
                chromosome, at, first, second = _cells(b"\t".join(line.split()), separator, genotypes)
            except (ValueError, KeyError):
                raise _bad_row(path, lines, line, separator, vendor, number) from None
        into.rows += 1
        if into.rows > MAX_ROWS:
            raise ExportTooLargeError(path, "it has more than two million rows, which no array has", line=number)
        if not first:
            into.no_calls += 1
            into.no_calls_on_y += chromosome == Y
        elif chromosome == UNPLACED or not at:
            into.unplaced += 1
        else:
            chromosomes.append(chromosome)
            positions.append(at)
            firsts.append(first)
            seconds.append(second)
    return number


def _cells(line: bytes, separator: bytes, genotypes: dict[bytes, tuple[int, int]]) -> tuple[int, int, int, int]:
    """Chromosome, position and both alleles of a row; `ValueError` or `KeyError` if it isn't one."""
    _, name, at, cell = line.split(separator, 3)
    if not at.isdigit() or len(at) > 9:
        raise ValueError
    return CHROMOSOMES[name], int(at), *genotypes[cell]


def _bad_row(
    path: Path, following: Iterator[bytes], line: bytes, separator: bytes, vendor: Vendor, number: int
) -> ExportError:
    """What is wrong with a row, without showing it: it may be somebody's genotype."""
    if next(following, None) is None:
        return ExportTruncatedError(path, "the text breaks off within its last row", line=number)
    cells, wanted = line.count(separator) + 1, len(COLUMNS[vendor])
    if cells != wanted:
        return ExportMalformedError(path, f"the row has {cells} columns and {vendor} writes {wanted}", line=number)
    _, name, at, _ = line.split(separator, 3)
    if name not in CHROMOSOMES:
        return ExportMalformedError(path, "the row's chromosome is not one of a human being", line=number)
    if not at.isdigit() or len(at) > 9:
        return ExportMalformedError(path, "the row's position is not a number of base pairs", line=number)
    return ExportMalformedError(path, f"the row's genotype is not one that {vendor} writes", line=number)
