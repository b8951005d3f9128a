"""A synthetic person: a mosaic of haplotypes that no panel holds.

The person depends on the seed text alone, so the same kit id gives the same person at any depth and in any state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.genetic_map import GeneticMap, read_genetic_map
from kitloop_genomics.demo.build import Demo

_GENERATIONS = 60  # of recombination between the held-out haplotypes: a switch about every 1.7 cM
_ADMIXED_SHARE = 0.4  # of people whose ancestors come from two populations


@dataclass(frozen=True, slots=True)
class PersonChromosome:
    """position: (M,) 1-based.  haplotypes: (M, 2) uint8, 1 = ALT.  Sites outside the panel are included.

    others: by the site's index, REF and ALT that take the place of `ref` and `alt` where it is no plain SNP.
    origin_bp: (P,) bp of both haplotypes that come from each population; it sums to twice the length.
    """

    name: str
    position: NDArray[np.int64]
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    ids: NDArray[np.str_]
    in_panel: NDArray[np.bool_]
    haplotypes: NDArray[np.uint8]
    origin_bp: NDArray[np.float64]
    others: dict[int, tuple[str, str]]

    def alleles(self, site: int) -> tuple[str, str]:
        """REF and ALT of a site."""
        return self.others.get(site, (chr(self.ref[site]), chr(self.alt[site])))


@dataclass(frozen=True, slots=True)
class Person:
    """A person's genome, and the true share of each population in it (sums to 1)."""

    populations: tuple[tuple[str, str], ...]
    chromosomes: tuple[PersonChromosome, ...]

    @property
    def shares(self) -> NDArray[np.float64]:
        origin = sum((row.origin_bp for row in self.chromosomes), np.zeros(len(self.populations)))
        return np.asarray(origin / origin.sum(), np.float64)


def generator(purpose: str, seed: str) -> np.random.Generator:
    """A random generator for one purpose of one seed text, independent of those for other purposes."""
    digest = hashlib.sha256(f"kitloop-genomics:{purpose}:{seed}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def draw_person(demo: Demo, seed: str, lengths: dict[str, int]) -> Person:
    """Draw the person of `seed`: from one population, or for two in five from two in uneven shares."""
    rng = generator("person", seed)
    genetic_map = read_genetic_map(demo.bundle / "map.tsv")
    with np.load(_haplotypes(demo), allow_pickle=False) as stored:
        keys, names = stored["populations"].tolist(), stored["population_names"].tolist()
        weights = _population_weights(len(keys), rng)
        of_haplotype = stored["population_of_haplotype"]
        chromosomes = []
        for name in stored["chromosomes"].tolist():
            haplotypes = np.unpackbits(stored[f"{name}.haplotypes"], axis=1)[:, : len(of_haplotype)]
            position = stored[f"{name}.position"]
            pair, origin = [], np.zeros(len(keys))
            for _ in range(2):
                edges, donors = _segments(name, lengths[name], genetic_map, weights, of_haplotype, rng)
                # Segment k covers the 1-based positions from edges[k] + 1 to edges[k + 1].
                segment = np.searchsorted(edges, position, side="left") - 1
                pair.append(haplotypes[np.arange(len(position)), donors[segment]])
                origin += np.bincount(of_haplotype[donors], weights=np.diff(edges), minlength=len(keys))
            chromosomes.append(
                PersonChromosome(
                    name,
                    position,
                    stored[f"{name}.ref"],
                    stored[f"{name}.alt"],
                    stored[f"{name}.id"],
                    stored[f"{name}.in_panel"],
                    np.stack(pair, axis=1),
                    origin,
                    dict(
                        zip(
                            stored[f"{name}.other"].tolist(),
                            map(tuple, stored[f"{name}.other_alleles"].tolist()),
                            strict=True,
                        )
                    ),
                )
            )
    return Person(tuple(zip(keys, names, strict=True)), tuple(chromosomes))


def held_out_frequency(demo: Demo) -> dict[str, NDArray[np.float64]]:
    """By chromosome, (M,) share of ALT among the held-out people's haplotypes, at the sites of `PersonChromosome`."""
    with np.load(_haplotypes(demo), allow_pickle=False) as stored:
        count = len(stored["population_of_haplotype"])
        return {
            name: np.unpackbits(stored[f"{name}.haplotypes"], axis=1)[:, :count].mean(axis=1, dtype=np.float64)
            for name in stored["chromosomes"].tolist()
        }


def _haplotypes(demo: Demo) -> Path:
    return demo.people / "haplotypes.npz"


def _population_weights(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    first, second = rng.choice(count, 2, replace=False)
    weights = np.zeros(count)
    share = float(rng.uniform(0.25, 0.75)) if rng.random() < _ADMIXED_SHARE else 0.0
    weights[first], weights[second] = 1 - share, share
    return weights


def _segments(
    name: str,
    length: int,
    genetic_map: GeneticMap,
    weights: NDArray[np.float64],
    of_haplotype: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges in bp (K+1,) and the donor haplotype of each of the K segments between them."""
    at, cm = genetic_map.position[name], genetic_map.cm[name]
    switches = rng.uniform(cm[0], cm[-1], rng.poisson((cm[-1] - cm[0]) / 100 * _GENERATIONS))
    inner = np.unique(np.round(np.interp(switches, cm, at)))
    edges = np.concatenate([[0.0], inner[(inner > 0) & (inner < length)], [float(length)]])
    populations = rng.choice(len(weights), len(edges) - 1, p=weights)
    donors = [int(rng.choice(np.flatnonzero(of_haplotype == population))) for population in populations]
    return edges, np.array(donors)
