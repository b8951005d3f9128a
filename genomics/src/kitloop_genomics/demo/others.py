"""Insertions, deletions and sites with two ALTs, made of simulated sites: who carries one is left as it was simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.genome import BASES

_INDELS_PER_MB, _PAIRS_PER_MB = 8, 3
_MOST_BP = 6
_CLEAR_BP = 25  # to the next site on each side, so that reads show what is meant
_FAR_BP = 2_000  # between the two sites that become one place


@dataclass(frozen=True, slots=True)
class Others:
    """alleles: by the site's index, REF and ALT of what is no SNP, or is one of two ALTs.  moved: positions anew, by index."""

    alleles: dict[int, tuple[str, str]]
    moved: dict[int, int]


def make_others(
    reference: NDArray[np.uint8],
    position: NDArray[np.int64],
    alt: NDArray[np.uint8],
    frequency: NDArray[np.float64],
    carries: NDArray[np.uint8],
    rng: np.random.Generator,
) -> Others:
    """Choose among sites (M,): `frequency` of ALT in the panel, NaN outside it; `carries` (M, H) of everyone, 1 = ALT.

    Sites with an ALT of 30 to 70 % are left alone: the demo's traits are among them.
    """
    gap = np.diff(position, prepend=-_CLEAR_BP, append=len(reference) + _CLEAR_BP)
    alone = (gap[:-1] >= _CLEAR_BP) & (gap[1:] >= _CLEAR_BP)
    wanted = (frequency > 0.01) & (frequency < 0.99) & ~((frequency > 0.3) & (frequency < 0.7))
    megabases = len(reference) / 1e6
    alleles: dict[int, tuple[str, str]] = {}
    moved: dict[int, int] = {}
    for at in _chosen(np.flatnonzero(alone & wanted), round(_INDELS_PER_MB * megabases), rng):
        alleles[at] = _indel(reference, int(position[at]), rng)
    # Two neighbours that nobody carries on one chromosome become two ALTs of the first one's place.
    near = gap[1:-1] <= _FAR_BP
    apart = ~(carries[:-1] & carries[1:]).any(axis=1)
    both = (alone & wanted)[:-1] & (alone & wanted)[1:]
    for at in _chosen(np.flatnonzero(near & apart & both), round(_PAIRS_PER_MB * megabases), rng):
        if at in alleles or at + 1 in alleles:
            continue
        moved[at + 1] = int(position[at])
        ref, first = chr(reference[position[at] - 1]), chr(alt[at])
        if rng.random() < 0.5:
            alleles[at] = ref, first
            alleles[at + 1] = ref, next(base for base in "ACGT" if base not in (ref, first))
        else:  # a SNP and an insertion: the SNP stays one that reads can tell
            alleles[at + 1] = ref, ref + _bases(rng, ref)
    return Others(alleles, moved)


def _chosen(among: NDArray[np.int64], count: int, rng: np.random.Generator) -> list[int]:
    return sorted(rng.choice(among, min(count, len(among)), replace=False).tolist())


def _indel(reference: NDArray[np.uint8], position: int, rng: np.random.Generator) -> tuple[str, str]:
    """REF and ALT with the base before in front, as VCF has them, and as far to the left as they can stand.

    They can't be moved when the last base that is there or gone is another than the one in front.
    """
    anchor = chr(reference[position - 1])
    if rng.random() < 0.5:
        return anchor, anchor + _bases(rng, anchor)
    end = position + int(rng.integers(1, _MOST_BP + 1))
    while chr(reference[end - 1]) == anchor:
        end += 1
    return reference[position - 1 : end].tobytes().decode(), anchor


def _bases(rng: np.random.Generator, anchor: str) -> str:
    drawn = rng.choice(BASES, int(rng.integers(1, _MOST_BP + 1))).tobytes().decode()
    return drawn[:-1] + next(base for base in drawn[-1] + "ACGT" if base != anchor)
