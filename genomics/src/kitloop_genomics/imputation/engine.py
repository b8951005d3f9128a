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

from kitloop_genomics.imputation.bits import count_bits
from kitloop_genomics.imputation.folding import Folded
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.passes import copied, drawn_pairs, folded, ranked
from kitloop_genomics.imputation.phasing import phased_genotypes
from kitloop_genomics.imputation.presets import Preset
from kitloop_genomics.imputation.reading import Reading, read, switch_chances
from kitloop_genomics.imputation.true_genotypes import true_genotypes
from kitloop_genomics.imputation.windows import best_donors, windows


@dataclass(frozen=True, slots=True)
class PanelBits:
    """A stretch of M sites and N haplotypes. packed: (M, ceil(N/8)) uint8, C order.  cm: (M,) float64.

    frequency: (M,) float32 of ALT.  position: (M,) int64 in bp, never falling; without it, every site counts as seen
    by reads of its own.  readable: rising indices of the sites that a read's base can tell, all if it isn't given. Only
    they steer the chain, counted as if the others weren't there, so that these move none of them; the others take what
    the donors carry.
    """

    packed: NDArray[np.uint8]
    haplotypes: int
    cm: NDArray[np.float64]
    frequency: NDArray[np.float32]
    position: NDArray[np.int64] | None = None
    readable: NDArray[np.int64] | None = None

    @property
    def rows(self) -> NDArray[np.int64]:
        """The sites that count in the chain, as rows of the panel."""
        return np.arange(len(self.cm)) if self.readable is None else self.readable


def panel_bits(
    packed: NDArray[np.uint8],
    haplotypes: int,
    cm: NDArray[np.float64],
    position: NDArray[np.int64] | None = None,
    readable: NDArray[np.int64] | None = None,
) -> PanelBits:
    """Count the frequencies of an already packed panel; asserts what the kernels take for granted."""
    assert packed.dtype == np.uint8
    assert packed.flags.c_contiguous
    assert packed.shape == (len(cm), -(-haplotypes // 8))
    return PanelBits(packed, haplotypes, cm, (count_bits(packed) / haplotypes).astype(np.float32), position, readable)


def seed_of(sample: str, place: str) -> int:
    """A seed that depends on the sample and the stretch alone, so a batch, a retry or another order changes nothing."""
    return int.from_bytes(hashlib.sha256(f"{sample}\n{place}".encode()).digest()[:8], "big")


def impute_stretch(panel: PanelBits, likelihood: NDArray[np.float32], preset: Preset, seed: int) -> Dosages:
    """Impute one person: `likelihood` is (M, 3), of 0, 1, 2 copies of ALT, rows of ones where nothing is known.

    Of a chromosome that the person has once it is (M, 2), of 0 and 1 copy. The same arguments give the same bytes on one
    kind of machine.
    """
    rows = panel.rows
    position = None if panel.position is None else panel.position[rows]
    reading = read(likelihood[rows], panel.frequency[rows], preset.mismatch, position)
    copies = likelihood.shape[1] - 1
    if not len(reading.site):
        return _from_frequency(panel.frequency, copies)
    switch = switch_chances(panel.cm[rows[reading.first]], panel.haplotypes, preset.effective_population_size)
    if copies == 1:
        return _one_copy(panel, likelihood, reading, switch, preset)
    alike = folded(panel, reading)
    chance = np.concatenate(
        [_chain(panel, alike, reading, switch, preset, seed, number) for number in range(preset.chains)]
    )
    gp = _genotypes(chance)
    gp[rows] = true_genotypes(gp[rows], likelihood[rows], reading, panel.frequency[rows], panel.haplotypes)
    gt = gp.argmax(axis=1).astype(np.int8)
    return Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gt, phased_genotypes(chance, gt, rows))


def _chain(
    panel: PanelBits,
    alike: Folded,
    reading: Reading,
    switch: NDArray[np.float32],
    preset: Preset,
    seed: int,
    number: int,
) -> NDArray[np.float32]:
    """(Q, 2, M) P(ALT) on each side of the Q pairs of one chain."""
    rng = np.random.default_rng([seed, number])
    cut = windows(panel.cm[panel.rows], reading.first, reading.last, preset.window_cm, offset=number / preset.chains)
    of_pairs = reading.of_pairs()
    posterior = ranked(alike, reading.beside(reading.frequency[None]), switch, cut)
    for _ in range(preset.rounds):
        donor = best_donors(posterior, preset.donors)
        drawn = drawn_pairs(panel, reading, of_pairs, switch, cut, donor, rng.random((1, len(switch), 2)))
        posterior = ranked(alike, reading.beside(drawn[0, ::-1].astype(np.float32)), switch, cut)
    donor = best_donors(posterior, preset.donors)
    drawn = drawn_pairs(panel, reading, of_pairs, switch, cut, donor, rng.random((preset.pairs, len(switch), 2)))
    partners = drawn[:, ::-1].reshape(2 * preset.pairs, -1).astype(np.float32)
    chance = copied(panel, reading, reading.beside(partners), switch, cut, best_donors(posterior, preset.copied))
    return chance.reshape(preset.pairs, 2, -1)


def _one_copy(
    panel: PanelBits, likelihood: NDArray[np.float32], reading: Reading, switch: NDArray[np.float32], preset: Preset
) -> Dosages:
    """Of a chromosome without a partner nothing has to be drawn: the panel is ranked once per chain, then copied."""
    emission, alike = reading.alone(), folded(panel, reading)
    chance = np.zeros(len(panel.cm))
    for number in range(preset.chains):
        cut = windows(
            panel.cm[panel.rows], reading.first, reading.last, preset.window_cm, offset=number / preset.chains
        )
        donor = best_donors(ranked(alike, emission, switch, cut), preset.copied)
        chance += copied(panel, reading, emission, switch, cut, donor)[0]
    alt = np.clip(chance / preset.chains, 0, 1).astype(np.float32)
    found = np.stack([1 - alt, alt], axis=1)
    rows = panel.rows
    found[rows] = true_genotypes(found[rows], likelihood[rows], reading, panel.frequency[rows], panel.haplotypes)
    return _of_one_copy(found[:, 1])


def _of_one_copy(alt: NDArray[np.float32]) -> Dosages:
    """Dosages from the chance of ALT (M,). As there is one chromosome only, two copies have no chance."""
    gt = (alt > 0.5).astype(np.int8)
    none = np.zeros_like(alt)
    return Dosages(alt, np.stack([1 - alt, alt, none], axis=1), gt, np.stack([gt, 0 * gt], axis=1).astype(np.uint8))


def _genotypes(chance: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 3) genotype posterior averaged over pairs; the two sides of one pair are independent given the pair."""
    both = (chance[:, 0] * chance[:, 1]).mean(axis=0)
    copies = (chance[:, 0] + chance[:, 1]).mean(axis=0)
    gp = np.stack([1 - copies + both, copies - 2 * both, both], axis=1)
    return np.asarray(np.clip(gp, 0, 1), np.float32)


def _from_frequency(frequency: NDArray[np.float32], copies: int) -> Dosages:
    """Without a single read: Hardy and Weinberg's proportions."""
    p = frequency.astype(np.float32)
    if copies == 1:
        return _of_one_copy(p)
    gp = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)
    gt = gp.argmax(axis=1).astype(np.int8)
    return Dosages(2 * p, gp, gt, np.stack([gt > 0, gt > 1], axis=1).astype(np.uint8))
