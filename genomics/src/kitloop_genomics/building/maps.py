"""Genetic maps in the forms that they are given out in, as the bundle's `map.tsv`.

- ours: a header `chromosome position cM`;
- HapMap's four columns (chromosome, position, rate, cM) and the three without a chromosome, which the file's name has
  to state (`genetic_map_chr22.txt`), as IMPUTE and SHAPEIT take them; GLIMPSE's `pos chr cM`. They have a header;
- PLINK's four without one: chromosome, id, cM, bp.
Columns may be parted by tabs or spaces, files gzipped. Names may lack or have `chr`; those of the FASTA are written.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kitloop_genomics.bundle.genetic_map import HEADER, GeneticMap
from kitloop_genomics.errors import PanelSourceError

_FORMS = "Give chromosome, position and cM with a header, HapMap's or IMPUTE's columns, or PLINK's without a header"
_IN_NAME = re.compile(r"chr([0-9A-Za-z]+)", re.IGNORECASE)


def read_maps(paths: list[Path], sequences: list[str]) -> GeneticMap:
    """All maps as one, of the chromosomes that are among `sequences`; others are passed over.

    `PanelSourceError` names the line: positions must rise, centimorgans must not fall, and neither be below 0.
    """
    known = {_plain(name): name for name in sequences}
    rows: dict[str, list[tuple[float, float]]] = {}
    owner: dict[str, Path] = {}
    for path in paths:
        for number, chromosome, position, cm in _rows(path):
            name = known.get(_plain(chromosome))
            if name is None:
                continue
            if owner.setdefault(name, path) != path:
                remedy = "Give the map of each chromosome once"
                raise PanelSourceError(path, f"{name} is also in {owner[name]}", remedy, place=f"line {number}")
            if position < 0 or cm < 0:
                remedy = "Count both from the chromosome's start"
                raise PanelSourceError(path, "a position or cM is below 0", remedy, place=f"line {number}")
            here = rows.setdefault(name, [])
            if here and (position <= here[-1][0] or cm < here[-1][1]):
                remedy = "Sort it by position; centimorgans are counted from the chromosome's start"
                raise PanelSourceError(path, f"{name} goes backwards", remedy, place=f"line {number}")
            here.append((position, cm))
    columns = {name: np.array(here) for name, here in rows.items()}
    return GeneticMap({n: c[:, 0] for n, c in columns.items()}, {n: c[:, 1] for n, c in columns.items()})


def map_text(genetic_map: GeneticMap, sequences: list[str]) -> str:
    """The content of `map.tsv`, by the order of `sequences`."""
    lines = [HEADER]
    for name in sequences:
        if name in genetic_map.position:
            pairs = zip(genetic_map.position[name].tolist(), genetic_map.cm[name].tolist(), strict=True)
            lines += [f"{name}\t{position:.0f}\t{cm:.8f}" for position, cm in pairs]
    return "\n".join(lines) + "\n"


def _rows(path: Path) -> Iterator[tuple[int, str, float, float]]:
    """Line number, chromosome, position and cM of each row."""
    places: tuple[int | None, int, int] | None = None
    number = rows = 0
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rt", encoding="utf-8-sig") if packed else path.open(encoding="utf-8-sig") as text:
            for number, line in enumerate(text, 1):
                fields = line.split()
                if not fields:
                    continue
                if places is None:
                    places = _places(path, fields)
                    if not _is_number(fields[-1]):
                        continue
                    if places != (0, 3, 2):
                        raise PanelSourceError(path, "has no header", _FORMS, place="line 1")
                chromosome, position, cm = places
                name = _from_name(path) if chromosome is None else fields[chromosome]
                values = float(fields[position]), float(fields[cm])
                if not np.isfinite(values).all():
                    raise ValueError(f"{line.strip()!r} holds no finite numbers")
                rows += 1
                yield number, name, *values
    except UnicodeDecodeError as error:
        raise PanelSourceError(path, "is not text", f"Save it as UTF-8. {_FORMS}") from error
    except (ValueError, IndexError) as error:
        raise PanelSourceError(path, f"can't be read ({error})", _FORMS, place=f"line {number}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise PanelSourceError(path, f"can't be read ({error})", "Copy it again") from error
    if places is None:
        raise PanelSourceError(path, "is empty", _FORMS)
    if not rows:
        raise PanelSourceError(path, "holds a header and no rows", "Download it again: it is not whole")


def _places(path: Path, fields: list[str]) -> tuple[int | None, int, int]:
    """Where chromosome (None: nowhere), position and cM stand, from the header or, without one, as in PLINK."""
    if _is_number(fields[-1]):
        return (0, 3, 2) if len(fields) == 4 else (None, 0, 0)
    words = [word.lower() for word in fields]
    chromosome = next((at for at, word in enumerate(words) if word.startswith("chr")), None)
    position = next((at for at, word in enumerate(words) if word.startswith(("pos", "bp"))), None)
    cm = next((at for at, word in enumerate(words) if "cm" in word and "cm/" not in word), None)
    if position is None or cm is None:
        raise PanelSourceError(path, "its header names no position or no cM", _FORMS, place="line 1")
    return chromosome, position, cm


def _from_name(path: Path) -> str:
    found = _IN_NAME.search(path.name)
    if not found:
        remedy = "Put it into the file's name, as in genetic_map_chr22.txt, or add a column"
        raise PanelSourceError(path, "doesn't say of which chromosome it is", remedy)
    return found[1]


def _plain(name: str) -> str:
    return name.lower().removeprefix("chr")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
