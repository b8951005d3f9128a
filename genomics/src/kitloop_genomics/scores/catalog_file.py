"""Read a scoring file in the PGS Catalog's format, plain or harmonised, with the header of version 1 or 2.

Format: https://www.pgscatalog.org/downloads/#dl_ftp_scoring. Harmonised files add `hm_chr` and `hm_pos`, which win
over `chr_name` and `chr_position`; a row whose harmonisation failed has them empty and counts as a variant that can't
be placed.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kitloop_genomics.errors import ScoringFileError

MAX_TEXT_BYTES = 1_000_000_000  # the catalogue's largest, of 7 million variants, have half of it
MAX_LINE_BYTES = 100_000  # some files carry long descriptions
_NOT_ADDITIVE = ("is_interaction", "is_haplotype", "is_diplotype", "is_dominant", "is_recessive")
_BY_DOSAGE = {"dosage_0_weight", "dosage_1_weight", "dosage_2_weight"}
# The header of version 1, which older files still have.
_FIRST_VERSION = {
    "pgs id": "pgs_id",
    "pgs name": "pgs_name",
    "reported trait": "trait_reported",
    "original genome build": "genome_build",
    "number of variants": "variants_number",
}
_AGAIN = "Download the file from the PGS Catalog again"
_COLUMNS = "Use a scoring file in the PGS Catalog's format, with tab-separated columns"


@dataclass(frozen=True, slots=True)
class ScoreVariant:
    """One row. chromosome is None if the row can't be placed; other_allele is None if the file doesn't give it.

    position is 1-based. additive is False for rows that can't be scored as a weight per copy of an allele.
    """

    chromosome: str | None
    position: int
    effect_allele: str
    other_allele: str | None
    weight: float
    additive: bool


@dataclass(frozen=True, slots=True)
class ScoringFile:
    """A scoring file: `key` is its pgs_id, `build` the genome build of its positions."""

    key: str
    name: str
    description: str
    build: str | None
    header: dict[str, str]
    variants: tuple[ScoreVariant, ...]


def read_scoring_file(path: Path) -> ScoringFile:
    """Parse `path` (plain or gzip). `ScoringFileError` names the line and the remedy, and is all that is raised."""
    header: dict[str, str] = {}
    columns: dict[str, int] = {}
    variants = []
    number = 0
    ended = True
    for number, (line, has_end) in enumerate(_lines(path), 1):
        ended = has_end
        if columns:
            if line.strip():
                variants.append(_variant(path, number, line.split("\t"), columns))
        elif line.startswith("#"):
            name, found, value = line.lstrip("#").partition("=")
            if found:
                key = name.strip().lower()
                header[_FIRST_VERSION.get(key, key)] = value.strip()
        else:
            columns = _columns(path, number, line)
    if not columns:
        raise ScoringFileError(path, "there is no table under its header", _AGAIN, line=number or None)
    stated = header.get("variants_number", "")
    if not ended and stated.isascii() and stated.isdigit() and len(stated) < 10 and len(variants) < int(stated):
        problem = f"it breaks off: of {int(stated)} variants {len(variants)} are there"
        raise ScoringFileError(path, problem, _AGAIN, line=number)
    key = header.get("pgs_id") or path.name.removesuffix(".gz").removesuffix(".txt")
    build = header.get("hmpos_build") if "hm_pos" in columns else header.get("genome_build")
    return ScoringFile(
        key, header.get("pgs_name", key), header.get("trait_reported", ""), build, header, tuple(variants)
    )


def _lines(path: Path) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it had an end. Bounded, whatever a gzip file unfolds to."""
    size = 0
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.open(raw) if zipped else raw as stream:
                number = 0
                while line := stream.readline(MAX_LINE_BYTES):
                    number += 1
                    size += len(line)
                    if size > MAX_TEXT_BYTES:
                        raise ScoringFileError(path, "it has more than a gigabyte of text", _AGAIN, line=number)
                    if len(line) >= MAX_LINE_BYTES:
                        raise ScoringFileError(path, "the line is far too long", _AGAIN, line=number)
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                    yield text.rstrip("\r\n"), line.endswith(b"\n")
    except UnicodeDecodeError as error:
        raise ScoringFileError(path, "it is not text", _AGAIN, line=number) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ScoringFileError(path, f"it can't be read ({error})", _AGAIN) from error


def _columns(path: Path, number: int, line: str) -> dict[str, int]:
    names = [name.strip() for name in line.split("\t")]
    columns = {name: at for at, name in enumerate(names)}
    positioned = {"chr_name", "chr_position"} <= columns.keys() or {"hm_chr", "hm_pos"} <= columns.keys()
    weighted = "effect_weight" in columns or columns.keys() >= _BY_DOSAGE
    if "effect_allele" not in columns or not weighted or not positioned:
        problem = "it lacks effect_allele, effect_weight or the columns of a position"
        raise ScoringFileError(path, problem, _COLUMNS, line=number)
    if len(columns) < len(names):
        raise ScoringFileError(path, "a column stands there twice", _COLUMNS, line=number)
    return columns


def _variant(path: Path, number: int, fields: list[str], columns: dict[str, int]) -> ScoreVariant:
    def cell(name: str) -> str:
        at = columns.get(name)
        value = fields[at].strip() if at is not None and at < len(fields) else ""
        return "" if value in (".", "NA", "None") else value

    harmonised = "hm_pos" in columns
    chromosome, position = (cell("hm_chr"), cell("hm_pos")) if harmonised else (cell("chr_name"), cell("chr_position"))
    effect, other = cell("effect_allele").upper(), (cell("other_allele") or cell("hm_inferOtherAllele")).upper()
    if not effect:
        raise ScoringFileError(path, "the row has no effect allele", _AGAIN, line=number)
    additive = "effect_weight" in columns and not any(
        cell(name).lower() in ("true", "1", "yes") for name in _NOT_ADDITIVE
    )
    weight = _number(cell("effect_weight")) if "effect_weight" in columns else 0.0
    if weight is None:
        raise ScoringFileError(path, "the weight is not a finite number", _AGAIN, line=number)
    at = int(position) if position.isascii() and position.isdigit() and len(position) < 10 else None
    if position and at is None:
        raise ScoringFileError(path, "the position is not a number of base pairs", _AGAIN, line=number)
    return ScoreVariant(chromosome if chromosome and at else None, at or 0, effect, other or None, weight, additive)


def _number(text: str) -> float | None:
    """The number that `text` is, None if it is none; Python's own reading also takes underscores and foreign digits."""
    if not text.isascii() or "_" in text:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
