"""At rare sites the donors' word is softened by the allele's age and weighed against all reads, on one copy and on two."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.imputation.engine import PanelBits, impute_stretch, panel_bits
from kitloop_genomics.imputation.presets import PRESETS
from kitloop_genomics.imputation.reading import read
from kitloop_genomics.imputation.true_genotypes import true_genotypes

WRONG = 1e-4  # chance that a base shows the other allele
RARE = 100  # the site that one donor alone carries


@pytest.fixture(scope="module")
def panel() -> PanelBits:
    """2,000 mosaics of twenty ancestors at 200 sites; the first haplotype has an ALT of its own in the middle."""
    rng = np.random.default_rng(1)
    ancestors = rng.random((200, 20)) < rng.uniform(0.1, 0.9, (200, 1))
    carries = np.take_along_axis(ancestors, rng.integers(0, 20, (8, 2_000))[np.arange(200) // 25], axis=1)
    carries[RARE] = np.arange(2_000) == 0
    return panel_bits(np.packbits(carries, axis=1), 2_000, 0.004 * np.arange(200.0), 1_000 * np.arange(200))


def reads_of(alt: np.ndarray, each: int, copies: int) -> np.ndarray:
    """(M, copies + 1) likelihoods of `each` good reads per site of a person with two chromosomes `alt` (M,), or one."""
    wrong = np.where(alt == 1, WRONG**each, 1)
    right = np.where(alt == 1, 1, WRONG**each)
    return np.stack([wrong, right] if copies == 1 else [wrong, np.full(len(alt), 0.5**each), right], axis=1)


def dosage_after(panel: PanelBits, ref: int, copies: int) -> float:
    """Of the rare site, in one who copies its carrier everywhere and shows `ref` reads of REF there."""
    carrier = np.unpackbits(panel.packed, axis=1)[:, 0]
    seen = reads_of(carrier, 4, copies)
    seen[RARE] = reads_of(np.zeros(1), ref, copies)
    found = impute_stretch(panel, np.maximum(seen, 1e-10).astype(np.float32), PRESETS[2][1], seed=1)
    return float(found.dosage[RARE])


@pytest.mark.parametrize("copies", [1, 2])
def test_reads_of_the_common_allele_overrule_a_donor_whose_own_variant_is_younger(
    panel: PanelBits, copies: int
) -> None:
    unread, after = (dosage_after(panel, ref, copies) for ref in (0, 10))
    assert 0.5 < unread / copies < 0.7  # the donor's word less the chance of 0.4 that the allele is younger
    assert after < 0.01


def posterior(copied: list[float], told: list[float], frequency: float, n: int) -> np.ndarray:
    """Of one site, whether the chain took it or not: `copied` is what the chain would say before its reads."""
    seen, at = np.array([told], np.float32), np.full(1, frequency, np.float32)
    reading = read(seen, at, 0.0)
    before = np.array([copied])
    if len(reading.site):
        before = before * reading.likelihood
    found = true_genotypes((before / before.sum()).astype(np.float32), seen, reading, at, n)
    return np.asarray(found[0] if frequency < 0.5 else found[0, ::-1])


@pytest.mark.parametrize("common_is_alt", [False, True])
def test_the_posterior_is_the_softened_donors_times_the_reads(common_is_alt: bool) -> None:
    a, b = 0.4 / 2**2, 0.4 / (2 * 1_000)  # two of 1,000 haplotypes carry the rarer allele
    given_carrier = np.array([(1 - b) * a, (1 - b) * (1 - a) + a * b, b * (1 - a)])
    for told in ([1, 2**-4, 1e-10], [1e-10, 2**-12, 1], [1e-8, 0.25, 1]):
        expected = given_carrier * told
        turn = slice(None, None, -1 if common_is_alt else 1)
        found = posterior([0, 1, 0], told[turn], 0.998 if common_is_alt else 0.002, 1_000)
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-3, atol=1e-8)


def test_the_more_carry_an_allele_the_more_their_word_holds() -> None:
    four_reads = [1, 2**-4, 1e-10]
    found = [posterior([0, 1, 0], four_reads, k / 6_000, 6_000)[1] for k in (1, 2, 10, 100)]
    np.testing.assert_allclose(found, [0.086, 0.360, 0.9396, 0.99936], rtol=0.01)


@pytest.mark.parametrize("copies", [1, 2])
def test_one_read_of_the_rarer_allele_is_an_error_and_two_good_ones_are_a_carrier(copies: int) -> None:
    copied = [1, 0, 0][: copies + 1]
    one, two = ([WRONG**each, *([0.5**each] if copies == 2 else []), 1] for each in (1, 2))
    assert posterior(copied, one, 3 / 6_000, 6_000)[0] > 0.9
    assert posterior(copied, two, 3 / 6_000, 6_000)[0] < 0.01


def test_at_common_sites_the_donors_word_is_softened_by_the_mismatch_alone() -> None:
    seen, at = np.array([[0.01, 1, 0.01], [1, 1, 1]], np.float32), np.full(2, 0.3, np.float32)
    reading = read(seen, at, 1e-4)
    found = true_genotypes(np.array([[1, 0, 0]] * 2, np.float32), seen, reading, at, 6_000)
    assert found[0, 1] == pytest.approx(2e-4 / 0.0103, rel=0.05)
    assert found[1].tolist() == [1, 0, 0]


def test_a_genotype_that_donors_and_reads_rule_out_alike_leaves_the_others_finite() -> None:
    np.testing.assert_allclose(posterior([1, 0, 0], [0, 0, 1], 1 / 6_000, 6_000), [0, 0, 1], atol=1e-6)


def test_where_nobody_in_the_panel_varies_a_site_without_reads_takes_what_is_copied() -> None:
    assert posterior([1, 0, 0], [1, 1, 1], 0.0, 6_000).tolist() == [1, 0, 0]
