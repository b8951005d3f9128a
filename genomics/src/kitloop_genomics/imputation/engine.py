"""Imputation of one person on one stretch of a panel: donors from the whole panel, pairs of them drawn, dosages from many.

1. Rank: haploid forward-backward over all haplotypes tells which are copied where.
2. Draw: from the exact diploid posterior over the best few donors, a pair of mosaics, so phase is settled jointly.
3. Rank again, each side given the other; a round or two of that.
4. Copy: draw several pairs; for each side, given the other, the chance of ALT at all sites over many donors.

The posterior is averaged over pairs and over independent chains with windows cut elsewhere. The model is that of Li
and Stephens (2003, 10.1093/genetics/165.4.2213); `exact.py` has it without short cuts, for small panels and the tests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.bits import EIGHT_BYTES, count_bits
from kitloop_genomics.imputation.copying import chance_of_alt
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.pairs import draw_pairs
from kitloop_genomics.imputation.phasing import phased_genotypes
from kitloop_genomics.imputation.presets import Preset
from kitloop_genomics.imputation.ranking import rank
from kitloop_genomics.imputation.reading import Reading, read, switch_chances
from kitloop_genomics.imputation.windows import Windows, best_donors, came_from, windows


@dataclass(frozen=True, slots=True)
class PanelBits:
    """A stretch of M sites and N haplotypes. packed: (M, ceil(N/8)) uint8, C order.  cm: (M,) float64.

    frequency: (M,) float32 of ALT.
    """

    packed: NDArray[np.uint8]
    haplotypes: int
    cm: NDArray[np.float64]
    frequency: NDArray[np.float32]


def panel_bits(packed: NDArray[np.uint8], haplotypes: int, cm: NDArray[np.float64]) -> PanelBits:
    """Count the frequencies of an already packed panel; asserts what the kernels take for granted."""
    assert packed.dtype == np.uint8
    assert packed.flags.c_contiguous
    assert packed.shape == (len(cm), -(-haplotypes // 8))
    return PanelBits(packed, haplotypes, cm, (count_bits(packed) / haplotypes).astype(np.float32))


def seed_of(sample: str, place: str) -> int:
    """A seed that depends on the sample and the stretch alone, so a batch, a retry or another order changes nothing."""
    return int.from_bytes(hashlib.sha256(f"{sample}\n{place}".encode()).digest()[:8], "big")


def impute_stretch(panel: PanelBits, genotype: NDArray[np.float32], preset: Preset, seed: int) -> Dosages:
    """Impute one person: `genotype` is (M, 3), likelihoods of 0, 1, 2 copies of ALT, rows of ones where nothing is known.

    The same arguments give the same bytes on one kind of machine.
    """
    reading = read(genotype, panel.frequency, preset.mismatch)
    if not len(reading.site):
        return _from_frequency(panel.frequency)
    switch = switch_chances(panel.cm[reading.site], panel.haplotypes, preset.effective_population_size)
    chains = [_chain(panel, reading, switch, preset, seed, number) for number in range(preset.chains)]
    chance = np.concatenate(chains)
    copied = _genotypes(chance)
    copied[reading.site] = reading.true_genotypes(copied[reading.site])
    gt = copied.argmax(axis=1).astype(np.int8)
    return Dosages(copied[:, 1] + 2 * copied[:, 2], copied, gt, phased_genotypes(chance, gt))


def _chain(
    panel: PanelBits, reading: Reading, switch: NDArray[np.float32], preset: Preset, seed: int, number: int
) -> NDArray[np.float32]:
    """(Q, 2, M) P(ALT) on each side of the Q pairs of one chain."""
    rng = np.random.default_rng([seed, number])
    cut = windows(panel.cm, reading.site, preset.window_cm, offset=number / preset.chains)
    posterior = _rank(panel, reading, switch, cut, reading.frequency[None])
    for _ in range(preset.rounds):
        drawn = _draw(panel, reading, switch, cut, posterior, preset.donors, rng.random((1, len(reading.site), 2)))
        posterior = _rank(panel, reading, switch, cut, drawn[0, ::-1].astype(np.float32))
    uniform = rng.random((preset.pairs, len(reading.site), 2))
    drawn = _draw(panel, reading, switch, cut, posterior, preset.donors, uniform)
    donor = best_donors(posterior, preset.copied)
    partners = drawn[:, ::-1].reshape(2 * preset.pairs, -1).astype(np.float32)
    chance = np.empty((2 * preset.pairs, len(panel.cm)), np.float32)
    chance_of_alt(
        panel.packed, reading.site, reading.beside(partners), switch, cut.edge, cut.site_edge, donor,
        came_from(donor, panel.haplotypes), EIGHT_BYTES, chance,
    )  # fmt: skip
    return chance.reshape(preset.pairs, 2, -1)


def _rank(
    panel: PanelBits, reading: Reading, switch: NDArray[np.float32], cut: Windows, partners: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(W, N) how much each haplotype is copied in each window, by chromosomes whose partners carry `partners` (C, J)."""
    probe, window_of_probe = cut.probes()
    posterior = np.zeros((len(cut.edge) - 1, panel.haplotypes), np.float32)
    rank(
        panel.packed, panel.haplotypes, reading.site, reading.beside(partners), switch, probe, window_of_probe,
        EIGHT_BYTES, posterior,
    )  # fmt: skip
    return posterior


def _draw(
    panel: PanelBits,
    reading: Reading,
    switch: NDArray[np.float32],
    cut: Windows,
    posterior: NDArray[np.float32],
    donors: int,
    uniform: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """(Q, 2, J) alleles of Q drawn pairs, Q being that of `uniform` (Q, J, 2)."""
    donor = best_donors(posterior, donors)
    drawn = np.empty((len(uniform), 2, len(reading.site)), np.uint8)
    draw_pairs(
        panel.packed, reading.site, reading.of_copied(), switch, cut.edge, donor,
        came_from(donor, panel.haplotypes), uniform, drawn,
    )  # fmt: skip
    return drawn


def _genotypes(chance: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 3) genotype posterior averaged over pairs; the two sides of one pair are independent given the pair."""
    both = (chance[:, 0] * chance[:, 1]).mean(axis=0)
    copies = (chance[:, 0] + chance[:, 1]).mean(axis=0)
    gp = np.stack([1 - copies + both, copies - 2 * both, both], axis=1)
    return np.asarray(np.clip(gp, 0, 1), np.float32)


def _from_frequency(frequency: NDArray[np.float32]) -> Dosages:
    """Without a single read: Hardy and Weinberg's proportions."""
    p = frequency.astype(np.float32)
    gp = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)
    gt = gp.argmax(axis=1).astype(np.int8)
    return Dosages(2 * p, gp, gt, np.stack([gt > 0, gt > 1], axis=1).astype(np.uint8))
