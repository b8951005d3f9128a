"""Each kernel of the engine equals a slow plain twin; the whole comes close to the exact model on a panel that it fits."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation import unit
from kitloop_genomics.imputation import windows as windows_module
from kitloop_genomics.imputation.bits import EIGHT_BYTES, allele, count_bits, unpack
from kitloop_genomics.imputation.copying import chance_of_alt
from kitloop_genomics.imputation.emission import Tables
from kitloop_genomics.imputation.engine import PanelBits, impute_stretch, panel_bits, seed_of
from kitloop_genomics.imputation.exact import Parameters, impute_exactly
from kitloop_genomics.imputation.linking import MOST_SITES
from kitloop_genomics.imputation.pairs import draw_pairs
from kitloop_genomics.imputation.phasing import phased_genotypes
from kitloop_genomics.imputation.presets import PRESETS, Preset, preset_for
from kitloop_genomics.imputation.ranking import rank
from kitloop_genomics.imputation.reading import allowing_for_errors, read, switch_chances, weighed_by_unread
from kitloop_genomics.imputation.unit import impute_unit, unit_key
from kitloop_genomics.imputation.windows import best_donors, came_from, halfway, in_blocks, windows

LEAK = 1e-4


class Case:
    """A small problem: 60 sites, 21 haplotypes (not a multiple of 8), reads at about every second site, some of one read."""

    def __init__(self, seed: int, sites: int = 60, haplotypes: int = 21) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.alleles = (rng.random((sites, haplotypes)) < rng.uniform(0.2, 0.8, (sites, 1))).astype(np.uint8)
        self.cm = np.cumsum(rng.exponential(0.05, sites))
        position = np.cumsum(rng.integers(5, 40, sites))
        self.panel: PanelBits = panel_bits(np.packbits(self.alleles, axis=1), haplotypes, self.cm, position)
        self.seen = np.ones((sites, 3), np.float32)
        told = np.sort(rng.choice(sites, sites // 2, replace=False))
        self.seen[told] = rng.uniform(0.01, 1, (len(told), 3))
        for start in rng.choice(told[:-6], 5):
            error = rng.uniform(0.001, 0.3, rng.integers(2, 7))
            self.seen[start : start + len(error)] = np.stack([error, 0 * error + 0.5, 1 - error], axis=1)
        self.reading = read(self.seen, self.panel.frequency, 1e-3, position)
        self.site, self.runs = self.reading.site, self.reading.runs
        self.switch = switch_chances(self.cm[self.reading.first], haplotypes, 3_000.0)
        self.cut = windows(self.cm, self.reading.first, self.reading.last, 0.7)
        sizes = np.diff(self.runs.edge)
        assert sizes.max() == MOST_SITES
        assert (sizes == 1).sum() > 5

    def emission(self, chromosomes: int) -> Tables:
        return self.reading.beside(self.rng.random((chromosomes, len(self.site))).astype(np.float32))

    def codes(self, run: int, haplotypes: np.ndarray | slice) -> np.ndarray:
        rows = self.alleles[self.site[self.runs.edge[run] : self.runs.edge[run + 1]]][:, haplotypes].astype(int)
        return (rows << np.arange(len(rows))[:, None]).sum(axis=0)

    def shown(self, emission: Tables, chromosome: int) -> np.ndarray:
        """(R, N) emission of each haplotype of the panel at each run."""
        table = emission.value[chromosome].astype(float)
        return np.array([table[emission.start[t] + self.codes(t, slice(None))] for t in range(len(self.switch))])

    def donors(self, many: int) -> tuple[np.ndarray, np.ndarray]:
        scores = self.rng.random((len(self.cut.edge) - 1, self.alleles.shape[1])).astype(np.float32)
        donor = best_donors(scores, many)
        return donor, came_from(donor, self.alleles.shape[1])


def plain_haploid(shown: np.ndarray, switch: np.ndarray) -> np.ndarray:
    """(R, N) posterior of the haplotype copied, by forward-backward with the full switch matrix."""
    steps, n = shown.shape
    move = [(1 - r) * np.eye(n) + r / n for r in switch.astype(float)]
    forward, backward = np.empty((steps, n)), np.ones((steps, n))
    state = np.full(n, 1 / n)
    for t in range(steps):
        state = shown[t] * (state @ move[t])
        state /= state.sum()
        forward[t] = state
    for t in range(steps - 2, -1, -1):
        backward[t] = move[t + 1] @ (shown[t + 1] * backward[t + 1])
        backward[t] /= backward[t].sum()
    posterior = forward * backward
    return posterior / posterior.sum(axis=1, keepdims=True)


def plain_run(case: Case, run: int, one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """P(reads | alleles of both sides) at a run of several sites: every way in which reads may be from the sides."""
    sites = np.arange(case.runs.edge[run], case.runs.edge[run + 1])
    seen = allowing_for_errors(case.seen[case.site[sites]]).astype(float)
    e = case.reading.mismatch
    total = 0.0
    for side in product((0, 1), repeat=len(sites)):
        chance = 0.5
        for s, of in enumerate(side):
            if s:
                link = float(case.runs.link[sites[s]])
                chance *= (1 - link) / 2 + link * (of == side[s - 1])
            copied = (one, other)[of][s]
            chance *= (1 - e) * seen[s, 2 * copied] + e * seen[s, 2 - 2 * copied]
        total += chance
    return total


@pytest.mark.parametrize("seed", range(3))
def test_a_run_of_sites_is_read_as_by_reads_that_may_show_several(seed: int) -> None:
    case = Case(seed)
    pairs, partner = case.reading.of_pairs(), case.rng.integers(0, 2, len(case.site))
    beside = case.reading.beside(partner[None].astype(np.float32))
    for run, (first, after) in enumerate(zip(case.runs.edge[:-1], case.runs.edge[1:], strict=True)):
        sites = after - first
        if sites == 1:
            continue
        every = list(product((0, 1), repeat=sites))
        for one, other in product(every, every):
            codes = [sum(allele << s for s, allele in enumerate(side)) for side in (one, other)]
            expected = plain_run(case, run, one, other)
            assert pairs.value[pairs.start[run] + codes[0] * 2**sites + codes[1]] == pytest.approx(expected, rel=1e-4)
            if other == tuple(partner[first:after]):
                assert beside.value[0, beside.start[run] + codes[0]] == pytest.approx(expected, rel=1e-4)


def test_neighbours_that_were_seen_once_and_closely_are_one_run_and_others_are_not() -> None:
    once, twice, nothing = [0.001, 0.5, 0.999], [0.001**2, 0.25, 0.999**2], [1, 1, 1]
    rows = [(once, 10), (once, 30), (once, 50), (once, 70), (once, 90), (twice, 100), (once, 110), (once, 250)]
    rows += [(nothing, 251), (once, 252), (once, 402)]
    seen, position = np.array([row for row, _ in rows], np.float32), np.array([at for _, at in rows])
    found = read(seen, np.full(len(rows), 0.3, np.float32), 1e-4, position)
    assert np.diff(found.runs.edge).tolist() == [4, 1, 1, 1, 1, 1, 1]
    covered = 10 / 11
    x = 20 / 150
    assert found.runs.link[1] == pytest.approx((1 - x) / (1 - x - np.log(1 - covered) * x * x))
    unplaced = read(seen, np.full(len(rows), 0.3, np.float32), 1e-4)
    assert np.diff(unplaced.runs.edge).tolist() == [1] * 10


@pytest.mark.parametrize("haplotypes", [1, 8, 21, 64])
def test_bits_come_back_as_they_were_packed(haplotypes: int) -> None:
    alleles = (np.random.default_rng(haplotypes).random((30, haplotypes)) < 0.3).astype(np.uint8)
    packed = np.packbits(alleles, axis=1)
    words = np.empty(packed.shape[1], np.uint64)
    for row, expected in zip(packed, alleles, strict=True):
        unpack(row, EIGHT_BYTES, words)
        assert words.view(np.uint8)[:haplotypes].tolist() == expected.tolist()
        assert [allele(row, h) for h in range(haplotypes)] == expected.tolist()
    assert count_bits(packed).tolist() == alleles.sum(axis=1).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_ranks_equal_the_plain_posterior_at_the_probes(seed: int) -> None:
    case = Case(seed)
    emission = case.emission(3)
    probe, owner = case.cut.probes()
    found = np.zeros((len(case.cut.edge) - 1, 21), np.float32)
    rank(
        case.panel.packed, 21, case.site, case.runs.edge, emission.value, emission.start, case.switch, probe, owner,
        EIGHT_BYTES, found,
    )  # fmt: skip
    expected = np.zeros(found.shape)
    for chromosome in range(3):
        posterior = plain_haploid(case.shown(emission, chromosome), case.switch)
        np.add.at(expected, owner, posterior[probe])
    np.testing.assert_allclose(found, expected, atol=2e-5)


def plain_chance(case: Case, shown: np.ndarray, donor: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(M,) P(ALT) over the donors of each window; what a border loses is spread evenly over the new set."""
    k = donor.shape[1]
    owner = np.repeat(np.arange(len(donor)), np.diff(case.cut.edge))
    shown = np.array([row[donor[w]] for row, w in zip(shown, owner, strict=True)])
    sites = len(case.switch)
    forward, backward = np.empty((sites, k)), np.ones((sites, k))
    state = np.full(k, 1 / k)
    for t in range(sites):
        w, r = owner[t], float(case.switch[t])
        if t and owner[t - 1] != w:
            carried = np.where(origin[w] >= 0, state[origin[w]], 0)
            state = carried + max(LEAK, 1 - carried.sum()) / k
            state /= state.sum()
        state = shown[t] * ((1 - r) * state + r / k)
        state /= state.sum()
        forward[t] = state
    after = np.full(k, 1 / k)
    for t in range(sites - 1, -1, -1):
        r = float(case.switch[t + 1]) if t + 1 < sites else 0.0
        if t + 1 < sites and owner[t + 1] != owner[t]:
            crossed = np.full(k, after.mean())
            for i, before in enumerate(origin[owner[t + 1]]):
                if before >= 0:
                    crossed[before] = after[i]
            after = crossed / crossed.sum()
        backward[t] = (1 - r) * after + r / k
        after = shown[t] * backward[t]
        after /= after.sum()
    posterior = forward * backward
    posterior /= posterior.sum(axis=1, keepdims=True)
    chance = np.empty(len(case.cm))
    for m in range(len(case.cm)):
        w = int(np.searchsorted(case.cut.site_edge, m, side="right")) - 1
        inside = np.arange(case.cut.edge[w], case.cut.edge[w + 1])
        gap = np.maximum(np.maximum(case.reading.first[inside] - m, m - case.reading.last[inside]), 0)
        nearest = inside[np.flatnonzero(gap == gap.min())[0]]  # of two, the one before
        chance[m] = posterior[nearest] @ case.alleles[m, donor[w]]
    return chance


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("many", [5, 16, 21])
def test_chances_of_alt_equal_the_plain_ones(seed: int, many: int) -> None:
    case = Case(seed)
    emission = case.emission(2)
    donor, origin = case.donors(many)
    found = np.full((2, len(case.cm)), np.nan, np.float32)
    half = np.concatenate([[0], halfway(case.reading.last[:-1], case.reading.first[1:])])
    chance_of_alt(
        case.panel.packed, case.site, case.runs.edge, half, emission.value, emission.start, case.switch, case.cut.edge,
        case.cut.site_edge, donor, origin, EIGHT_BYTES, found,
    )  # fmt: skip
    for chromosome, one in enumerate(found):
        expected = plain_chance(case, case.shown(emission, chromosome), donor, origin)
        np.testing.assert_allclose(one, expected, atol=3e-5)


def plain_draw(case: Case, donor: np.ndarray, origin: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """(2, J) one drawn pair, from tables over all K x K pairs, in the order of draws that `draw_pairs` documents."""
    k, sites = donor.shape[1], len(case.switch)
    of_pairs = case.reading.of_pairs()
    owner = np.repeat(np.arange(len(donor)), np.diff(case.cut.edge))
    tables = []
    table = np.full((k, k), 1 / k**2)
    for t in range(sites):
        w, r = owner[t], float(case.switch[t])
        if t and owner[t - 1] != w:
            carried = np.zeros((k, k))
            kept = np.flatnonzero(origin[w] >= 0)
            carried[np.ix_(kept, kept)] = table[np.ix_(origin[w][kept], origin[w][kept])]
            table = carried + max(LEAK, 1 - carried.sum()) / k**2
            table /= table.sum()
        move = (1 - r) * np.eye(k) + r / k
        table_of_run = of_pairs.value[of_pairs.start[t] : of_pairs.start[t + 1]].astype(float)
        codes = case.codes(t, donor[w])
        table = table_of_run[codes[:, None] * int(len(table_of_run) ** 0.5) + codes[None, :]] * (move @ table @ move)
        table /= table.sum()
        tables.append(table)
    drawn = np.empty((2, len(case.site)), np.uint8)
    i = j = -1
    for t in range(sites - 1, -1, -1):
        w, table = owner[t], tables[t]
        border = t + 1 == sites or owner[t + 1] != w
        r = 1.0 if t + 1 == sites else float(case.switch[t + 1])
        if border:
            r = max(r, LEAK)
            if t + 1 < sites:
                i, j = origin[w + 1][i], origin[w + 1][j]
        options = [
            (1 - r) ** 2 * table[i, j] if i >= 0 and j >= 0 else 0.0,
            (1 - r) * r / k * table[:, j].sum() if j >= 0 else 0.0,
            (1 - r) * r / k * table[i].sum() if i >= 0 else 0.0,
            (r / k) ** 2,
        ]
        at = uniform[t, 0] * sum(options)
        if at < options[0]:
            pass
        elif (at := at - options[0]) < options[1]:
            i = _pick(table[:, j], at / options[1])
        elif (at := at - options[1]) < options[2]:
            j = _pick(table[i], at / options[2])
        else:
            i = _pick(table.sum(axis=1), (at - options[2]) / options[3])
            j = _pick(table[i], uniform[t, 1])
        inside = slice(case.runs.edge[t], case.runs.edge[t + 1])
        drawn[:, inside] = case.alleles[case.site[inside]][:, donor[w][[i, j]]].T
    return drawn


def _pick(weights: np.ndarray, uniform: float) -> int:
    return min(int(np.searchsorted(np.cumsum(weights), uniform * weights.sum(), side="right")), len(weights) - 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("many", [5, 16, 21])
def test_drawn_pairs_equal_the_plain_ones_draw_by_draw(seed: int, many: int) -> None:
    case = Case(seed)
    donor, origin = case.donors(many)
    uniform = case.rng.random((4, len(case.switch), 2))
    drawn = np.empty((4, 2, len(case.site)), np.uint8)
    of_pairs = case.reading.of_pairs()
    draw_pairs(
        case.panel.packed, case.site, case.runs.edge, of_pairs.value, of_pairs.start, case.switch, case.cut.edge, donor,
        origin, uniform, drawn,
    )  # fmt: skip
    for found, numbers in zip(drawn, uniform, strict=True):
        assert (found == plain_draw(case, donor, origin, numbers)).mean() > 0.99  # a tie may fall the other way


def _like_a_population(seed: int, sites: int = 400, haplotypes: int = 40) -> tuple[PanelChromosome, np.ndarray]:
    """Mosaics of eight ancestors, and reads of two more of them at a third of the sites."""
    rng = np.random.default_rng(seed)
    ancestors = (rng.random((sites, 8)) < rng.uniform(0.05, 0.95, (sites, 1))).astype(np.uint8)
    block = np.arange(sites) // 50
    everyone = rng.integers(0, 8, (block[-1] + 1, haplotypes + 2))
    carries = np.take_along_axis(ancestors, everyone[block], axis=1)
    seen = np.ones((sites, 3), np.float32)
    told = np.sort(rng.choice(sites, sites // 3, replace=False))
    alt = carries[told, haplotypes + rng.integers(0, 2, len(told))]
    seen[told] = np.where(alt[:, None] == 1, [0.002, 0.5, 0.998], [0.998, 0.5, 0.002])
    letters = np.full(sites, ord("A"), np.uint8), np.full(sites, ord("C"), np.uint8)
    cm = 0.004 * np.arange(sites)
    panel = PanelChromosome("chr1", np.arange(1, sites + 1), *letters, ("x",) * sites, carries[:, :haplotypes], cm)
    return panel, seen


def test_with_every_haplotype_a_donor_the_engine_comes_to_the_exact_posterior() -> None:
    panel, seen = _like_a_population(1)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    preset = Preset(
        window_cm=0.5, donors=40, copied=40, rounds=1, chains=4, pairs=100, effective_population_size=3_000.0, mismatch=1e-3
    )  # fmt: skip
    found = impute_stretch(bits, seen, preset, seed=1)
    exact = impute_exactly(panel, seen, Parameters(effective_population_size=3_000.0, mismatch=1e-3))
    assert np.abs(found.dosage - exact.dosage).mean() < 0.01
    # A site without reads takes the posterior of the nearest one with reads, which the exact model interpolates.
    assert np.abs(found.dosage - exact.dosage).max() < 0.25
    assert np.corrcoef(found.dosage, exact.dosage)[0, 1] ** 2 > 0.998
    np.testing.assert_allclose(found.gp.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found.dosage, found.gp @ [0, 1, 2], atol=1e-5)


def test_of_one_copy_the_engine_comes_to_the_exact_posterior() -> None:
    panel, seen = _like_a_population(5)
    of_first = np.ones((400, 2), np.float32)
    told = np.flatnonzero(np.ptp(seen, axis=1) > 0)
    alt = np.random.default_rng(5).permutation(panel.haplotypes.T)[0][told]
    of_first[told] = np.where(alt[:, None] == 1, [0.002, 0.998], [0.998, 0.002])
    bits = panel_bits(np.packbits(panel.haplotypes[:, :-1], axis=1), 39, panel.cm, panel.position)
    less = replace(panel, haplotypes=panel.haplotypes[:, :-1])
    preset = Preset(
        window_cm=0.5, donors=39, copied=39, rounds=1, chains=2, pairs=1, effective_population_size=3_000.0, mismatch=1e-3
    )  # fmt: skip
    found = impute_stretch(bits, of_first, preset, seed=1)
    exact = impute_exactly(less, of_first, Parameters(effective_population_size=3_000.0, mismatch=1e-3))
    assert np.abs(found.dosage - exact.dosage).mean() < 0.003
    assert np.corrcoef(found.dosage, exact.dosage)[0, 1] ** 2 > 0.999
    assert (found.gp[:, 2] == 0).all()
    assert found.dosage.max() <= 1
    assert found.phased is not None
    assert (found.phased[:, 0] == found.gt).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_exact_imputer_of_one_copy_sums_over_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    alleles = (rng.random((5, 3)) < 0.5).astype(np.uint8)
    letters = np.full(5, ord("A"), np.uint8), np.full(5, ord("C"), np.uint8)
    panel = PanelChromosome("chrX", np.arange(1, 6), *letters, ("x",) * 5, alleles, np.cumsum(rng.exponential(0.1, 5)))
    seen = rng.uniform(0.05, 1, (5, 2)).astype(np.float32)
    parameters = Parameters(effective_population_size=2_000.0, mismatch=0.05)
    chance = np.zeros((5, 2))
    for path in product(range(3), repeat=5):
        weight = 1 / 3
        for m in range(1, 5):
            r = 1 - np.exp(-4 * 2_000 * (panel.cm[m] - panel.cm[m - 1]) / 100 / 3)
            weight *= r / 3 + (1 - r) * (path[m] == path[m - 1])
        shown = np.array([[0.95, 0.05] if alleles[m, h] == 0 else [0.05, 0.95] for m, h in enumerate(path)]) * seen
        weight *= shown.sum(axis=1).prod()
        chance += weight * shown / shown.sum(axis=1, keepdims=True)
    found = impute_exactly(panel, seen, parameters)
    np.testing.assert_allclose(found.gp[:, :2], chance / chance.sum(axis=1, keepdims=True), atol=1e-5)


def test_a_shuffled_panel_says_nothing_and_the_comparison_notices() -> None:
    panel, seen = _like_a_population(1)
    shuffled = np.random.default_rng(2).permuted(panel.haplotypes, axis=1)
    bits = panel_bits(np.packbits(shuffled, axis=1), 40, panel.cm)
    found = impute_stretch(bits, seen, PRESETS[0][1], seed=1)
    exact = impute_exactly(panel, seen, Parameters(effective_population_size=3_000.0))
    assert np.corrcoef(found.dosage, exact.dosage)[0, 1] ** 2 < 0.9


@pytest.mark.parametrize("preset", [preset for _, preset in PRESETS])
def test_the_same_seed_gives_the_same_bytes_and_another_one_other_draws(preset: Preset) -> None:
    panel, seen = _like_a_population(3)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    one, again, other = (impute_stretch(bits, seen, preset, seed).gp.tobytes() for seed in (7, 7, 8))
    assert one == again
    assert one != other


def test_seeds_follow_sample_and_place_alone() -> None:
    assert seed_of("kit-1", "chr1:1") == seed_of("kit-1", "chr1:1")
    assert len({seed_of("kit-1", "chr1:1"), seed_of("kit-2", "chr1:1"), seed_of("kit-1", "chr2:1")}) == 3


def test_without_a_single_read_the_panel_frequency_is_all_there_is() -> None:
    panel, _ = _like_a_population(4)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    found = impute_stretch(bits, np.ones((400, 3), np.float32), PRESETS[0][1], seed=1)
    np.testing.assert_allclose(found.dosage, 2 * panel.alt_frequency, atol=1e-5)


def test_reads_may_overrule_what_is_copied_at_common_sites_only() -> None:
    seen = np.array([[0.01, 1, 0.01]] * 3, np.float32)
    reading = read(seen, np.array([0.3, 0.002, 0.998], np.float32), 1e-4)
    found = reading.true_genotypes(np.array([[1, 0, 0]] * 3, np.float32))
    assert reading.site.tolist() == [0, 1, 2]
    assert found[0, 1] == pytest.approx(2e-4 / 0.0103, rel=0.05)
    assert (found[0] > 0).all()
    assert found[1:].tolist() == [[1, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("frequency", [0.0005, 0.9995])
def test_at_a_rare_site_one_read_is_an_error_and_two_good_ones_are_a_carrier(frequency: float) -> None:
    one, two = [1e-4, 0.5, 1], [1e-8, 0.25, 1]
    seen = np.array([one, two], np.float32)[:, :: 1 if frequency < 0.5 else -1]
    reading = read(seen, np.full(2, frequency, np.float32), 1e-4)
    copied = np.array([[1, 0, 0]] * 2 if frequency < 0.5 else [[0, 0, 1]] * 2, np.float32)
    found = reading.true_genotypes(copied)
    assert found[0].tolist() == copied[0].tolist()
    assert found[1, 1] > 0.99
    sure = read(seen[1:], np.full(1, frequency, np.float32), 1e-4).true_genotypes(np.array([[0, 1, 0]], np.float32))
    assert sure[0, 1] > 0.99  # a carrier stays one


def test_reads_of_the_common_allele_speak_at_rare_sites_too() -> None:
    gp = np.array([[0.4, 0.6, 0], [0.4, 0.6, 0], [0.4, 0.6, 0]], np.float32)
    told = np.array([[1, 1, 1], [1, 2**-4, 1e-8], [1, 2**-4, 1e-8]], np.float32)
    found = weighed_by_unread(gp, told, np.array([2]))
    assert found[1, 1] == pytest.approx(0.6 / 16 / (0.4 + 0.6 / 16), rel=0.02)
    np.testing.assert_allclose(found[[0, 2]], gp[[0, 2]], rtol=1e-5)


def test_thousands_of_contradictory_sites_stay_finite() -> None:
    rng = np.random.default_rng(6)
    alleles = (rng.random((3_000, 30)) < 0.5).astype(np.uint8)
    seen = np.full((3_000, 3), 1e-10, np.float32)
    seen[np.arange(3_000), rng.integers(0, 3, 3_000)] = 1
    for cm in (np.zeros(3_000), np.linspace(0, 10, 3_000)):
        found = impute_stretch(panel_bits(np.packbits(alleles, axis=1), 30, cm), seen, PRESETS[2][1], seed=1)
        assert np.isfinite(found.gp).all()
        np.testing.assert_allclose(found.gp.sum(axis=1), 1, atol=1e-4)


def test_a_single_site_and_a_single_haplotype_are_imputed() -> None:
    one = panel_bits(np.array([[0b10000000]], np.uint8), 1, np.array([1.0]))
    found = impute_stretch(one, np.array([[0.01, 0.5, 1]], np.float32), PRESETS[1][1], seed=1)
    assert found.gt.tolist() == [2]
    assert found.phased is not None
    assert found.phased.tolist() == [[1, 1]]


def test_rare_sites_count_only_where_the_rarer_allele_shows() -> None:
    frequency = np.array([0.0005, 0.0005, 0.9995, 0.9995, 0.3, 0.3], np.float32)
    ref, alt, nothing = [1, 0.5, 0.01], [0.01, 0.5, 1], [1, 1, 1]
    seen = np.array([ref, alt, ref, alt, ref, nothing], np.float32)
    assert read(seen, frequency, 1e-4).site.tolist() == [1, 2, 4]


def test_windows_hold_every_informative_site_once_and_meet_half_way() -> None:
    cm = np.linspace(0, 5, 101)
    site = np.arange(3, 98, 4)
    for offset in (0.0, 1 / 3, 2 / 3):
        cut = windows(cm, site, site, 0.5, offset)
        assert (cut.edge[0], cut.edge[-1], cut.site_edge[0], cut.site_edge[-1]) == (0, len(site), 0, 101)
        assert (np.diff(cut.edge) > 0).all()
        for place, border in zip(cut.edge[1:-1], cut.site_edge[1:-1], strict=True):
            assert site[place - 1] < border <= site[place]


def test_long_windows_are_cut_into_blocks_that_stay_inside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "_MOST_RUNS", 7)
    site = np.arange(3, 98, 2)
    cut = windows(np.linspace(0, 5, 101), site, site, 1.3)
    blocks, owner = in_blocks(cut, site, site)
    assert np.diff(blocks.edge).max() == 7
    assert set(cut.edge) <= set(blocks.edge)
    for block, window in enumerate(owner):
        assert cut.edge[window] <= blocks.edge[block] < blocks.edge[block + 1] <= cut.edge[window + 1]
        assert (
            cut.site_edge[window] <= blocks.site_edge[block] < blocks.site_edge[block + 1] <= cut.site_edge[window + 1]
        )


def test_phase_follows_the_relations_between_neighbours_whatever_the_sides_are_called() -> None:
    rng = np.random.default_rng(8)
    truth = (rng.random((2, 300)) < 0.5).astype(np.float32)
    pairs = np.stack([truth if at % 2 else truth[::-1] for at in range(6)])
    pairs = np.clip(pairs + rng.normal(0, 0.2, pairs.shape), 0, 1).astype(np.float32)
    pairs[5, :, 150:] = pairs[5, ::-1, 150:]  # one pair has a switch error; the others outvote it
    gt = truth.sum(axis=0).astype(np.int8)
    phased = phased_genotypes(pairs, gt)
    assert (phased.sum(axis=1) == gt).all()
    first_agrees = phased[gt == 1, 0] == truth[0, gt == 1]
    assert first_agrees.all() or not first_agrees.any()


def test_presets_follow_depth() -> None:
    assert preset_for(0.05) == PRESETS[0][1]
    assert preset_for(0.4) == PRESETS[1][1]
    assert preset_for(30.0) == PRESETS[2][1]


def test_a_unit_of_work_is_kept_under_all_that_it_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, seen = _like_a_population(9, sites=60)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    preset = PRESETS[2][1]
    first = impute_unit(tmp_path, bits, seen, preset, 1)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(unit, "impute_stretch", lambda *_: pytest.fail("it was there"))
    again = impute_unit(tmp_path, bits, seen, preset, 1)
    for name in ("dosage", "gp", "gt", "phased"):
        assert getattr(again, name).tobytes() == getattr(first, name).tobytes()
    monkeypatch.undo()
    keys = {
        unit_key(bits, seen, preset, 1),
        unit_key(bits, seen, preset, 2),
        unit_key(bits, seen, PRESETS[1][1], 1),
        unit_key(bits, np.flip(seen, axis=0), preset, 1),
        unit_key(panel_bits(bits.packed, 39, bits.cm), seen, preset, 1),
        unit_key(panel_bits(bits.packed, 40, 2 * bits.cm), seen, preset, 1),
        unit_key(panel_bits(bits.packed, 40, bits.cm, panel.position), seen, preset, 1),
    }
    assert len(keys) == 7
    kept.write_bytes(kept.read_bytes()[:500])
    mended = impute_unit(tmp_path, bits, seen, preset, 1)
    assert mended.gp.tobytes() == first.gp.tobytes()
