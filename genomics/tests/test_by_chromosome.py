"""A genome goes by in chromosomes: one is in memory, and everybody who reads it has read it before the next."""

from __future__ import annotations

import weakref
from threading import enumerate as enumerate_threads

import numpy as np
import pytest
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.by_chromosome import ByChromosome
from kitloop_genomics.imputation.chunks import impute_all
from numpy.typing import NDArray

SITES, HAPLOTYPES = 60, 40


class _Array(np.ndarray):  # an array that can be watched
    pass


def test_an_entry_is_made_when_it_is_asked_for_and_gone_when_another_is() -> None:
    made: list[int] = []
    alive: list[weakref.ref[_Array]] = []

    def make(at: int) -> _Array:
        made.append(at)
        entry = np.full(3, at).view(_Array)
        alive.append(weakref.ref(entry))
        return entry

    every = ByChromosome(3, make)
    assert made == []
    assert [int(every[at][0]) for at in (0, 0, 1, -1, 2)] == [0, 0, 1, 2, 2]
    assert made == [0, 1, 2]
    assert [one() is None for one in alive] == [True, True, False]
    assert len(every) == 3
    with pytest.raises(IndexError):
        every[3]
    assert [one[0] for one in every] == [0, 1, 2]
    assert [int(one[0]) for one in every[1:]] == [1, 2]


@pytest.mark.parametrize(
    ("threads", "expected"),
    [
        (1, ["load 0", "take 0", "load 1", "take 1", "load 2", "take 2"]),
        (2, ["load 0", "load 1", "take 0", "load 2", "take 1", "take 2"]),
    ],
)
def test_a_chromosome_is_imputed_when_the_one_before_it_is_read_and_with_threads_meanwhile(
    threads: int, expected: list[str]
) -> None:
    rng = np.random.default_rng(3)
    panel = [_chromosome(f"chr{number}", rng) for number in range(3)]
    events: list[str] = []

    def likelihood(at: int) -> NDArray[np.float32]:
        events.append(f"load {at}")
        return np.random.default_rng(at).dirichlet(np.ones(3), SITES).astype(np.float32)

    found = impute_all(panel, ByChromosome(3, likelihood), sample="s", threads=threads)
    for at, _ in enumerate(found):
        events.append(f"take {at}")
    assert events == ["load 0", "load 1", "load 2", *expected]  # to choose the preset, and to impute


def test_who_leaves_off_reading_leaves_no_work_behind() -> None:
    rng = np.random.default_rng(3)
    panel = [_chromosome(f"chr{number}", rng) for number in range(3)]
    even = np.full((SITES, 3), 1 / 3, np.float32)
    found = impute_all(panel, [even] * 3, sample="s", threads=2)
    next(found)
    found.close()
    assert [one.name for one in enumerate_threads() if one.name.startswith("ThreadPoolExecutor")] == []


def _chromosome(name: str, rng: np.random.Generator) -> PanelChromosome:
    bases = np.full(SITES, 65, np.uint8)
    alleles = (rng.random((SITES, HAPLOTYPES)) < 0.3).astype(np.uint8)
    return PanelChromosome(
        name, np.arange(1, SITES + 1) * 100, bases, bases + 2, (".",) * SITES, alleles, np.linspace(0, 1, SITES)
    )
