"""Simulated pasts for benchmark folders: one like the Americas', one of islands, so that nothing is tuned to either.

`americas` is the model of Browning et al. 2011 (10.1016/j.ajhg.2011.05.025 for the admixture; Gravel et al. 2011,
10.1073/pnas.1019276108, for the rest): three continents and a population that mixed 12 generations ago.
`islands` has four populations that split in turn and grew of late, with some exchange between neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import msprime
import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.history import Landscape
from kitloop_genomics.errors import InputError

MUTATION_RATE = 1.29e-8


@dataclass(frozen=True, slots=True)
class History:
    """A demography and the keys of its sampled populations, each with its share of the panel's people."""

    demography: msprime.Demography
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Simulated:
    """position: (M,) int64, 0-based, increasing.  carries: (M, H) uint8, 1 = ALT; two columns per person.

    population: (H/2,) key of each person's population, panel people of all populations mixed with targets as asked.
    """

    position: NDArray[np.int64]
    carries: NDArray[np.uint8]
    population: NDArray[np.str_]


def history(name: str) -> History:
    """The history called `americas` or `islands`; `InputError` for any other name."""
    if name == "americas":
        return _americas()
    if name == "islands":
        return _islands()
    raise InputError(f"there is no history '{name}': choose americas or islands")


def people_of(shares: dict[str, float], people: int) -> dict[str, int]:
    """`people` divided by `shares`, every population at least 1, the first taking what rounding leaves."""
    counts = {key: max(1, round(share * people)) for key, share in shares.items()}
    first = next(iter(counts))
    counts[first] += people - sum(counts.values())
    return counts


def simulate(past: History, shape: Landscape, people: dict[str, int], seed: int) -> Simulated:
    """Ancestry and mutations of `people` (persons per population); sites that mutated twice are left out."""
    trees = msprime.sim_ancestry(
        samples=[msprime.SampleSet(count, population=key) for key, count in people.items()],
        demography=past.demography,
        recombination_rate=msprime.RateMap(position=shape.edge, rate=shape.rate),
        random_seed=seed,
    )
    trees = msprime.sim_mutations(trees, rate=MUTATION_RATE, model=msprime.BinaryMutationModel(), random_seed=seed + 1)
    once = np.bincount(trees.tables.mutations.site, minlength=trees.num_sites) == 1
    position = np.floor(trees.tables.sites.position).astype(np.int64)
    carries = trees.genotype_matrix().astype(np.uint8)
    varies = (carries.min(axis=1) == 0) & (carries.max(axis=1) == 1)
    keep = once & varies & np.concatenate([[True], np.diff(position) > 0])
    return Simulated(position[keep], carries[keep], np.repeat(list(people), list(people.values())))


def _americas() -> History:
    europe_now, asia_now = 1_032 * np.exp(0.0038 * 920), 554 * np.exp(0.0048 * 920)
    past = msprime.Demography()
    past.add_population(name="AFR", initial_size=14_474)
    past.add_population(name="EUR", initial_size=europe_now, growth_rate=0.0038)
    past.add_population(name="ASIA", initial_size=asia_now, growth_rate=0.0048)
    past.add_population(name="ADMIX", initial_size=30_000 * np.exp(0.05 * 12), growth_rate=0.05)
    past.set_symmetric_migration_rate(["AFR", "EUR"], 2.5e-5)
    past.set_symmetric_migration_rate(["AFR", "ASIA"], 7.8e-6)
    past.set_symmetric_migration_rate(["EUR", "ASIA"], 3.11e-5)
    past.add_admixture(time=12, derived="ADMIX", ancestral=["AFR", "EUR", "ASIA"], proportions=[1 / 6, 1 / 3, 1 / 2])
    past.add_mass_migration(time=920, source="ASIA", dest="EUR", proportion=1)
    past.add_population_parameters_change(time=920, population="EUR", initial_size=1_861, growth_rate=0)
    past.add_migration_rate_change(time=920, rate=0)
    past.add_symmetric_migration_rate_change(time=920, populations=["AFR", "EUR"], rate=1.5e-4)
    past.add_mass_migration(time=2_040, source="EUR", dest="AFR", proportion=1)
    past.add_migration_rate_change(time=2_040, rate=0)
    past.add_population_parameters_change(time=5_920, population="AFR", initial_size=7_310)
    past.sort_events()
    return History(past, {"AFR": 0.28, "EUR": 0.2, "ASIA": 0.37, "ADMIX": 0.15})


def _islands() -> History:
    past = msprime.Demography()
    keys = ("north", "east", "south", "west")
    for key in keys:
        past.add_population(name=key, initial_size=8_000 * np.exp(0.01 * 300), growth_rate=0.01)
        past.add_population_parameters_change(time=300, population=key, initial_size=8_000, growth_rate=0)
    for one, other in (("north", "east"), ("east", "south"), ("south", "west")):
        past.set_symmetric_migration_rate([one, other], 4e-5)
    past.add_population(name="older", initial_size=6_000)
    past.add_population(name="root", initial_size=10_000)
    past.add_population_split(time=1_500, derived=["north", "east", "south"], ancestral="older")
    past.add_population_split(time=2_600, derived=["older", "west"], ancestral="root")
    past.sort_events()
    return History(past, {"north": 0.3, "east": 0.3, "south": 0.25, "west": 0.15})
