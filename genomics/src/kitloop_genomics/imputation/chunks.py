"""Whole chromosomes in overlapping stretches, so that memory stays bounded and threads have work."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.model import Dosages, Parameters, impute

CORE_SITES = 20_000
BUFFER_SITES = 1_500  # on each side: beyond a few cM the model has forgotten where it began


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sites `start` to `end` are imputed, and of these `core_start` to `core_end` are kept."""

    start: int
    end: int
    core_start: int
    core_end: int


def chunks(sites: int) -> list[Chunk]:
    """Cut `sites` into even cores of at most 20,000, each with a buffer of 1,500 on both sides."""
    count = max(1, -(-sites // CORE_SITES))
    edges = [sites * at // count for at in range(count + 1)]
    return [
        Chunk(max(0, first - BUFFER_SITES), min(sites, last + BUFFER_SITES), first, last)
        for first, last in itertools.pairwise(edges)
    ]


def impute_all(
    panel: tuple[PanelChromosome, ...], genotypes: list[NDArray[np.float32]], parameters: Parameters, threads: int = 1
) -> list[Dosages]:
    """Impute every chromosome. `genotypes` holds the (M, 3) likelihoods of each; threads don't change the result."""
    work = [
        (at, chunk)
        for at, chromosome in enumerate(panel)
        for chunk in chunks(len(chromosome.position))
    ]  # fmt: skip

    def one(task: tuple[int, Chunk]) -> Dosages:
        at, chunk = task
        inside = slice(chunk.start, chunk.end)
        kept = slice(chunk.core_start - chunk.start, chunk.core_end - chunk.start)
        found = impute(_part(panel[at], inside), genotypes[at][inside], parameters)
        return Dosages(found.dosage[kept], found.gp[kept], found.gt[kept])

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(one, work))
    joined = []
    for at in range(len(panel)):
        own = [part for (owner, _), part in zip(work, parts, strict=True) if owner == at]
        joined.append(
            Dosages(
                np.concatenate([part.dosage for part in own]),
                np.concatenate([part.gp for part in own]),
                np.concatenate([part.gt for part in own]),
            )
        )
    return joined


def _part(panel: PanelChromosome, inside: slice) -> PanelChromosome:
    return PanelChromosome(
        panel.name, panel.position[inside], panel.ref[inside], panel.alt[inside], panel.ids[inside],
        panel.haplotypes[inside], panel.cm[inside],
    )  # fmt: skip
