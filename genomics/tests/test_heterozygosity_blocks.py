"""Heterozygosity beside the panel's is the same in blocks of any size, of which one is held at a time."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.quality import heterozygosity
from kitloop_genomics.quality.heterozygosity import HeterozygosityReader

SITES, PEOPLE = 20_000, 60


def _panel(rng: np.random.Generator) -> Panel:
    halves = (Population("a", "A", np.arange(PEOPLE // 2)), Population("b", "B", np.arange(PEOPLE // 2, PEOPLE)))
    chromosomes = []
    for name in ("chr1", "chr2"):
        frequency = rng.uniform(0.01, 0.9, SITES)
        alleles = (rng.random((SITES, 2 * PEOPLE)) < frequency[:, None]).astype(np.uint8)
        bases = np.full(SITES, 65, np.uint8)
        chromosomes.append(
            PanelChromosome(name, np.arange(1, SITES + 1), bases, bases + 2, (".",) * SITES, alleles, np.zeros(SITES),
                            _copies(alleles))
        )  # fmt: skip
    return Panel(tuple(map(str, range(PEOPLE))), halves, tuple(chromosomes))


def _copies(alleles: np.ndarray) -> np.ndarray:
    first, second = alleles[:, :PEOPLE].sum(axis=1), alleles[:, PEOPLE:].sum(axis=1)
    return np.stack([first + second, first, second], axis=1).astype(np.uint16)


def _plain(panel: Panel, imputed: list[Dosages], share: np.ndarray) -> float:
    """By the book: all sites at once."""
    seen = expected = 0.0
    own, hoped = np.zeros(PEOPLE), np.zeros(PEOPLE)
    for one, dosages in zip(panel.chromosomes, imputed, strict=True):
        rate = one.alt_frequency
        common = np.minimum(rate, 1 - rate) >= 0.05
        among = (one.copies_in(panel.populations)[common] + 0.5) / (PEOPLE + 1)
        mixed = among @ share
        seen += float(dosages.gp[common, 1].sum(dtype=np.float64))
        expected += float((2 * mixed * (1 - mixed)).sum())
        own += (one.genotypes[common] == 1).sum(axis=0)
        hoped += np.repeat((2 * among * (1 - among)).sum(axis=0), PEOPLE // 2)
    ratios = own / hoped
    return float((seen / expected - ratios.mean()) / ratios.std(ddof=1))


def _found(panel: Panel, imputed: list[Dosages], share: np.ndarray) -> float | None:
    return read_by(HeterozygosityReader(panel, share), panel.chromosomes, imputed).result()


def test_heterozygosity_is_that_of_all_sites_at_once_and_holds_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    panel, share = _panel(rng), np.array([0.3, 0.7])
    gp = rng.dirichlet(np.ones(3), SITES).astype(np.float32)
    imputed = [Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gp.argmax(axis=1).astype(np.int8))] * 2
    whole = _found(panel, imputed, share)
    assert whole == pytest.approx(_plain(panel, imputed, share), rel=1e-9)
    monkeypatch.setattr(heterozygosity, "_AT_ONCE", 500)
    tracemalloc.start()
    assert _found(panel, imputed, share) == whole
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Columns of the common sites are a few numbers each; all genotypes would be another 60 bytes, and haplotypes 120.
    assert held < SITES * 90


def test_of_what_a_person_has_once_nothing_is_heterozygous() -> None:
    rng = np.random.default_rng(7)
    panel, share = _panel(rng), np.array([0.5, 0.5])
    gp = rng.dirichlet(np.ones(3), SITES).astype(np.float32)
    pairs = Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gp.argmax(axis=1).astype(np.int8))
    single = replace(pairs, copies=np.ones(SITES, np.uint8))
    alone = replace(panel, chromosomes=panel.chromosomes[:1])
    assert _found(panel, [pairs, single], share) == _found(alone, [pairs], share) is not None
    assert _found(panel, [single, single], share) is None  # as of a man and a panel of X alone
