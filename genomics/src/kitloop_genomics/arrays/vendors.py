"""How each vendor writes its file, and whose a heading is.

From exports in public repositories: 23andMe v3 to v5 (`# rsid` heading inside the comments, X, Y and MT by letter,
one letter per haploid call, CRLF), AncestryDNA V1 and V2 (two allele columns, 0 for no call, chromosomes 23 to 26 for
X, Y, PAR and MT), MyHeritage v1 and v2 (CSV with every cell in quotes, of which some files have too many).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kitloop_genomics.arrays.errors import (
    DOWNLOAD_AGAIN,
    ExportBuildError,
    ExportMalformedError,
    ExportUnknownVendorError,
)
from kitloop_genomics.bundle.builds import builds_named

BUILDS = (37, 38)
SUPPORTED = "Exports of 23andMe, AncestryDNA and MyHeritage can be used"
X, Y, PAR, MT = 23, 24, 25, 26
UNPLACED = 0


class Vendor(StrEnum):
    """The values are those of `simulate array --vendor` and of every JSON."""

    TWENTYTHREE = "23andme"
    ANCESTRY = "ancestrydna"
    MYHERITAGE = "myheritage"


COLUMNS = {
    Vendor.TWENTYTHREE: ("rsid", "chromosome", "position", "genotype"),
    Vendor.ANCESTRY: ("rsid", "chromosome", "position", "allele1", "allele2"),
    Vendor.MYHERITAGE: ("rsid", "chromosome", "position", "result"),
}
# Others that people have, so that the refusal can say what the file is.
_OTHERS = (
    ("fileformat=vcf", "a VCF file"),
    ("living dna", "an export of Living DNA"),
    ("famfinder", "an export of FamilyTreeDNA"),
    ("family tree dna", "an export of FamilyTreeDNA"),
    ("genes for good", "an export of Genes for Good"),
    ("tellmegen", "an export of tellmeGen"),
    ("[header]", "a report of Illumina's GenomeStudio"),
    ("<html", "a web page"),
    ("<!doctype", "a web page"),
)
_ARRAY = re.compile(r"(?:array version: *|##chip=)([A-Za-z0-9][A-Za-z0-9._-]{0,19})")

CHROMOSOMES: dict[bytes, int] = {str(number).encode(): number for number in range(27)} | {
    b"": UNPLACED, b"X": X, b"Y": Y, b"XY": PAR, b"PAR": PAR, b"MT": MT, b"M": MT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the rows. `array` is the chip's name where the vendor gives it, else empty.

    `build` is None if the file doesn't name one.
    """

    vendor: Vendor
    array: str
    build: int | None


def columns_of(line: bytes) -> tuple[str, ...]:
    """The cells of a line that may be a heading, in lower case, without quotes and a leading `#`."""
    text = line.decode("latin-1").replace('"', "").lstrip("# ").strip().lower()
    return tuple(cell.strip() for cell in text.split("," if "," in text else "\t"))


def read_heading(path: Path, comments: list[bytes], columns: tuple[str, ...], line: int) -> Heading:
    """Whose export this is. `line` is that of the columns, or of the first row where there are none.

    Raises `ExportUnknownVendorError`, `ExportMalformedError` (the vendor's name over other columns) and
    `ExportBuildError`.
    """
    text = b"\n".join(comments).decode("latin-1").lower()
    named = [(text.find(vendor), vendor) for vendor in Vendor if vendor in text]
    if not named:
        whole = "\n".join((text, *columns))
        what = next((name for mark, name in _OTHERS if mark in whole), "a file whose comments name no vendor")
        raise ExportUnknownVendorError(path, f"it is {what}", SUPPORTED)
    vendor = min(named)[1]
    if columns != COLUMNS[vendor]:
        wanted = ", ".join(COLUMNS[vendor])
        raise ExportMalformedError(path, f"the columns {wanted} are not there", DOWNLOAD_AGAIN, line=line)
    array = _ARRAY.search(b"\n".join(comments).decode("latin-1"))
    return Heading(vendor, array.group(1) if array else "", _build(path, text))


def _build(path: Path, comments: str) -> int | None:
    found = builds_named(comments)
    if len(found) > 1:
        builds = " and ".join(map(str, sorted(found)))
        raise ExportBuildError(path, f"its comments name the genome builds {builds}, and only one can be right")
    if found - set(BUILDS):
        remedy = "Download the raw data again: all three vendors have given build 37 for years"
        raise ExportBuildError(path, f"its positions are of genome build {min(found)}, which can't be placed", remedy)
    return next(iter(found), None)


def _genotypes() -> dict[bytes, tuple[int, int]]:
    """Every cell that stands for a genotype, as two ASCII alleles; 0 for what isn't there.

    (0, 0) is no call, (A, 0) a haploid one. A call with one allele missing counts as no call.
    """
    cells = dict.fromkeys((b"", b"-", b"--", b"0", b"00"), (0, 0))
    for kind in (b"ACGT", b"ID"):
        cells |= {bytes([one]): (one, 0) for one in kind}
        cells |= {bytes(pair): (pair[0], pair[1]) for pair in itertools.product(kind, repeat=2)}
        for one, gap in itertools.product(kind, b"-0"):
            cells |= {bytes([one, gap]): (0, 0), bytes([gap, one]): (0, 0)}
    return cells


GENOTYPES = _genotypes()
# AncestryDNA's two columns, still joined by their tab: cutting them apart would cost a second for each million rows.
ALLELE_PAIRS = {bytes([cell[0], 9, cell[1]]): pair for cell, pair in GENOTYPES.items() if len(cell) == 2} | {
    b"-\t0": (0, 0), b"0\t-": (0, 0), b"--\t--": (0, 0),
}  # fmt: skip
