"""Whole chromosomes in overlapping stretches, so that memory stays bounded, threads have work and a kill costs little."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.engine import impute_stretch, panel_bits, seed_of
from kitloop_genomics.imputation.ligation import ligate
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.presets import Preset, preset_for
from kitloop_genomics.imputation.unit import impute_unit

CORE_SITES = 90_000
CORE_CM = 16.0
BUFFER_CM = 0.5  # on each side: the windows at the very end know one neighbour only


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sites `start` to `end` are imputed, and of these `core_start` to `core_end` are kept."""

    start: int
    end: int
    core_start: int
    core_end: int


def chunks(cm: NDArray[np.float64]) -> list[Chunk]:
    """Cut M sites at `cm` into cores of even numbers of sites, at most 90,000 and about 16 cM each, with buffers."""
    sites = len(cm)
    count = max(1, -(-sites // CORE_SITES), int(np.ceil((cm[-1] - cm[0]) / CORE_CM)))
    edges = [sites * at // count for at in range(min(count, sites) + 1)] if count <= sites else [0, sites]
    found = []
    for first, last in itertools.pairwise(edges):
        start = int(np.searchsorted(cm, cm[first] - BUFFER_CM)) if first else 0
        end = int(np.searchsorted(cm, cm[last - 1] + BUFFER_CM, side="right")) if last < sites else sites
        found.append(Chunk(min(start, first), max(end, last), first, last))
    return found


def chunks_of(chromosome: PanelChromosome, first: int = 0, last: int | None = None) -> list[Chunk]:
    """The chunks of the sites `first` to `last`, cut as if only those were there that reads can tell.

    Then a panel with more insertions and deletions has the same chunks, and the same seeds with them.
    """
    last = len(chromosome.cm) if last is None else last
    readable = first + np.flatnonzero(chromosome.readable[first:last])
    if not len(readable):
        readable = np.arange(first, last)
    # The first and the last one reach to the ends.
    place = np.concatenate([[first], readable[1:], [last]])
    return [
        Chunk(*(int(place[at]) for at in (one.start, one.end, one.core_start, one.core_end)))
        for one in chunks(chromosome.cm[readable])
    ]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sites `start` to `end` of a chromosome, of which a person has as many `copies`."""

    start: int
    end: int
    copies: int


def stretches(copies: NDArray[np.integer[Any]]) -> list[Stretch]:
    """Cut a chromosome wherever the number of copies (M,) changes."""
    edge = [0, *(np.flatnonzero(np.diff(copies)) + 1).tolist(), len(copies)]
    return [Stretch(first, last, int(copies[first])) for first, last in itertools.pairwise(edge)]


def impute_all(
    panel: tuple[PanelChromosome, ...],
    genotypes: list[NDArray[np.float32]],
    *,
    sample: str,
    effective_population_size: float | None = None,
    threads: int = 1,
    units: Path | None = None,
    copies: list[NDArray[np.uint8]] | None = None,
) -> list[Dosages]:
    """Impute every chromosome of one sample. `genotypes` holds the (M, 3) likelihoods of each.

    copies: (M,) of each, how many the person has there, 0 to 2; two everywhere if it isn't given.

    `effective_population_size` is the bundle's, if it has one, and takes the place of the preset's. Neither threads
    nor company change a byte. Finished stretches are kept in the folder `units`, if one is given, and found there.
    """
    alike = _alike(panel, copies)
    work = _work(panel, alike)
    one = _imputer(panel, genotypes, sample, choose_preset(told(panel, genotypes), effective_population_size), units)
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(one, work))
    done = [(at, stretch, chunk, part) for (at, stretch, chunk), part in zip(work, parts, strict=True)]
    return [
        _joined(
            of_one, [[(chunk, part) for owner, s, chunk, part in done if (owner, s) == (at, one)] for one in of_one]
        )
        for at, of_one in enumerate(alike)
    ]


def impute_units(
    panel: tuple[PanelChromosome, ...],
    genotypes: list[NDArray[np.float32]],
    units: Path,
    *,
    sample: str,
    part: int,
    parts: int,
    effective_population_size: float | None = None,
    threads: int = 1,
    copies: list[NDArray[np.uint8]] | None = None,
) -> None:
    """Impute every `parts`-th stretch, from `part` on, into the folder `units`, where `impute_all` finds them."""
    one = _imputer(panel, genotypes, sample, choose_preset(told(panel, genotypes), effective_population_size), units)
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(one, _work(panel, _alike(panel, copies))[part::parts]):
            pass


def impute_chunks(
    panel: tuple[PanelChromosome, ...],
    genotypes: list[NDArray[np.float32]],
    chosen: list[tuple[int, Chunk]],
    *,
    sample: str,
    preset: Preset,
    hidden: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    threads: int = 1,
) -> list[Dosages]:
    """Of each chosen chunk, by number of its chromosome, the sites `start` to `end`, as if nothing had been seen where a
    position is `hidden`. Of chromosomes that the person has twice.
    """
    one = _imputer(panel, genotypes, sample, preset, None, hidden)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, [(at, Stretch(chunk.start, chunk.end, 2), chunk) for at, chunk in chosen]))


def _alike(panel: tuple[PanelChromosome, ...], copies: list[NDArray[np.uint8]] | None) -> list[list[Stretch]]:
    """The stretches of each chromosome."""
    if copies is None:
        return [[Stretch(0, len(chromosome.cm), 2)] for chromosome in panel]
    return [stretches(one) for one in copies]


def _work(panel: tuple[PanelChromosome, ...], alike: list[list[Stretch]]) -> list[tuple[int, Stretch, Chunk]]:
    return [
        (at, stretch, chunk)
        for at, chromosome in enumerate(panel)
        for stretch in alike[at]
        if stretch.copies
        for chunk in chunks_of(chromosome, stretch.start, stretch.end)
    ]


def _joined(alike: list[Stretch], parts: list[list[tuple[Chunk, Dosages]]]) -> Dosages:
    """One chromosome from its stretches, each ligated from its chunks; nothing is called where there is no copy."""
    found = [
        ligate(of_stretch) if stretch.copies else _nothing(stretch.end - stretch.start)
        for stretch, of_stretch in zip(alike, parts, strict=True)
    ]
    columns = ((one.dosage, one.gp, one.gt, one.phased) for one in found)
    dosage, gp, gt, phased = (np.concatenate(column) for column in zip(*columns, strict=True))
    copies = np.repeat([one.copies for one in alike], [one.end - one.start for one in alike]).astype(np.uint8)
    sets = np.concatenate([_sets(one, stretch) for one, stretch in zip(found, alike, strict=True)])
    return Dosages(
        dosage, gp, gt, phased, None if (copies == 2).all() else copies, sets if len(np.unique(sets[sets >= 0])) > 1 else None
    )  # fmt: skip


def _sets(imputed: Dosages, stretch: Stretch) -> NDArray[np.int64]:
    """The phase sets of a stretch, by sites of the chromosome: one copy tells nothing of how two are joined across it."""
    if stretch.copies < 2 or imputed.phase_set is None:
        return np.full(stretch.end - stretch.start, -1)
    return stretch.start + imputed.phase_set


def _nothing(sites: int) -> Dosages:
    gp = np.zeros((sites, 3), np.float32)
    return Dosages(gp[:, 0], gp, np.zeros(sites, np.int8), np.zeros((sites, 2), np.uint8))


def told(panel: tuple[PanelChromosome, ...], genotypes: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """The likelihoods at sites that reads can tell: others have none at any coverage."""
    return [likelihood[chromosome.readable] for likelihood, chromosome in zip(genotypes, panel, strict=True)]


def _imputer(
    panel: tuple[PanelChromosome, ...],
    genotypes: list[NDArray[np.float32]],
    sample: str,
    preset: Preset,
    units: Path | None,
    hidden: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
) -> Callable[[tuple[int, Stretch, Chunk]], Dosages]:
    def one(task: tuple[int, Stretch, Chunk]) -> Dosages:
        at, stretch, chunk = task
        inside = slice(chunk.start, chunk.end)
        chromosome = panel[at]
        packed = chromosome.packed(chunk.start, chunk.end)
        bits = panel_bits(
            packed, chromosome.haplotypes.shape[1], chromosome.cm[inside], chromosome.position[inside],
            np.flatnonzero(chromosome.readable[inside]),
        )  # fmt: skip
        first = chunk.core_start + int(chromosome.readable[chunk.core_start :].argmax())
        seed = seed_of(sample, f"{chromosome.name}:{chromosome.position[first]}")
        genotype = genotypes[at][inside]
        if hidden is not None:
            genotype = np.where(hidden(chromosome.position[inside])[:, None], np.float32(1), genotype)
        # Reads of a single copy look like those of somebody who has it twice, alike.
        likelihood = genotype if stretch.copies == 2 else np.ascontiguousarray(genotype[:, ::2])
        if hidden is not None:
            return impute_stretch(bits, likelihood, preset, seed)  # no part of the result, so nothing to keep
        return impute_unit(units, bits, likelihood, preset, seed)

    return one


def choose_preset(genotypes: list[NDArray[np.float32]], effective_population_size: float | None) -> Preset:
    """The preset for the sample's effective coverage."""
    seen = sum(int((np.ptp(one, axis=1) > 0).sum()) for one in genotypes)
    sites = sum(len(one) for one in genotypes)
    covered = min(seen, sites - 0.5) / sites
    preset = preset_for(-float(np.log1p(-covered)))
    return replace(preset, effective_population_size=effective_population_size or preset.effective_population_size)
