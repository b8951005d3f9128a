"""A run's observations in files, one per chromosome, read where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.columns import read_columns, write_columns
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.by_chromosome import ByChromosome
from kitloop_genomics.likelihoods.likelihoods import Likelihoods, likelihoods
from kitloop_genomics.likelihoods.pileup import NOTHING, Observations, observations


def store_observations(folder: Path, bam: Path, chromosomes: Sequence[PanelChromosome]) -> None:
    """Write what a BAM shows into `folder`, one file per chromosome; errors are those of `observations`."""
    unseen = set(range(len(chromosomes)))
    for at, found in observations(bam, chromosomes):
        _write(folder, at, found)
        unseen.discard(at)
    for at in unseen:
        _write(folder, at, NOTHING)


def holds_observations(folder: Path) -> bool:
    """Whether `store_observations` has been through with `folder`."""
    return _path(folder, 0).exists()


def stored_observations(folder: Path, count: int) -> ByChromosome[Observations]:
    """What was written there of `count` chromosomes."""
    return ByChromosome(count, lambda at: Observations(**read_columns(_path(folder, at))))


def likelihoods_of(
    observed: Sequence[Observations], chromosomes: Sequence[PanelChromosome]
) -> ByChromosome[Likelihoods]:
    """The likelihoods of each chromosome's sites."""
    return ByChromosome(len(chromosomes), lambda at: likelihoods(observed[at], len(chromosomes[at].position)))


def genotypes(likely: Sequence[Likelihoods]) -> ByChromosome[NDArray[np.float32]]:
    """The likelihoods alone, without depths."""
    return ByChromosome(len(likely), lambda at: likely[at].genotype)


def _write(folder: Path, at: int, found: Observations) -> None:
    columns: dict[str, list[NDArray[Any]]] = {"site": [found.site], "is_alt": [found.is_alt], "error": [found.error]}
    write_columns(_path(folder, at), columns)


def _path(folder: Path, at: int) -> Path:
    return folder / f"observed-{at}"
