"""Join imputed stretches of a chromosome; in their overlap the two sides are turned to agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.model import Dosages

if TYPE_CHECKING:
    from kitloop_genomics.imputation.chunks import Chunk


def ligate(parts: list[tuple[Chunk, Dosages]]) -> Dosages:
    """One chromosome from its stretches, in order, each imputed with its buffers."""
    kept: list[tuple[NDArray[np.generic], ...]] = []
    sides: list[NDArray[np.uint8]] = []
    for at, (chunk, found) in enumerate(parts):
        phased = found.phased
        assert phased is not None
        if at:
            before, overlap_start = parts[at - 1][0], chunk.start
            overlap = before.end - overlap_start
            if overlap > 0 and _turned(sides[-1][overlap_start - before.start :], phased[:overlap]):
                phased = phased[:, ::-1]
        sides.append(phased)
        core = slice(chunk.core_start - chunk.start, chunk.core_end - chunk.start)
        kept.append((found.dosage[core], found.gp[core], found.gt[core], phased[core]))
    dosage, gp, gt, phase = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Dosages(dosage, gp, gt, phase)


def _turned(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether more heterozygous sites of both agree with the sides of `other` exchanged."""
    both = (one[:, 0] != one[:, 1]) & (other[:, 0] != other[:, 1])
    same = int((one[both, 0] == other[both, 0]).sum())
    return 2 * same < int(both.sum())
