"""Which chromosomes a person has once or not at all: X, Y and the mitochondrion."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.builds import builds_named
from kitloop_genomics.bundle.manifest import FILE_NAME, Manifest
from kitloop_genomics.errors import BundleError

# Where X pairs with Y on human builds, 1-based and inclusive (Genome Reference Consortium).
HUMAN_PAR = {
    37: ((60_001, 2_699_520), (154_931_044, 155_260_560)),
    38: ((10_001, 2_781_479), (155_701_383, 156_030_895)),
}
_USUAL = {"x": ("chrX", "X"), "y": ("chrY", "Y"), "mitochondrial": ("chrM", "MT", "chrMT", "M")}


@dataclass(frozen=True, slots=True)
class SexChromosomes:
    """Their names, None for one that isn't there. par: stretches of X that XY people have twice, 1-based, inclusive."""

    x: str | None = None
    y: str | None = None
    mitochondrial: str | None = None
    par: tuple[tuple[int, int], ...] = ()

    def is_autosome(self, chromosome: str) -> bool:
        return chromosome not in (self.x, self.y, self.mitochondrial)

    def depends_on_sex(self, chromosome: str, position: int) -> bool:
        """Whether it is the person's sex that says how many copies there are at a place."""
        pairs = any(first <= position <= last for first, last in self.par)
        return chromosome == self.y or (chromosome == self.x and not pairs)

    def copies(self, chromosome: str, position: NDArray[np.int64], karyotype: str) -> NDArray[np.uint8]:
        """(M,) copies that a person of `karyotype` has at each position: 0, 1 or 2.

        A karyotype is as in "XX", "X0" or "XXY"; of any other text, say "undetermined", nothing is taken for single, and Y
        is left out. Three copies are imputed as two, and two Ys, which are alike, as one.
        """
        known = set(karyotype) <= set("XY0") and karyotype != ""
        of_x = min(karyotype.count("X"), 2) if known else 2
        if chromosome == self.x:
            found = np.full(len(position), of_x, np.uint8)
            for first, last in self.par:
                found[(position >= first) & (position <= last)] = 2
            return found
        if chromosome == self.y:
            return np.full(len(position), int(known and "Y" in karyotype), np.uint8)
        return np.full(len(position), 1 if chromosome == self.mitochondrial else 2, np.uint8)


NONE = SexChromosomes()


def sex_chromosomes(folder: Path, manifest: Manifest, contigs: Mapping[str, int]) -> SexChromosomes:
    """As the manifest says (`sex_chromosomes`: x, y, mitochondrial, par), else by the usual names in `contigs` (name to bp).

    `BundleError` for what makes no sense.
    """
    try:
        return stated(manifest.sex_chromosomes, manifest.build, contigs)
    except ValueError as error:
        remedy = 'Write {"x": name, "y": name, "mitochondrial": name, "par": [[first, last], …]}'
        raise BundleError(folder / FILE_NAME, f"sex_chromosomes can't be used ({error})", remedy) from error


def stated(said: dict[str, Any], build: str, contigs: Mapping[str, int]) -> SexChromosomes:
    """What `said` names; with nothing said, what `contigs` has under the usual names. `ValueError` says what is wrong with it.

    Where no stretches are given, those of a human build are known by its name.
    """
    if unknown := set(said) - {*_USUAL, "par"}:
        raise ValueError(f"the field {min(unknown)} is unknown")
    names = {key: said.get(key) for key in _USUAL}
    if not said:
        names = {key: next((name for name in usual if name in contigs), None) for key, usual in _USUAL.items()}
    given = [name for name in names.values() if name is not None]
    if missing := next((name for name in given if not isinstance(name, str) or name not in contigs), None):
        raise ValueError(f"the reference has no {missing}")
    if len(set(given)) < len(given):
        raise ValueError("one sequence is named twice")
    if "par" in said:
        return SexChromosomes(**names, par=_stretches(said["par"], names["x"], contigs))
    builds = builds_named(build)
    return SexChromosomes(**names, par=HUMAN_PAR.get(builds.pop(), ()) if len(builds) == 1 else ())


def _stretches(rows: Any, x: str | None, contigs: Mapping[str, int]) -> tuple[tuple[int, int], ...]:
    try:
        par = tuple((int(first), int(last)) for first, last in rows)
    except (TypeError, ValueError) as error:
        raise ValueError("par is not pairs of positions") from error
    if par and x is None:
        raise ValueError("par is of X, and no x is named")
    for first, last in par:
        if not 1 <= first <= last:
            raise ValueError(f"the stretch {first}-{last} of par ends before it begins, or begins before 1")
        if x is not None and last > contigs[x]:
            raise ValueError(f"the stretch {first}-{last} of par ends after {x}, which has {contigs[x]} bp")
    for one, other in itertools.pairwise(sorted(par)):
        if other[0] <= one[1]:
            raise ValueError(f"the stretches of par overlap at {other[0]}")
    return par
