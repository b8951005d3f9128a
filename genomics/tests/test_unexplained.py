"""Strangers in the reads and people who are strangers to the panel, from stretches whose reads were hidden."""

from __future__ import annotations

import math
from typing import Any

import msprime
import numpy as np
import pytest
from kitloop_genomics.benchmark.fragments import sequence
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.likelihoods.likelihoods import Likelihoods, likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.quality.hidden import HIDDEN_BP, hide, is_hidden
from kitloop_genomics.quality.strangers import Strangers, look_for_strangers
from kitloop_genomics.quality.unexplained import OUTSIDE, least_share, unexplained_share

LENGTH, PEOPLE = 5_000_000, 40


def test_each_quarter_of_the_genome_is_hidden_in_turn_in_stretches_of_20_kb() -> None:
    position = np.arange(8 * HIDDEN_BP)
    quarters = np.array([is_hidden(position, quarter) for quarter in range(4)])
    assert (quarters.sum(axis=0) == 1).all()
    edges = np.flatnonzero(np.diff(quarters[2])) + 1
    assert edges.tolist() == [at * HIDDEN_BP for at in (2, 3, 6, 7)]  # the third of each four


def _plain(copied: list[float], strange: list[float]) -> float:
    """The same by the book: every share in turn, and the least that is within three nats of the best."""
    heights = []
    for step in range(201):
        share = step / 200
        heights.append(
            sum(math.log((1 - share) * math.exp(a) + share * math.exp(b)) for a, b in zip(copied, strange, strict=True))
        )
    return next(step / 200 for step, height in enumerate(heights) if height >= max(heights) - 3)


@pytest.mark.parametrize("strange", [0, 1, 12, 40])
def test_the_least_share_is_that_of_a_plain_search(strange: int) -> None:
    rng = np.random.default_rng(strange)
    copied = rng.normal(-5, 1, 40)
    other = copied + np.where(np.arange(40) < strange, rng.normal(4, 1, 40), rng.normal(-3, 1, 40))
    found = least_share(copied, other)
    assert found == pytest.approx(_plain(copied.tolist(), other.tolist()), abs=1e-9)
    assert found is not None
    assert strange / 40 - 0.3 < found <= strange / 40


def test_stretches_that_say_nothing_are_no_strangers_and_few_are_no_answer() -> None:
    assert least_share(np.full(40, -5.0), np.full(40, -5.0)) == 0
    assert least_share(np.zeros(19), np.ones(19)) is None


@pytest.fixture(scope="module")
def simulated() -> tuple[Panel, np.ndarray, np.ndarray]:
    """A panel of one population, and two people each of it and of one that left it 8,000 generations ago."""
    history = msprime.Demography()
    for name in ("here", "there", "before"):
        history.add_population(name=name, initial_size=6_000)
    history.add_population_split(time=8_000, derived=["here", "there"], ancestral="before")
    trees = msprime.sim_ancestry(
        {"here": PEOPLE + 2, "there": 2}, demography=history, sequence_length=LENGTH, recombination_rate=1e-8, random_seed=4
    )  # fmt: skip
    trees = msprime.sim_mutations(trees, rate=1e-8, model=msprime.BinaryMutationModel(), random_seed=4)
    alleles = trees.genotype_matrix().astype(np.uint8)
    members = alleles[:, : 2 * PEOPLE]
    keep = (alleles.max(axis=1) == 1) & (members.sum(axis=1) > 1) & (members.sum(axis=1) < 2 * PEOPLE - 1)
    position = np.floor(trees.tables.sites.position[keep]).astype(np.int64) + 1
    bases = np.full(len(position), 65, np.uint8)
    chromosome = PanelChromosome(
        "chr1", position, bases, bases + 2, (".",) * len(position), np.ascontiguousarray(members[keep]), position / 1e6
    )
    people = tuple(f"p{number}" for number in range(PEOPLE))
    panel = Panel(people, (Population("here", "Here", np.arange(PEOPLE)),), (chromosome,))
    return panel, alleles[keep][:, 2 * PEOPLE : 2 * PEOPLE + 4], alleles[keep][:, 2 * PEOPLE + 4 :]


def _share(panel: Panel, haplotypes: np.ndarray, depth: float, threads: int = 1) -> float:
    position = panel.chromosomes[0].position
    seen = sequence(position - 1, haplotypes, LENGTH, depth, np.random.default_rng(1))
    likely = [Likelihoods(seen.likelihood, seen.count.sum(axis=1).astype(np.int32))]
    found = unexplained_share(
        hide(panel, None, likely, np.ones(1), sample="kit", threads=threads, effective_population_size=6_000)
    )
    assert found is not None
    return found


@pytest.mark.parametrize("depth", [0.4, 1.0])
def test_half_a_genome_from_elsewhere_shows_and_none_does_not(
    simulated: tuple[Panel, np.ndarray, np.ndarray], depth: float
) -> None:
    panel, here, there = simulated
    assert _share(panel, here[:, :2], depth) < OUTSIDE
    half = _share(panel, np.column_stack([here[:, 2], there[:, 0]]), depth)
    assert half > OUTSIDE
    assert _share(panel, there[:, :2], depth) > half


def test_the_share_is_the_same_on_two_threads(simulated: tuple[Panel, np.ndarray, np.ndarray]) -> None:
    panel, _, there = simulated
    assert _share(panel, there[:, :2], 0.4) == _share(panel, there[:, :2], 0.4, threads=2)


class Taken(list[Any]):
    """One entry per chromosome, as a run has them on the disk; counts how often one is taken."""

    times = 0

    def __getitem__(self, at: Any) -> Any:
        self.times += 1
        return super().__getitem__(at)


def _reads(haplotypes: np.ndarray, other: np.ndarray, mixed: float, depth: float) -> Observations:
    """Reads of one site each, some of another person."""
    rng = np.random.default_rng(3)
    site = np.sort(rng.integers(0, len(haplotypes), rng.poisson(depth * len(haplotypes))))
    whose = np.where((rng.random(len(site)) < mixed)[:, None], other[site], haplotypes[site])
    shown = whose[np.arange(len(site)), rng.integers(0, 2, len(site))] ^ (rng.random(len(site)) < 0.001)
    return Observations(site, shown.astype(np.uint8), np.full(len(site), 0.001))


def _look(panel: Panel, seen: Observations, limit: float = 0.05) -> tuple[Strangers, int]:
    """What is found, and how often the chromosome was taken for it."""
    observed, likely = Taken([seen]), Taken([likelihoods(seen, len(panel.chromosomes[0].position))])
    found = look_for_strangers(
        panel, observed, likely, np.ones(1), limit, sample="kit", effective_population_size=6_000
    )  # fmt: skip
    assert observed.times == likely.times
    return found, likely.times


@pytest.mark.parametrize(("depth", "expected"), [(1.0, 2), (12.0, 1)])
def test_one_person_of_the_panel_is_known_from_one_quarter_if_that_has_reads_enough(
    simulated: tuple[Panel, np.ndarray, np.ndarray], depth: float, expected: int
) -> None:
    panel, here, _ = simulated
    found, passes = _look(panel, _reads(here[:, :2], here[:, 2:], 0.0, depth))
    assert (found.mixed, passes) == (0, expected)
    assert found.unexplained is not None
    assert found.unexplained < OUTSIDE


def test_a_tenth_of_another_persons_reads_is_measured_in_all_quarters_and_nothing_is_said_of_the_rest(
    simulated: tuple[Panel, np.ndarray, np.ndarray],
) -> None:
    panel, here, _ = simulated
    found, passes = _look(panel, _reads(here[:, :2], here[:, 2:], 0.1, 1.0))
    assert found.mixed is not None
    assert 0.07 < found.mixed < 0.14
    assert (found.unexplained, passes) == (None, 4)


def test_a_share_within_the_limit_is_allowed_for_in_another_pass(
    simulated: tuple[Panel, np.ndarray, np.ndarray],
) -> None:
    panel, here, _ = simulated
    found, passes = _look(panel, _reads(here[:, :2], here[:, 2:], 0.1, 1.0), limit=0.2)
    assert found.unexplained is not None
    assert (found.unexplained < OUTSIDE, passes) == (True, 5)


@pytest.mark.parametrize("depth", [0.4, 1.0])
def test_a_parent_from_elsewhere_is_not_another_person_in_the_tube(
    simulated: tuple[Panel, np.ndarray, np.ndarray], depth: float
) -> None:
    panel, here, there = simulated
    found, _ = _look(panel, _reads(np.column_stack([here[:, 2], there[:, 0]]), here[:, :2], 0.0, depth))
    assert found.mixed == 0
    assert found.unexplained is not None
    assert found.unexplained > OUTSIDE
