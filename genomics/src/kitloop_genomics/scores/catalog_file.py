"""Read a scoring file in the PGS Catalog's format, plain or harmonised.

Format: https://www.pgscatalog.org/downloads/#dl_ftp_scoring (version 2.0). Harmonised files add `hm_chr` and
`hm_pos`, which win over `chr_name` and `chr_position`; a row whose harmonisation failed has them empty and counts
as a variant that can't be placed.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from pathlib import Path

from kitloop_genomics.errors import InputError

_NOT_ADDITIVE = ("is_interaction", "is_haplotype", "is_diplotype", "is_dominant", "is_recessive")


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
    """Parse `path` (plain or gzip). `InputError` names the line that can't be read."""
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} can't be read: {error}") from error
    lines = text.splitlines()
    header = {}
    start = next((at for at, line in enumerate(lines) if not line.startswith("#")), None)
    if start is None:
        raise InputError(f"{path.name} has no table")
    for line in lines[:start]:
        name, found, value = line.lstrip("#").partition("=")
        if found:
            header[name.strip().lower()] = value.strip()
    columns = {name: at for at, name in enumerate(lines[start].split("\t"))}
    positioned = {"chr_name", "chr_position"} <= columns.keys() or {"hm_chr", "hm_pos"} <= columns.keys()
    if not {"effect_allele", "effect_weight"} <= columns.keys() or not positioned:
        raise InputError(f"{path.name} lacks effect_allele, effect_weight or the columns of a position")
    variants = tuple(
        _variant(line.split("\t"), columns, f"{path.name} line {number}")
        for number, line in enumerate(lines[start + 1 :], start + 2)
        if line.strip()
    )
    key = header.get("pgs_id") or path.name.removesuffix(".gz").removesuffix(".txt")
    build = header.get("hmpos_build") if "hm_pos" in columns else header.get("genome_build")
    return ScoringFile(key, header.get("pgs_name", key), header.get("trait_reported", ""), build, header, variants)


def _variant(fields: list[str], columns: dict[str, int], where: str) -> ScoreVariant:
    def cell(name: str) -> str:
        at = columns.get(name)
        value = fields[at].strip() if at is not None and at < len(fields) else ""
        return "" if value in (".", "NA", "None") else value

    harmonised = "hm_pos" in columns
    chromosome, position = (cell("hm_chr"), cell("hm_pos")) if harmonised else (cell("chr_name"), cell("chr_position"))
    try:
        weight = float(cell("effect_weight"))
        at = int(position) if position else 0
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    if not math.isfinite(weight):
        raise InputError(f"{where}: the weight is not a finite number")
    other = cell("other_allele") or cell("hm_inferOtherAllele")
    return ScoreVariant(
        chromosome if chromosome and at > 0 else None,
        at,
        cell("effect_allele").upper(),
        other.upper() or None,
        weight,
        not any(cell(name).lower() in ("true", "1", "yes") for name in _NOT_ADDITIVE),
    )
