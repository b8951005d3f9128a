"""The position table: `positions.tsv.gz`, where the sites of other genome builds are in the bundle's.

Columns build (a number, say 37), chromosome (as in an array export: 1 to 22, X, Y, MT), position (1-based bp),
to_chromosome (a sequence of the reference), to_position, strand (+, or - where the bundle's build runs the other
way). A site that has no place in the bundle's build has no row.
"""

from __future__ import annotations

import gzip
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.errors import BundleError

FILE_NAME = "positions.tsv.gz"
HEADER = "build\tchromosome\tposition\tto_chromosome\tto_position\tstrand"
_REMEDY = f"Write gzipped, tab-separated rows under the header '{HEADER}'"


@dataclass(frozen=True, slots=True)
class PositionTable:
    """R sites of one chromosome of another build, by rising position.

    position: (R,) int64, there.  chromosome: (R,) int16, index into `names`.  to_position: (R,) int64, in the
    bundle's build.  minus: (R,) bool, True where an allele there is the complement of the one here.
    """

    names: tuple[str, ...]
    position: NDArray[np.int64]
    chromosome: NDArray[np.int16]
    to_position: NDArray[np.int64]
    minus: NDArray[np.bool_]


def read_positions(path: Path) -> dict[int, dict[str, PositionTable]]:
    """By build, then by chromosome; empty if the bundle has no table. `BundleError` names the line at fault."""
    if not path.exists():
        return {}
    columns: dict[tuple[int, str], tuple[array[int], array[int], array[int], bytearray]] = {}
    names: dict[str, int] = {}
    number = 1
    try:
        with gzip.open(path, "rt") as stream:
            if stream.readline().rstrip("\n") != HEADER:
                raise BundleError(path, "the header is missing", _REMEDY)
            for line in stream:
                number += 1
                build, chromosome, position, to_chromosome, to_position, strand = line.rstrip("\n").split("\t")
                key = (int(build), chromosome)
                if key not in columns:
                    columns[key] = (array("q"), array("q"), array("h"), bytearray())
                here = columns[key]
                here[0].append(int(position))
                here[1].append(int(to_position))
                here[2].append(names.setdefault(to_chromosome, len(names)))
                here[3].append({"+": 0, "-": 1}[strand])
    except (ValueError, KeyError, OverflowError) as error:
        raise BundleError(path, f"line {number} can't be read ({error})", _REMEDY) from error
    except (OSError, EOFError, zlib.error) as error:
        raise BundleError(path, f"the position table can't be read ({error})", _REMEDY) from error
    found: dict[int, dict[str, PositionTable]] = {}
    for (build_number, name), here in columns.items():
        at = np.array(here[0], np.int64)
        order = np.argsort(at, kind="stable")
        if (np.diff(at[order]) == 0).any():
            raise BundleError(path, f"build {build_number} has a position of chromosome {name} twice", _REMEDY)
        found.setdefault(build_number, {})[name] = PositionTable(
            tuple(names),
            at[order],
            np.array(here[2], np.int16)[order],
            np.array(here[1], np.int64)[order],
            np.array(here[3], np.bool_)[order],
        )
    return found
