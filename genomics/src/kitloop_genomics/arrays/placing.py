"""From an export's build to the bundle's: where each call stands, and whether its alleles have to be turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.arrays.errors import ExportBuildError
from kitloop_genomics.arrays.export import Export, Sites
from kitloop_genomics.arrays.vendors import MT, PAR, X, Y
from kitloop_genomics.bundle.builds import builds_named
from kitloop_genomics.bundle.positions import PositionTable

# As in position tables; the pseudoautosomal regions are numbered as part of X.
NAMES = {number: str(number) for number in range(1, 23)} | {X: "X", Y: "Y", PAR: "X", MT: "MT"}

COMPLEMENT = np.arange(256, dtype=np.uint8)
COMPLEMENT[np.frombuffer(b"ACGT", np.uint8)] = np.frombuffer(b"TGCA", np.uint8)


@dataclass(frozen=True, slots=True)
class Placed:
    """The calls of one sequence of the bundle, in no order.

    position: (K,) int64, 1-based, in the bundle's build.  first, second: (K,) uint8 as in `Sites`, turned to the
    bundle's strand.
    """

    position: NDArray[np.int64]
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to read an export's positions: as they are (`table` None), or through a table of `build`."""

    build: int | None
    table: dict[str, PositionTable] | None


def ways(export: Export, bundle_build: str, tables: dict[int, dict[str, PositionTable]]) -> list[Way]:
    """How this export's positions can be meant; more than one only where the file doesn't name its build.

    Raises `ExportBuildError` if the bundle is of another build and has no table for the export's.
    """
    own = next(iter(builds_named(bundle_build)), None)
    direct = Way(own, None)
    through = [Way(build, table) for build, table in sorted(tables.items())]
    if export.build is None:
        return [direct, *through]
    if export.build == own:
        return [direct]
    for way in through:
        if way.build == export.build:
            return [way]
    raise ExportBuildError(
        export.path,
        f"its positions are of genome build {export.build}, and the reference bundle is of {bundle_build} and has no "
        "table to place them",
        f"Use a bundle with a position table for build {export.build}, or one of that build",
    )


def place(sites: Sites, way: Way, sequences: list[str]) -> dict[str, Placed]:
    """Calls by sequence of the bundle; `sequences` are the names that the panel knows. Others are left out."""
    if way.table is None:
        known = {plain(name): name for name in sequences}
        return {
            known[chromosome]: Placed(sites.position[at], sites.first[at], sites.second[at])
            for chromosome, at in _by_chromosome(sites)
            if chromosome in known
        }
    parts: dict[str, list[Placed]] = {}
    for chromosome, at in _by_chromosome(sites):
        table = way.table.get(chromosome)
        if table is None:
            continue
        row = np.minimum(np.searchsorted(table.position, sites.position[at]), len(table.position) - 1)
        found = table.position[row] == sites.position[at]
        row, at = row[found], at[found]
        turn = table.minus[row]
        first, second = (np.where(turn, COMPLEMENT[column[at]], column[at]) for column in (sites.first, sites.second))
        for number, name in enumerate(table.names):
            here = table.chromosome[row] == number
            if here.any():
                parts.setdefault(name, []).append(Placed(table.to_position[row[here]], first[here], second[here]))
    return {name: _joined(several) for name, several in parts.items() if name in sequences}


def plain(name: str) -> str:
    """A sequence's name without `chr`, with MT for M: as `NAMES` has it."""
    short = name.removeprefix("chr").upper()
    return "MT" if short == "M" else short


def _by_chromosome(sites: Sites) -> list[tuple[str, NDArray[np.int64]]]:
    """Indices of the calls by name; X and its pseudoautosomal regions are one."""
    found: dict[str, list[NDArray[np.int64]]] = {}
    for number in np.unique(sites.chromosome).tolist():
        found.setdefault(NAMES[number], []).append(np.flatnonzero(sites.chromosome == number))
    return [(name, np.concatenate(at)) for name, at in found.items()]


def _joined(several: list[Placed]) -> Placed:
    return Placed(
        np.concatenate([one.position for one in several]),
        np.concatenate([one.first for one in several]),
        np.concatenate([one.second for one in several]),
    )
