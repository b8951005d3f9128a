"""Small problems for the engine's kernels, with what their slow plain twins need, and for the engine as a whole."""

from __future__ import annotations

import numpy as np
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.emission import Tables
from kitloop_genomics.imputation.engine import PanelBits, panel_bits
from kitloop_genomics.imputation.linking import MOST_SITES
from kitloop_genomics.imputation.reading import read, switch_chances
from kitloop_genomics.imputation.windows import best_donors, came_from, windows

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


def like_a_population(seed: int, sites: int = 400, haplotypes: int = 40) -> tuple[PanelChromosome, np.ndarray]:
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
