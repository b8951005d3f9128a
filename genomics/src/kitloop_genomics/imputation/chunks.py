"""Whole chromosomes in overlapping stretches, so that memory stays bounded, threads have work and a kill costs little."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
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
    for first, last in pairwise(edges):
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


Task = tuple[Stretch, Chunk]


def stretches(copies: NDArray[np.integer[Any]]) -> list[Stretch]:
    """Cut a chromosome wherever the number of copies (M,) changes."""
    edge = [0, *(np.flatnonzero(np.diff(copies)) + 1).tolist(), len(copies)]
    return [Stretch(first, last, int(copies[first])) for first, last in pairwise(edge)]


def impute_all(
    panel: Sequence[PanelChromosome],
    genotypes: Sequence[NDArray[np.float32]],
    *,
    sample: str,
    effective_population_size: float | None = None,
    threads: int = 1,
    units: Path | None = None,
    copies: Sequence[NDArray[np.uint8]] | None = None,
) -> Iterator[Dosages]:
    """Impute one sample, a chromosome at a time. `genotypes` holds the (M, 3) likelihoods of each.

    copies: (M,) of each, how many the person has there, 0 to 2; two everywhere if it isn't given.

    `effective_population_size` is the bundle's, if it has one, and takes the place of the preset's. Neither threads
    nor company change a byte. Finished stretches are kept in the folder `units`, if one is given, and found there. With
    several threads a chromosome is imputed while the one before is looked at.
    """
    preset = choose_preset(told(panel, genotypes), effective_population_size)
    begun: deque[tuple[list[Stretch], list[Task], list[Future[Dosages]]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for at, chromosome in enumerate(panel):
                alike = _alike(chromosome, None if copies is None else copies[at])
                work = _work(chromosome, alike)
                one = _imputer(chromosome, genotypes[at], sample, preset, units)
                begun.append((alike, work, [pool.submit(one, task) for task in work]))
                if threads == 1 or len(begun) > 1:
                    yield _finished(*begun.popleft())
            while begun:
                yield _finished(*begun.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def impute_units(
    panel: Sequence[PanelChromosome],
    genotypes: Sequence[NDArray[np.float32]],
    units: Path,
    *,
    sample: str,
    part: int,
    parts: int,
    effective_population_size: float | None = None,
    threads: int = 1,
    copies: Sequence[NDArray[np.uint8]] | None = None,
) -> None:
    """Impute every `parts`-th stretch, from `part` on, into the folder `units`, where `impute_all` finds them."""
    preset = choose_preset(told(panel, genotypes), effective_population_size)
    before = 0
    with ThreadPoolExecutor(threads) as pool:
        for at, chromosome in enumerate(panel):
            work = _work(chromosome, _alike(chromosome, None if copies is None else copies[at]))
            mine = work[(part - before) % parts :: parts]
            before += len(work)
            if not mine:
                continue  # its likelihoods need not be made
            for _ in pool.map(_imputer(chromosome, genotypes[at], sample, preset, units), mine):
                pass


def impute_chunks(
    panel: Sequence[PanelChromosome],
    genotypes: Sequence[NDArray[np.float32]],
    chosen: list[tuple[int, Chunk]],
    *,
    sample: str,
    preset: Preset,
    hidden: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    threads: int = 1,
) -> Iterator[Dosages]:
    """Of each chosen chunk, by rising number of its chromosome, the sites `start` to `end`, as if nothing had been seen
    where a position is `hidden`. Of chromosomes that the person has twice.
    """
    with ThreadPoolExecutor(threads) as pool:
        for at, some in groupby(chosen, key=lambda one: one[0]):
            work = [(Stretch(chunk.start, chunk.end, 2), chunk) for _, chunk in some]
            yield from pool.map(_imputer(panel[at], genotypes[at], sample, preset, None, hidden), work)


def _alike(chromosome: PanelChromosome, copies: NDArray[np.uint8] | None) -> list[Stretch]:
    """The stretches of a chromosome."""
    return [Stretch(0, len(chromosome.cm), 2)] if copies is None else stretches(copies)


def _work(chromosome: PanelChromosome, alike: list[Stretch]) -> list[Task]:
    return [
        (stretch, chunk)
        for stretch in alike
        if stretch.copies
        for chunk in chunks_of(chromosome, stretch.start, stretch.end)
    ]


def _finished(alike: list[Stretch], work: list[Task], parts: list[Future[Dosages]]) -> Dosages:
    done = [(stretch, chunk, part.result()) for (stretch, chunk), part in zip(work, parts, strict=True)]
    return _joined(alike, [[(chunk, part) for owner, chunk, part in done if owner == one] for one in alike])


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


def told(panel: Sequence[PanelChromosome], genotypes: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The likelihoods at sites that reads can tell: others have none at any coverage."""
    for likelihood, chromosome in zip(genotypes, panel, strict=True):
        yield likelihood[chromosome.readable]


def _imputer(
    chromosome: PanelChromosome,
    genotypes: NDArray[np.float32],
    sample: str,
    preset: Preset,
    units: Path | None,
    hidden: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
) -> Callable[[Task], Dosages]:
    def one(task: Task) -> Dosages:
        stretch, chunk = task
        inside = slice(chunk.start, chunk.end)
        packed = chromosome.packed(chunk.start, chunk.end)
        bits = panel_bits(
            packed, chromosome.haplotypes.shape[1], chromosome.cm[inside], chromosome.position[inside],
            np.flatnonzero(chromosome.readable[inside]),
        )  # fmt: skip
        first = chunk.core_start + int(chromosome.readable[chunk.core_start :].argmax())
        seed = seed_of(sample, f"{chromosome.name}:{chromosome.position[first]}")
        genotype = genotypes[inside]
        if hidden is not None:
            genotype = np.where(hidden(chromosome.position[inside])[:, None], np.float32(1), genotype)
        # Reads of a single copy look like those of somebody who has it twice, alike.
        likelihood = genotype if stretch.copies == 2 else np.ascontiguousarray(genotype[:, ::2])
        if hidden is not None:
            return impute_stretch(bits, likelihood, preset, seed)  # no part of the result, so nothing to keep
        return impute_unit(units, bits, likelihood, preset, seed)

    return one


def choose_preset(genotypes: Iterable[NDArray[np.float32]], effective_population_size: float | None) -> Preset:
    """The preset for the sample's effective coverage."""
    seen = sites = 0
    for one in genotypes:
        seen += int((np.ptp(one, axis=1) > 0).sum())
        sites += len(one)
    covered = min(seen, sites - 0.5) / sites
    preset = preset_for(-float(np.log1p(-covered)))
    return replace(preset, effective_population_size=effective_population_size or preset.effective_population_size)
