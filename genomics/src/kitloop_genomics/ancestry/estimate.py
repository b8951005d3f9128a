"""Ancestry proportions from genotype likelihoods.

Supervised admixture: each allele of a person comes from population k with chance q_k and is ALT with that
population's frequency (the model of fastNGSadmix, Jorsboe et al. 2017, 10.1093/bioinformatics/btx474, with the
panel's frequencies taken as known). Intervals come from resampling blocks of the genome, because neighbouring
sites tell the same story; they don't cover ancestry from a population that the panel lacks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.ancestry.kernel import proportions
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import Likelihoods

MIN_FREQUENCY = 0.05
BLOCK_BP = 200_000
REPLICATES = 100
_SEED = 20_170_719  # fixed: the same reads give the same interval


@dataclass(frozen=True, slots=True)
class Ancestry:
    """share, low and high: (P,) in the panel's order of populations; low to high is a 95 % interval.

    sites: covered sites that took part.  blocks: stretches of genome that were resampled.  replicates: (R, P), the
    shares of each resampling, for what has to know how they vary together.
    """

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sites: int
    blocks: int
    replicates: NDArray[np.float64]


def estimate_ancestry(panel: Panel, found: list[Likelihoods]) -> Ancestry | None:
    """Estimate from covered sites whose ALT frequency in the panel is 5 to 95 %; None if there are none."""
    genotypes, frequencies, blocks = [], [], []
    seen_blocks = 0
    for chromosome, likelihood in zip(panel.chromosomes, found, strict=True):
        overall = chromosome.alt_frequency
        use = (likelihood.depth > 0) & (overall >= MIN_FREQUENCY) & (overall <= 1 - MIN_FREQUENCY)
        genotypes.append(likelihood.genotype[use])
        frequencies.append(population_frequencies(panel, chromosome)[use])
        blocks.append(chromosome.position[use] // BLOCK_BP + seen_blocks)
        seen_blocks += int(chromosome.position[-1] // BLOCK_BP) + 1
    genotype, frequency = np.concatenate(genotypes), np.concatenate(frequencies)
    if len(genotype) == 0:
        return None
    _, block = np.unique(np.concatenate(blocks), return_inverse=True)
    count = int(block.max()) + 1
    even = np.full(frequency.shape[1], 1 / frequency.shape[1])
    share = proportions(genotype, frequency, np.ones(len(genotype)), even, 1_000, 1e-6)
    rng = np.random.default_rng(_SEED)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=REPLICATES).astype(np.float64)
    # Away from 0, where EM can't leave again once it is there.
    near = (share + 0.01) / (share + 0.01).sum()
    replicates = np.array([proportions(genotype, frequency, draw[block], near, 100, 1e-4) for draw in draws])
    low, high = np.percentile(replicates, [2.5, 97.5], axis=0)
    return Ancestry(share, np.minimum(low, share), np.maximum(high, share), len(genotype), count, replicates)
