"""Which sites a vendor's simulated array holds: one in 4.5 kb, as on real arrays, most of them common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.bundle.positions import PositionTable
from kitloop_genomics.sandbox.person import Person, PersonChromosome, generator

SPACING_BP = 4_500
_RARE_SHARE = 0.15  # of places where a rarer site is taken though a common one is there
_AMBIGUOUS_WEIGHT = 0.15  # A/T and C/G sites need two probes, so arrays hold few of them


@dataclass(frozen=True, slots=True)
class ChipChromosome:
    """The array's sites on one demo chromosome, S of them.

    at: (S,) index into the person's sites.  position: (S,) in the earlier build.  minus: (S,) bool, True where that
    build runs the other way.  flipped: (S,) bool, probes that the vendor reports on the wrong strand, the same for
    each person.
    """

    at: NDArray[np.int64]
    position: NDArray[np.int64]
    minus: NDArray[np.bool_]
    flipped: NDArray[np.bool_]


def chip(
    vendor: Vendor, person: Person, frequency: dict[str, NDArray[np.float64]], tables: dict[str, PositionTable]
) -> list[ChipChromosome]:
    """The sites of `vendor`'s array; they depend on the demo and the vendor alone, not on the person.

    `frequency` is that of ALT among held-out people, by chromosome; `tables` the demo's earlier build.
    """
    rng = generator("chip", vendor)
    return [
        _chromosome(row, frequency[row.name], tables[row.name.removeprefix("chr")], rng) for row in person.chromosomes
    ]


def _chromosome(
    row: PersonChromosome, frequency: NDArray[np.float64], table: PositionTable, rng: np.random.Generator
) -> ChipChromosome:
    order = np.argsort(table.to_position)
    found = np.minimum(np.searchsorted(table.to_position[order], row.position), len(order) - 1)
    known = table.to_position[order][found] == row.position
    maf = np.minimum(frequency, 1 - frequency)
    # A+T and C+G sum to 149 and 138 in ASCII.
    pair = row.ref.astype(int) + row.alt
    weight = np.where((pair == 149) | (pair == 138), _AMBIGUOUS_WEIGHT, 1.0) * known
    weight[list(row.others)] = 0
    chosen = []
    place = row.position // SPACING_BP
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(place)], strict=True):
        here = np.arange(start, end)
        common = maf[here] >= 0.05
        share = weight[here] * (common if common.any() and rng.random() >= _RARE_SHARE else 1.0)
        if share.sum() > 0:
            chosen.append(int(rng.choice(here, p=share / share.sum())))
    at = np.array(chosen, np.int64)
    back = order[found[at]]
    return ChipChromosome(at, table.position[back], table.minus[back], rng.random(len(at)) < 0.003)
