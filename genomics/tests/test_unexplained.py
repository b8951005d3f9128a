"""The share of the genome that is no copy of the panel's people, from stretches whose reads were hidden."""

from __future__ import annotations

import math

import msprime
import numpy as np
import pytest
from kitloop_genomics.benchmark.fragments import sequence
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.quality.unexplained import HIDDEN_BP, OUTSIDE, hidden, least_share, unexplained_share

LENGTH, PEOPLE = 5_000_000, 40


def test_a_quarter_of_the_genome_is_hidden_in_stretches_of_20_kb() -> None:
    found = hidden(np.arange(8 * HIDDEN_BP))
    assert found.mean() == 0.25
    assert np.flatnonzero(np.diff(found)).tolist() == [
        at * HIDDEN_BP - 1 for at in (2, 3, 6, 7)
    ]  # the third of each four


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
        panel, likely, np.ones(1), sample="kit", threads=threads, effective_population_size=6_000
    )  # fmt: skip
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
