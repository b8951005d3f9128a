"""The simulated past of the demo's four populations, by msprime.

The populations are invented and so are their names. They are further apart than most human ones (splits of
3,000 to 6,000 generations at a size of 6,000), because 4 Mb of genome would tell closer ones apart poorly.
"""

from __future__ import annotations

from dataclasses import dataclass

import msprime
import numpy as np
from numpy.typing import NDArray

POPULATIONS = (("aster", "Aster"), ("birch", "Birch"), ("cedar", "Cedar"), ("dune", "Dune"))
HELD_OUT_PEOPLE_EACH = 20
MUTATION_RATE = 2e-8
_SIZE, _SIZE_NOW, _GROWN_SINCE = 6_000, 60_000, 200  # people, people, generations ago


@dataclass(frozen=True, slots=True)
class Size:
    """Of a demo: base pairs of each of its two chromosomes, and people of each of its four populations in the panel."""

    length_bp: int = 2_000_000
    people_each: int = 50


USUAL = Size()


@dataclass(frozen=True, slots=True)
class Variation:
    """The varying sites of one simulated chromosome.

    position: (M,) int64, 0-based, increasing.  carries: (M, H) uint8, 1 = the derived allele.
    The columns are ordered by population, and within it panel people, held-out people; the last two columns
    are one more person of the first population, whose first haplotype becomes the reference genome.
    """

    position: NDArray[np.int64]
    carries: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Landscape:
    """Recombination along one chromosome: `edge` (K+1,) bp and `rate` (K,) per bp and generation."""

    edge: NDArray[np.float64]
    rate: NDArray[np.float64]

    def centimorgans(self) -> NDArray[np.float64]:
        """(K+1,) cumulative centimorgans at the edges."""
        return np.concatenate([[0.0], np.cumsum(np.diff(self.edge) * self.rate)]) * 100


def landscape(
    length_bp: int, rng: np.random.Generator, *, quiet: float = 0.3e-8, in_hotspots: float = 1.0e-8
) -> Landscape:
    """A quiet background (0.3 cM/Mb) with a hotspot about every 50 kb, 2 kb wide; 1.3 cM/Mb on average.

    quiet, in_hotspots: rates per bp and generation, the second as an average over the whole length.
    """
    gaps = rng.exponential(48_000, size=2 * length_bp // 50_000)
    starts = np.floor(np.cumsum(gaps + 2_000)).astype(np.int64)
    starts = starts[starts < length_bp - 3_000]
    heat = rng.lognormal(0.0, 1.0, size=len(starts))
    heat *= (in_hotspots * length_bp) / (heat.sum() * 2_000)
    edge, rate = [0.0], []
    for start, peak in zip(starts, heat, strict=True):
        if start > edge[-1]:  # two hotspots may touch
            edge.append(float(start))
            rate.append(quiet)
        edge.append(float(start + 2_000))
        rate.append(float(peak))
    return Landscape(np.array([*edge, float(length_bp)]), np.array([*rate, quiet]))


def simulate(shape: Landscape, seed: int, people_each: int) -> Variation:
    """Ancestry and mutations of one chromosome. Sites hit by more than one mutation are left out."""
    demography = msprime.Demography()
    for key, _ in POPULATIONS:
        # Grown of late: in a small population panel and held-out people would be cousins, which flatters imputation.
        demography.add_population(name=key, initial_size=_SIZE_NOW)
        demography.add_population_parameters_change(time=_GROWN_SINCE, population=key, initial_size=_SIZE)
    for name, size in (("north", _SIZE), ("south", _SIZE), ("root", 10_000)):
        demography.add_population(name=name, initial_size=size)
    demography.add_population_split(time=3_000, derived=["aster", "birch"], ancestral="north")
    demography.add_population_split(time=3_500, derived=["cedar", "dune"], ancestral="south")
    demography.add_population_split(time=6_000, derived=["north", "south"], ancestral="root")
    each = people_each + HELD_OUT_PEOPLE_EACH
    samples = [msprime.SampleSet(each, population=key) for key, _ in POPULATIONS]
    samples.append(msprime.SampleSet(1, population=POPULATIONS[0][0]))
    trees = msprime.sim_ancestry(
        samples=samples,
        demography=demography,
        recombination_rate=msprime.RateMap(position=shape.edge, rate=shape.rate),
        random_seed=seed,
    )
    trees = msprime.sim_mutations(trees, rate=MUTATION_RATE, model=msprime.BinaryMutationModel(), random_seed=seed + 1)
    carries = trees.genotype_matrix().astype(np.uint8)
    once = np.bincount(trees.tables.mutations.site, minlength=trees.num_sites) == 1
    varies = (carries.min(axis=1) == 0) & (carries.max(axis=1) == 1)
    keep = once & varies
    return Variation(trees.tables.sites.position[keep].astype(np.int64), carries[keep])
