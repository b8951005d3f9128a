"""Which chromosomes a person has once or not at all: X, Y and the mitochondrion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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


def sex_chromosomes(folder: Path, manifest: Manifest, contigs: Iterable[str]) -> SexChromosomes:
    """As the manifest says (`sex_chromosomes`: x, y, mitochondrial, par), else by the usual names in `contigs`.

    Without a word in the manifest, a human build's stretches are known by its name. `BundleError` for what makes no sense.
    """
    said = manifest.sex_chromosomes
    if not said:
        usual = {key: next((name for name in names if name in contigs), None) for key, names in _USUAL.items()}
        builds = builds_named(manifest.build)
        return SexChromosomes(**usual, par=HUMAN_PAR.get(builds.pop(), ()) if len(builds) == 1 else ())
    try:
        par = tuple((int(first), int(last)) for first, last in said.get("par", ()))
        found = SexChromosomes(**{key: said.get(key) for key in _USUAL}, par=par)
        if any(first > last for first, last in par) or set(said) - {*_USUAL, "par"}:
            raise ValueError("a stretch of par ends before it begins, or a field is unknown")
        if missing := {found.x, found.y, found.mitochondrial} - {None, *contigs}:
            raise ValueError(f"the reference has no {', '.join(sorted(map(str, missing)))}")
    except (TypeError, ValueError) as error:
        remedy = 'Write {"x": name, "y": name, "mitochondrial": name, "par": [[first, last], …]}'
        raise BundleError(folder / FILE_NAME, f"sex_chromosomes can't be used ({error})", remedy) from error
    return found
