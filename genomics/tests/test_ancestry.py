"""Ancestry proportions."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import Finished
from kitloop_genomics.ancestry.estimate import estimate_ancestry
from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.ancestry.kernel import proportions
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.sandbox.reads import SimulatedReads


def plain_log_likelihood(genotype: np.ndarray, frequency: np.ndarray, share: np.ndarray) -> float:
    p = frequency @ share
    prior = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)
    return float(np.log((prior * genotype).sum(axis=1)).sum())


def _sites(share: list[float], sites: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent sites of a person with known shares, at about 1x."""
    rng = np.random.default_rng(seed)
    frequency = rng.uniform(0.02, 0.98, (sites, len(share)))
    origin = rng.choice(len(share), (sites, 2), p=share)
    alleles = rng.random((sites, 2)) < frequency[np.arange(sites)[:, None], origin]
    depth = rng.poisson(1.0, sites)
    alt = rng.binomial(depth, np.clip(alleles.mean(axis=1), 0.002, 0.998))
    chances = np.array([0.002, 0.5, 0.998])
    genotype = chances ** alt[:, None] * (1 - chances) ** (depth - alt)[:, None]
    return genotype.astype(np.float32), frequency


@pytest.mark.parametrize("share", [[0.7, 0.3, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
def test_known_shares_are_recovered_from_many_sites(share: list[float]) -> None:
    genotype, frequency = _sites(share, 20_000, 1)
    found = proportions(genotype, frequency, np.ones(20_000), np.full(3, 1 / 3), 1_000, 1e-7)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(found, share, atol=0.03)


def test_the_em_ends_at_the_top_of_the_plain_likelihood() -> None:
    genotype, frequency = _sites([0.6, 0.4], 300, 2)
    found = proportions(genotype, frequency, np.ones(300), np.full(2, 0.5), 5_000, 1e-10)
    grid = np.linspace(0, 1, 2_001)
    heights = [plain_log_likelihood(genotype, frequency, np.array([q, 1 - q])) for q in grid]
    assert found[0] == pytest.approx(grid[int(np.argmax(heights))], abs=1e-3)


def test_a_weight_of_two_is_the_site_twice() -> None:
    genotype, frequency = _sites([0.5, 0.5], 200, 3)
    weight = np.where(np.arange(200) < 50, 2.0, 1.0)
    twice = np.concatenate([genotype, genotype[:50]]), np.concatenate([frequency, frequency[:50]])
    even = np.full(2, 0.5)
    np.testing.assert_allclose(
        proportions(genotype, frequency, weight, even, 500, 1e-9),
        proportions(*twice, np.ones(250), even, 500, 1e-9),
        atol=1e-6,
    )


def test_population_frequencies_are_never_zero_or_one(bundle: Bundle) -> None:
    frequency = population_frequencies(bundle.panel, bundle.panel.chromosomes[0])
    assert frequency.shape == (len(bundle.panel.chromosomes[0].position), 4)
    assert frequency.min() == pytest.approx(0.5 / 101)
    assert frequency.max() == pytest.approx(100.5 / 101)


def test_shares_of_a_simulated_person_are_near_the_truth(finished: Finished, reads: SimulatedReads) -> None:
    truth = json.loads(reads.truth_json.read_text())["ancestry"]["populations"]
    assert finished.analysis.ancestry is not None
    found = finished.analysis.ancestry["value"]["populations"]
    assert [row["key"] for row in found] == [row["key"] for row in truth] == ["aster", "birch", "cedar", "dune"]
    assert sum(row["proportion"] for row in found) == pytest.approx(1, abs=0.001)
    for row, true in zip(found, truth, strict=True):
        assert row["proportion"] == pytest.approx(true["proportion"], abs=0.15)
        assert 0 <= row["low"] <= row["proportion"] <= row["high"] <= 1


def test_panel_people_are_assigned_to_their_own_population(bundle: Bundle) -> None:
    for population in range(4):
        person = int(bundle.panel.populations[population].members[7])
        seen = []
        for chromosome in bundle.panel.chromosomes:
            exact = np.full((len(chromosome.position), 3), 1e-6, np.float32)
            exact[np.arange(len(exact)), chromosome.genotypes[:, person]] = 1
            seen.append(Likelihoods(exact, np.ones(len(exact), np.int32)))
        found = estimate_ancestry(bundle.panel, seen)
        assert found is not None
        assert found.share[population] > 0.8


def test_without_covered_sites_there_is_no_estimate(bundle: Bundle) -> None:
    nothing = [
        Likelihoods(np.ones((len(row.position), 3), np.float32), np.zeros(len(row.position), np.int32))
        for row in bundle.panel.chromosomes
    ]
    assert estimate_ancestry(bundle.panel, nothing) is None
