"""Ancestry proportions."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import Finished
from kitloop_genomics.ancestry.estimate import Ancestry, estimate_ancestry, follow_tracts
from kitloop_genomics.ancestry.evidence import WINDOW_CM, Evidence, gather, genotypes_told
from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.ancestry.kernel import backward, draw, forward
from kitloop_genomics.ancestry.picture import picture
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Population
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.result import ancestry_json
from kitloop_genomics.sandbox.reads import SimulatedReads


def plain_paths(pair: np.ndarray, switch: np.ndarray, share: np.ndarray) -> tuple[float, np.ndarray, float]:
    """Log-likelihood, occupied shares and changes of ancestors, by going through all paths and all ways to change."""
    windows, count = pair.shape[:2]
    total, changes = 0.0, 0.0
    occupied = np.zeros((windows, count))
    for sides in itertools.product(itertools.product(range(count), repeat=windows), repeat=2):
        for changed in itertools.product(itertools.product((0, 1), repeat=windows), repeat=2):
            chance = 1.0
            for path, turns in zip(sides, changed, strict=True):
                for w in range(windows):
                    if turns[w]:
                        chance *= switch[w] * share[path[w]]
                    else:
                        chance *= (1 - switch[w]) * (w > 0 and path[w] == path[w - 1])
            for w in range(windows):
                chance *= np.exp(pair[w, sides[0][w], sides[1][w]])
            total += chance
            changes += chance * sum(map(sum, changed))
            for path in sides:
                for w in range(windows):
                    occupied[w, path[w]] += chance / 2
    return float(np.log(total)), occupied / total, changes / total


def test_tracts_are_those_of_all_paths_gone_through() -> None:
    rng = np.random.default_rng(1)
    pair = rng.normal(0, 2, (3, 2, 2))
    pair = (pair + pair.transpose(0, 2, 1)) / 2
    switch, share = np.array([1.0, 0.3, 0.05]), np.array([0.7, 0.3])
    state, occupied = np.empty_like(pair), np.empty((3, 2))
    height = forward(np.exp(pair), switch, share, state)
    changes = backward(np.exp(pair), switch, share, state, occupied)
    expected = plain_paths(pair, switch, share)
    assert height == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(occupied, expected[1], rtol=1e-10)
    assert changes == pytest.approx(expected[2], rel=1e-10)
    span = np.array([1.0, 2.0, 3.0])
    drawn = draw(state, switch, share, span, rng.random((20_000, 3)))
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), span @ occupied / span.sum(), atol=0.005)


def _tracts(apart: float, seed: int, generations: float = 12.0) -> tuple[Evidence, np.ndarray]:
    """Evidence of 600 windows of one person of two populations, `apart` standard deviations per window, and the truth."""
    rng = np.random.default_rng(seed)
    starts = np.arange(600) % 50 == 0
    truth = np.zeros((600, 2), np.int64)
    for side in range(2):
        for w in range(600):
            changes = starts[w] or rng.random() < -np.expm1(-generations * 0.002)
            truth[w, side] = rng.random() < 0.3 if changes else truth[w - 1, side]
    seen = truth.sum(axis=1) * apart / 2 + rng.normal(size=600)
    copies = np.array([[0, 1], [1, 2]])
    pair = -((seen[:, None, None] - copies * apart / 2) ** 2) / 2
    distance = 600 * np.array([[0, apart**2], [apart**2, 0]])
    cm = np.arange(600) % 50 * 0.2
    return Evidence(pair, cm, np.ones(600), starts, distance, 600), np.array([1 - truth.mean(), truth.mean()])


@pytest.mark.parametrize(("apart", "within"), [(3.0, 0.02), (1.0, 0.1)])
def test_known_tracts_are_recovered_within_their_intervals(apart: float, within: float) -> None:
    inside = []
    for seed in range(10):
        evidence, truth = _tracts(apart, seed)
        found = follow_tracts(evidence)
        assert found.share.sum() == pytest.approx(1)
        np.testing.assert_allclose(found.share, truth, atol=within)
        inside.append(bool(((found.low <= truth) & (truth <= found.high)).all()))
        assert found.groups() == [[0], [1]]
    assert sum(inside) >= 9


def test_populations_that_the_data_cannot_tell_apart_are_one_group() -> None:
    evidence, _ = _tracts(0.2, 1)
    assert follow_tracts(evidence).groups() == [[0, 1]]
    share = np.array([0.5, 0.3, 0.2])
    apart = np.array([[0, 9.0, 1e4], [9.0, 0, 1e4], [1e4, 1e4, 0]])
    found = Ancestry(share, share, share, 0, 0, np.array([[0.6, 0.2, 0.2], [0.4, 0.4, 0.2]]), apart=apart)
    populations = tuple(Population(key, key.upper(), np.arange(2)) for key in "abc")
    rows = ancestry_json(found, populations)["value"]["populations"]
    assert [(row["key"], row["name"], row["proportion"], row["members"]) for row in rows] == [
        ("a+b", "A or B", 0.8, ["a", "b"]), ("c", "C", 0.2, ["c"]),
    ]  # fmt: skip
    assert rows[0]["low"] == rows[0]["high"] == 0.8  # however it is divided, their sum is known


def test_windows_weigh_sites_together_as_a_plain_normal_density_does(bundle: Bundle) -> None:
    panel = replace(bundle.panel, chromosomes=bundle.panel.chromosomes[:1])
    chromosome = panel.chromosomes[0]
    rng = np.random.default_rng(3)
    common = np.flatnonzero((chromosome.alt_frequency > 0.2) & (chromosome.alt_frequency < 0.8))
    at = np.sort(rng.choice(common[chromosome.cm[common] - chromosome.cm[0] < WINDOW_CM], 6, replace=False))
    depth = np.zeros(len(chromosome.position), np.int32)
    depth[at] = 1
    genotype = np.ones((len(depth), 3), np.float32)
    genotype[at] = np.where(rng.random((6, 1)) < 0.5, [[1, 0.5, 0.001]], [[0.001, 0.5, 1]])
    found = gather(panel, [Likelihoods(genotype, depth)])
    assert found is not None
    assert (found.pair.shape, found.sites) == ((1, 4, 4), 6)
    frequency = population_frequencies(panel, chromosome)[at]
    seen, noise, middle = genotypes_told(Likelihoods(genotype, depth), at, frequency)
    centred = chromosome.genotypes_at(at).astype(float)
    for population in panel.populations:
        centred[:, population.members] -= centred[:, population.members].mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / 196 * 0.9
    within = (2 * frequency * (1 - frequency)).mean(axis=1)
    for row in range(6):
        covariance[row, row] = within[row] * (1 + noise[row])
    inverse = np.linalg.inv(covariance)
    sure = 1 - (6 - sum(inverse[row, row] * within[row] * (noise[row] + 0.1) for row in range(6))) / 196
    for a, b in itertools.product(range(4), repeat=2):
        off = seen - (frequency[:, a] + frequency[:, b] - 2 * middle)
        assert found.pair[0, a, b] == pytest.approx(-sure * off @ inverse @ off / 2, rel=1e-8)


@pytest.mark.parametrize("depth", [1, 3])
def test_what_reads_tell_of_a_genotype_is_unbiased(depth: int) -> None:
    rng = np.random.default_rng(depth)
    frequency = np.full((60_000, 1), 0.3)
    copies = rng.binomial(2, 0.3, 60_000)
    alt = rng.binomial(depth, np.clip(copies / 2, 0.001, 0.999))
    chances = np.array([0.001, 0.5, 0.999])
    genotype = (chances ** alt[:, None] * (1 - chances) ** (depth - alt)[:, None]).astype(np.float32)
    likelihood = Likelihoods(genotype, np.full(60_000, depth, np.int32))
    seen, noise, middle = genotypes_told(likelihood, np.arange(60_000), frequency)
    for own in range(3):
        assert (seen + 2 * middle)[copies == own].mean() == pytest.approx(own, abs=0.12)
    assert noise.mean() == pytest.approx(1 / depth, rel=0.05)
    assert (seen + 2 * middle - copies).var() == pytest.approx(0.42 / depth, rel=0.15)


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
        assert row["proportion"] == pytest.approx(true["proportion"], abs=0.08)
        assert 0 <= row["low"] <= row["proportion"] <= row["high"] <= 1


def test_panel_people_are_assigned_to_their_own_population(short_bundle: Bundle) -> None:
    for population in range(4):
        person = int(short_bundle.panel.populations[population].members[7])
        seen = []
        for chromosome in short_bundle.panel.chromosomes:
            exact = np.full((len(chromosome.position), 3), 1e-6, np.float32)
            exact[np.arange(len(exact)), chromosome.genotypes[:, person]] = 1
            seen.append(Likelihoods(exact, np.ones(len(exact), np.int32)))
        found = estimate_ancestry(short_bundle.panel, seen)
        assert found is not None
        assert found.share[population] > 0.95
        drawn = picture(short_bundle.panel, seen)
        assert drawn is not None
        middles = [np.mean(row["people"], axis=0) for row in drawn["populations"]]
        away = [float(np.linalg.norm(middle - drawn["person"])) for middle in middles]
        assert int(np.argmin(away)) == population


def test_without_covered_sites_there_is_no_estimate(bundle: Bundle) -> None:
    nothing = [
        Likelihoods(np.ones((len(row.position), 3), np.float32), np.zeros(len(row.position), np.int32))
        for row in bundle.panel.chromosomes
    ]
    assert estimate_ancestry(bundle.panel, nothing) is None
    assert picture(bundle.panel, nothing) is None
