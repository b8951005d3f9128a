"""Join imputed stretches of a chromosome; in their overlap the two sides are turned to agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.model import Dosages

if TYPE_CHECKING:
    from kitloop_genomics.imputation.chunks import Chunk


def ligate(parts: list[tuple[Chunk, Dosages]]) -> Dosages:
    """One chromosome from its stretches, in order, each imputed with its buffers.

    A phase set begins where the overlap has no heterozygous site of both, or as many for either way.
    `phase_set` counts from the first site of the first core.
    """
    kept: list[tuple[NDArray[np.generic], ...]] = []
    sides: list[NDArray[np.uint8]] = []
    first, begins = parts[0][0].core_start, 0
    for at, (chunk, found) in enumerate(parts):
        phased = found.phased
        assert phased is not None
        if at:
            before, overlap_start = parts[at - 1][0], chunk.start
            overlap = max(before.end - overlap_start, 0)
            known = _agreement(sides[-1][len(sides[-1]) - overlap :], phased[:overlap])
            if known < 0:
                phased = phased[:, ::-1]
            if known == 0:
                begins = chunk.core_start - first
        sides.append(phased)
        core = slice(chunk.core_start - chunk.start, chunk.core_end - chunk.start)
        phase_set = np.full(chunk.core_end - chunk.core_start, begins, np.int64)
        kept.append((found.dosage[core], found.gp[core], found.gt[core], phased[core], phase_set))
    dosage, gp, gt, phase, sets = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Dosages(dosage, gp, gt, phase, phase_set=sets)


def _agreement(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    """By how many heterozygous sites of both the sides agree more as they are than exchanged."""
    both = (one[:, 0] != one[:, 1]) & (other[:, 0] != other[:, 1])
    return 2 * int((one[both, 0] == other[both, 0]).sum()) - int(both.sum())
