"""What imputation gives: the posterior of each site's genotype."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome


@dataclass(frozen=True, slots=True)
class Dosages:
    """Of M sites. gp: (M, 3) float32, posterior of 0, 1, 2 copies of ALT, rows sum to 1.

    dosage: (M,) float32, expected copies of ALT, 0 to 2.  gt: (M,) int8, the likeliest number of copies.
    phased: (M, 2) uint8, the alleles of `gt` on the two chromosomes; None where phase isn't known.
    copies: (M,) uint8, how many the person has of the chromosome there; None means two everywhere. Of one copy, the posterior
    of two is 0 and the second column of `phased` too; of none, all is 0 and no call.
    phase_set: (M,) int64, the first site of the stretch along which the two sides are known to stay the same, -1 where there
    are no two copies; None means the whole chromosome.
    """

    dosage: NDArray[np.float32]
    gp: NDArray[np.float32]
    gt: NDArray[np.int8]
    phased: NDArray[np.uint8] | None = None
    copies: NDArray[np.uint8] | None = None
    phase_set: NDArray[np.int64] | None = None

    def in_pairs(self) -> Dosages:
        """One copy of one chromosome as two of two."""
        if self.copies is None:
            return self
        single = self.copies == 1
        gp, dosage = self.gp.copy(), np.where(single, 2 * self.dosage, self.dosage)
        gp[single, 2], gp[single, 1] = gp[single, 1], 0
        return replace(self, dosage=dosage, gp=gp)


class Reader(Protocol):
    """What reads a person's imputed chromosomes one at a time, so that a genome is never held whole."""

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        """Read the next one; each of the panel's comes once, in the panel's order."""


R = TypeVar("R", bound=Reader)


def read_by(reader: R, chromosomes: Iterable[PanelChromosome], imputed: Iterable[Dosages]) -> R:
    """Let `reader` read a panel's chromosomes one after the other."""
    for chromosome, dosages in zip(chromosomes, imputed, strict=True):
        reader.take(chromosome, dosages)
    return reader
