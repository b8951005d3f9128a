"""Likelihoods where some reads are somebody else's, against the sum written out read by read."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.likelihoods.likelihoods import likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.quality.astray import allowing_for_a_stranger

READS = [(0, 1, 0.01), (0, 0, 0.001), (0, 1, 0.02), (2, 0, 0.1)]  # site, whether ALT, chance of an error


@pytest.fixture
def panel() -> Panel:
    """Two people of one population and one of another at three sites."""
    haplotypes = np.array([[0, 1, 1, 0, 1, 1], [0, 0, 1, 1, 0, 1], [1, 0, 0, 0, 0, 1]], np.uint8)
    chromosome = PanelChromosome(
        "1", np.array([10, 20, 30]), np.frombuffer(b"AAA", np.uint8), np.frombuffer(b"CCC", np.uint8), ("a", "b", "c"),
        haplotypes, np.zeros(3),
    )  # fmt: skip
    groups = (Population("x", "X", np.array([0, 1])), Population("y", "Y", np.array([2])))
    return Panel(("p", "q", "r"), groups, (chromosome,))


@pytest.fixture
def seen() -> Observations:
    site, is_alt, error = zip(*READS, strict=True)
    return Observations(np.array(site), np.array(is_alt, np.uint8), np.array(error))


def test_each_read_is_the_persons_or_a_strangers(panel: Panel, seen: Observations) -> None:
    known, share, mixed = likelihoods(seen, 3), np.array([0.75, 0.25]), 0.04
    found = allowing_for_a_stranger(panel, panel.chromosomes[0], seen, known, share, mixed)
    for site, p in zip(
        (0, 2), population_frequencies(panel, panel.chromosomes[0], np.array([0, 2])) @ share, strict=True
    ):
        plain = []
        for copies in range(3):
            product = 1.0
            for at, is_alt, error in READS:
                if at == site:
                    alt = (1 - mixed) * copies / 2 + mixed * p
                    shown = alt * (1 - error) + (1 - alt) * error
                    product *= shown if is_alt else 1 - shown
            plain.append(product)
        assert found.genotype[site] == pytest.approx(np.array(plain) / max(plain), rel=1e-5)
    assert found.genotype[1].tolist() == [1, 1, 1]
    assert found.depth is known.depth


def test_where_nobody_else_is_there_nothing_changes(panel: Panel, seen: Observations) -> None:
    known = likelihoods(seen, 3)
    found = allowing_for_a_stranger(panel, panel.chromosomes[0], seen, known, np.array([1.0, 0.0]), 0.0)
    assert found.genotype == pytest.approx(known.genotype, rel=1e-6)


def test_reads_that_are_not_asked_about_stay_as_they_are(panel: Panel, seen: Observations) -> None:
    known = likelihoods(seen, 3)
    few = Observations(seen.site[3:], seen.is_alt[3:], seen.error[3:])
    found = allowing_for_a_stranger(panel, panel.chromosomes[0], few, known, np.array([1.0, 0.0]), 0.04)
    assert (found.genotype[:2] == known.genotype[:2]).all()
    assert (found.genotype[2] != known.genotype[2]).any()
