"""The genetic map: `map.tsv`, columns chromosome, position (1-based bp), cM (cumulative)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.errors import BundleError

HEADER = "chromosome\tposition\tcM"


@dataclass(frozen=True, slots=True)
class GeneticMap:
    """Per chromosome, positions (1-based bp, increasing) and cumulative centimorgans (never falling)."""

    position: dict[str, NDArray[np.float64]]
    cm: dict[str, NDArray[np.float64]]

    def centimorgans(self, chromosome: str, position: NDArray[np.int64]) -> NDArray[np.float64]:
        """Centimorgans at 1-based positions, by linear interpolation; flat beyond the map's ends."""
        return np.interp(position, self.position[chromosome], self.cm[chromosome])


def read_genetic_map(path: Path) -> GeneticMap:
    """Read `map.tsv`; `BundleError` names the file when a row is malformed or positions go backwards."""
    position: dict[str, list[float]] = {}
    cm: dict[str, list[float]] = {}
    remedy = f"Write tab-separated rows under the header '{HEADER}', sorted by position"
    try:
        with path.open() as stream:
            if stream.readline().rstrip("\n") != HEADER:
                raise BundleError(path, "the header is missing", remedy)
            for line in stream:
                chromosome, at, value = line.rstrip("\n").split("\t")
                position.setdefault(chromosome, []).append(float(at))
                cm.setdefault(chromosome, []).append(float(value))
    except FileNotFoundError:
        raise BundleError(path, "the genetic map is missing", remedy) from None
    except ValueError as error:
        raise BundleError(path, f"a row can't be read ({error})", remedy) from error
    for chromosome in position:
        if (np.diff(position[chromosome]) <= 0).any() or (np.diff(cm[chromosome]) < 0).any():
            raise BundleError(path, f"{chromosome} goes backwards", remedy)
    return GeneticMap(
        {name: np.array(values) for name, values in position.items()},
        {name: np.array(values) for name, values in cm.items()},
    )
