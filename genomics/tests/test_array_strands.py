"""Calls at single sites of the panel: strands, ambiguous alleles, repeats, and their likelihoods."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.arrays.alleles import Compared, Counts, compare, settle, turned_share
from kitloop_genomics.arrays.calls import ALLELE_ERROR, error_model
from kitloop_genomics.arrays.placing import Placed
from kitloop_genomics.bundle.panel import PanelChromosome


def _chromosome(*sites: tuple[int, str, float], name: str = "chr1") -> PanelChromosome:
    """A panel chromosome of 100 haplotypes from (position, "REF/ALT", frequency of ALT)."""
    counts = [round(100 * frequency) for _, _, frequency in sites]
    haplotypes = np.array([[1] * count + [0] * (100 - count) for count in counts], np.uint8)
    return PanelChromosome(
        name,
        np.array([position for position, _, _ in sites], np.int64),
        np.array([ord(alleles[0]) for _, alleles, _ in sites], np.uint8),
        np.array([ord(alleles[2]) for _, alleles, _ in sites], np.uint8),
        tuple(f"s{at}" for at in range(len(sites))),
        haplotypes,
        np.zeros(len(sites)),
    )


def _placed(*found: tuple[int, str]) -> Placed:
    return Placed(
        np.array([position for position, _ in found], np.int64),
        np.array([ord(call[0]) for _, call in found], np.uint8),
        np.array([ord(call[1]) if len(call) > 1 else 0 for _, call in found], np.uint8),
    )


def _settled(site: tuple[int, str, float], *calls_there: str, turned: float = 0.001) -> int | None:
    panel = _chromosome(site)
    compared = compare(_placed(*((site[0], call) for call in calls_there)), panel)
    _, copies, _ = settle(compared, panel, turned)
    return int(copies[0]) if len(copies) else None


@pytest.mark.parametrize(
    ("site", "call", "copies"),
    [
        ("A/G", "AA", 0), ("A/G", "AG", 1), ("A/G", "GA", 1), ("A/G", "GG", 2), ("A/G", "G", 2), ("A/G", "A", 0),
        ("A/G", "TT", 0), ("A/G", "TC", 1), ("A/G", "CC", 2), ("A/G", "C", 2),  # turned
        ("A/G", "AC", None), ("A/G", "AT", None), ("A/C", "GG", 2), ("A/C", "AG", None),
        ("A/T", "AT", 1), ("C/G", "GC", 1), ("A/T", "AC", None), ("A/T", "CC", None),
    ],
)  # fmt: skip
def test_a_call_is_turned_only_where_the_strand_shows(site: str, call: str, copies: int | None) -> None:
    assert _settled((100, site, 0.4), call) == copies


@pytest.mark.parametrize(
    ("frequency", "call", "turned", "copies"),
    [
        (0.5, "AA", 0.001, 0),  # the other sites say that turned calls are rare
        (0.5, "AA", 0.1, None),  # both readings are as likely by frequency, and turned calls aren't rare
        (0.05, "AA", 0.1, 0),  # 0.9 · 0.95² against 0.1 · 0.05²
        (0.05, "TT", 0.1, None),  # 0.9 · 0.05² against 0.1 · 0.95²: 2 % against 98 %
        (0.02, "TT", 0.2, 0),  # the panel hardly knows TT here, so it is AA from the other strand
        (0.5, "AA", 0.999, 2),  # a file that is turned as a whole
        (0.5, "AT", 0.5, 1),  # the same on both strands
    ],
)
def test_an_ambiguous_site_is_used_only_where_frequency_settles_it(
    frequency: float, call: str, turned: float, copies: int | None
) -> None:
    assert _settled((100, "A/T", frequency), call, turned=turned) == copies


def test_two_calls_at_one_site_count_once_if_they_agree_and_not_at_all_otherwise() -> None:
    assert _settled((100, "A/G", 0.4), "AG", "GA") == 1
    assert _settled((100, "A/G", 0.4), "AG", "TC") == 1
    assert _settled((100, "A/G", 0.4), "AG", "AA") is None
    panel = _chromosome((100, "A/G", 0.4), (200, "C/T", 0.4))
    compared = compare(_placed((200, "CC"), (100, "AG"), (100, "AG"), (200, "CT"), (100, "AG")), panel)
    site, copies, counts = settle(compared, panel, 0.001)
    assert (site.tolist(), copies.tolist()) == ([0], [1])
    assert (counts.repeated, counts.conflicting, counts.kept) == (2, 2, 5)


def test_calls_outside_the_panel_and_indels_are_counted_apart() -> None:
    panel = _chromosome((100, "A/G", 0.4), (200, "C/T", 0.4))
    found = compare(_placed((50, "AA"), (100, "DI"), (150, "AA"), (200, "CC"), (200, "AA")), panel)
    # AA at C/T reads TT when turned, so it fits; nothing is strange here.
    assert found.counts == Counts(inside=3, in_panel=2, indels=1)
    assert turned_share([found]) == pytest.approx(2 / 4)


def test_each_calls_likelihoods_come_from_errors_of_its_two_alleles() -> None:
    e = ALLELE_ERROR
    model = error_model()
    for call in range(3):
        assert model[call].max() == 1
        assert model[call].argmax() == call
    assert model[0, 1] == pytest.approx(e / (1 - e), rel=0.01)
    assert model[0, 2] == pytest.approx(e**2, rel=0.01)
    # A heterozygous call: one allele misread of either homozygote, two ways.
    assert model[1, 0] == model[1, 2] == pytest.approx(2 * e, rel=0.01)


def test_compared_is_clear_only_where_one_strand_fits() -> None:
    one = Compared(np.arange(4), np.array([0, -1, 1, -1], np.int8), np.array([-1, 2, 1, -1], np.int8), Counts())
    assert one.clear.tolist() == [True, True, False, False]
    assert turned_share([one]) == pytest.approx(2 / 4)
