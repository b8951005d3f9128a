"""Imputation by the Li and Stephens model (2003, 10.1093/genetics/165.4.2213) without short cuts: the engine's yardstick.

A person's two haplotypes are each a mosaic of the panel's N, so the hidden state is an ordered pair of panel
haplotypes: N² of them. Between two sites each side switches with chance 1 - exp(-4 Ne d / N) to a haplotype drawn
evenly. At a site, each side shows the allele it copies except for a small chance of mismatch, and the reads are
explained by the genotype likelihoods. Forward-backward gives the posterior of the genotype at every site. Work and
memory grow with the square of the panel, so this is for small ones and for tests; `engine.py` is what runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.exact_kernel import forward_backward
from kitloop_genomics.imputation.model import Dosages


@dataclass(frozen=True, slots=True)
class Parameters:
    """effective_population_size: Ne of the switch rate.  mismatch: chance that a copied allele differs."""

    effective_population_size: float = 10_000.0
    mismatch: float = 1e-3


def impute_exactly(panel: PanelChromosome, genotype: NDArray[np.float32], parameters: Parameters) -> Dosages:
    """Impute one person on one stretch of a panel.

    `genotype` is (M, 3), likelihoods of 0, 1, 2 copies of ALT at the panel's M sites, rows of ones where nothing
    is known; of a chromosome that the person has once it is (M, 2), of 0 and 1 copy. Exact, so nothing is drawn at
    random and the same input gives the same output on one kind of machine.
    """
    if genotype.shape[1] == 2:
        return _impute_one_copy(panel, genotype, parameters)
    emission = copied_likelihoods(genotype, parameters.mismatch)
    switch = switch_chance(panel.cm, panel.haplotypes.shape[1], parameters.effective_population_size)
    # Its kernel would be compiled again for haplotypes that are a view of others.
    copied = forward_backward(np.ascontiguousarray(panel.haplotypes), emission, switch)
    gp = _read_posterior(copied, genotype, emission, parameters.mismatch)
    dosage = gp[:, 1] + 2 * gp[:, 2]
    return Dosages(dosage, gp, gp.argmax(axis=1).astype(np.int8))


def _impute_one_copy(panel: PanelChromosome, likelihood: NDArray[np.float32], parameters: Parameters) -> Dosages:
    """One mosaic of N haplotypes, so N states; the same model otherwise."""
    e = parameters.mismatch
    alleles, n = np.asarray(panel.haplotypes), panel.haplotypes.shape[1]
    shown = np.array([[1 - e, e], [e, 1 - e]])  # copied allele, true allele
    read = likelihood @ shown.T
    emission = np.take_along_axis(read, alleles.astype(np.int64), axis=1)
    switch = switch_chance(panel.cm, n, parameters.effective_population_size).astype(np.float64)
    ahead, back = np.empty(emission.shape), np.ones(emission.shape)
    state = np.full(n, 1 / n)
    for m in range(len(emission)):
        state = emission[m] * ((1 - switch[m]) * state + switch[m] / n)
        ahead[m] = state = state / state.sum()
    for m in range(len(emission) - 1, 0, -1):
        following = emission[m] * back[m]
        following = following / following.sum()
        back[m - 1] = (1 - switch[m]) * following + switch[m] / n
    both = ahead * back
    copied = (both * alleles).sum(axis=1) / both.sum(axis=1)
    given_copied = shown[None] * likelihood[:, None, :] / read[:, :, None]
    alt = (1 - copied) * given_copied[:, 0, 1] + copied * given_copied[:, 1, 1]
    gp = np.stack([1 - alt, alt, np.zeros(len(alt))], axis=1).astype(np.float32)
    return Dosages(gp[:, 1], gp, gp.argmax(axis=1).astype(np.int8))


def switch_chance(cm: NDArray[np.float64], haplotypes: int, effective_population_size: float) -> NDArray[np.float32]:
    """(M,) chance that one side switches on the way to each site; the first is 1, for there is nothing before it."""
    morgans = np.diff(cm) / 100
    chance = -np.expm1(-4 * effective_population_size * morgans / haplotypes)
    # Never quite 0: a stretch of map without recombination must not make a state impossible for ever.
    return np.concatenate([[1.0], np.clip(chance, 1e-7, 1.0)]).astype(np.float32)


def _mismatches(mismatch: float) -> NDArray[np.float64]:
    """(3, 3) chance of each true genotype (column) given the copied one (row)."""
    e, f = mismatch, 1 - mismatch
    return np.array([[f * f, 2 * e * f, e * e], [e * f, f * f + e * e, e * f], [e * e, 2 * e * f, f * f]])


def copied_likelihoods(genotype: NDArray[np.float32], mismatch: float) -> NDArray[np.float32]:
    """(M, 3) P(reads | copied genotype): the likelihoods of the true genotype, blurred by mismatches."""
    return np.ascontiguousarray(genotype.astype(np.float64) @ _mismatches(mismatch).T, np.float32)


def _read_posterior(
    copied: NDArray[np.float32], genotype: NDArray[np.float32], emission: NDArray[np.float32], mismatch: float
) -> NDArray[np.float32]:
    """From the posterior of the copied genotype to that of the true one."""
    given_copied = _mismatches(mismatch)[None] * genotype[:, None, :] / emission[:, :, None]
    gp = np.einsum("mc,mcg->mg", copied.astype(np.float64), given_copied)
    return np.asarray(gp / gp.sum(axis=1, keepdims=True), np.float32)
