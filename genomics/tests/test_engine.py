"""The engine as a whole comes close to the exact model on a panel that it fits, and keeps what it did under what it depends on."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from engine_cases import like_a_population
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation import unit
from kitloop_genomics.imputation.engine import impute_stretch, panel_bits, seed_of
from kitloop_genomics.imputation.exact import Parameters, impute_exactly
from kitloop_genomics.imputation.presets import PRESETS, Preset, preset_for
from kitloop_genomics.imputation.unit import impute_unit, unit_key


def test_with_every_haplotype_a_donor_the_engine_comes_to_the_exact_posterior() -> None:
    panel, seen = like_a_population(1)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    preset = Preset(
        window_cm=0.5, donors=40, copied=40, rounds=1, chains=4, pairs=100, effective_population_size=3_000.0, mismatch=1e-3
    )  # fmt: skip
    found = impute_stretch(bits, seen, preset, seed=1)
    exact = impute_exactly(panel, seen, Parameters(effective_population_size=3_000.0, mismatch=1e-3))
    # Of the rarest alleles (3 sites) the engine allows for the age, of which the exact model knows nothing.
    assert np.abs(found.dosage - exact.dosage).mean() < 0.0105
    # A site without reads takes the posterior of the nearest one with reads, which the exact model interpolates.
    assert np.abs(found.dosage - exact.dosage).max() < 0.25
    assert np.corrcoef(found.dosage, exact.dosage)[0, 1] ** 2 > 0.998
    np.testing.assert_allclose(found.gp.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found.dosage, found.gp @ [0, 1, 2], atol=1e-5)


def test_of_one_copy_the_engine_comes_to_the_exact_posterior() -> None:
    panel, seen = like_a_population(5)
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
    panel, seen = like_a_population(1)
    shuffled = np.random.default_rng(2).permuted(panel.haplotypes, axis=1)
    bits = panel_bits(np.packbits(shuffled, axis=1), 40, panel.cm)
    found = impute_stretch(bits, seen, PRESETS[0][1], seed=1)
    exact = impute_exactly(panel, seen, Parameters(effective_population_size=3_000.0))
    assert np.corrcoef(found.dosage, exact.dosage)[0, 1] ** 2 < 0.9


@pytest.mark.parametrize("preset", [preset for _, preset in PRESETS])
def test_the_same_seed_gives_the_same_bytes_and_another_one_other_draws(preset: Preset) -> None:
    panel, seen = like_a_population(3)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    one, again, other = (impute_stretch(bits, seen, preset, seed).gp.tobytes() for seed in (7, 7, 8))
    assert one == again
    assert one != other


def test_seeds_follow_sample_and_place_alone() -> None:
    assert seed_of("kit-1", "chr1:1") == seed_of("kit-1", "chr1:1")
    assert len({seed_of("kit-1", "chr1:1"), seed_of("kit-2", "chr1:1"), seed_of("kit-1", "chr2:1")}) == 3


def test_without_a_single_read_the_panel_frequency_is_all_there_is() -> None:
    panel, _ = like_a_population(4)
    bits = panel_bits(np.packbits(panel.haplotypes, axis=1), 40, panel.cm)
    found = impute_stretch(bits, np.ones((400, 3), np.float32), PRESETS[0][1], seed=1)
    np.testing.assert_allclose(found.dosage, 2 * panel.alt_frequency, atol=1e-5)


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


def test_presets_follow_depth() -> None:
    assert preset_for(0.05) == PRESETS[0][1]
    assert preset_for(0.4) == PRESETS[1][1]
    assert preset_for(30.0) == PRESETS[2][1]


def test_a_unit_of_work_is_kept_under_all_that_it_depends_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, seen = like_a_population(9, sites=60)
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
    whole = kept.read_bytes()
    entry = whole.rindex(b"PK\x01\x02")
    flipped = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (200, entry + 8, entry + 10)]
    for broken in (whole[:500], *flipped):
        kept.write_bytes(broken)
        mended = impute_unit(tmp_path, bits, seen, preset, 1)
        assert mended.gp.tobytes() == first.gp.tobytes()
        assert kept.read_bytes() == whole
