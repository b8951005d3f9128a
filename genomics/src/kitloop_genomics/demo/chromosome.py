"""One demo chromosome: simulated variation laid on an invented sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.genome import other_alleles, sequence
from kitloop_genomics.demo.history import (
    HELD_OUT_PEOPLE_EACH,
    PANEL_PEOPLE_EACH,
    POPULATIONS,
    Landscape,
    landscape,
    simulate,
)

LENGTH_BP = 2_000_000
_MIN_PANEL_COPIES = 2  # of either allele: a site that one haplotype carries can't be imputed from the others


@dataclass(frozen=True, slots=True)
class DemoChromosome:
    """position: (M,) int64, 1-based.  ref, alt: (M,) uint8 ASCII.  in_panel: (M,) bool.

    panel: (M, 400) and held_out: (M, 160) uint8, 1 = ALT, columns by population then person.
    Sites outside the panel are kept: real people carry variants that a panel has never seen.
    """

    name: str
    reference: NDArray[np.uint8]
    shape: Landscape
    position: NDArray[np.int64]
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    in_panel: NDArray[np.bool_]
    panel: NDArray[np.uint8]
    held_out: NDArray[np.uint8]


def make_chromosome(name: str, seed: int) -> DemoChromosome:
    """Simulate one chromosome; the same seed gives the same chromosome."""
    rng = np.random.default_rng(seed)
    shape = landscape(LENGTH_BP, rng)
    variation = simulate(shape, int(rng.integers(1, 2**31 - 2)))
    reference = sequence(LENGTH_BP, rng)
    ref = reference[variation.position]
    # The reference genome is a real person's in life: where its haplotype is derived, REF is the derived allele.
    is_alt = variation.carries ^ variation.carries[:, -2:-1]
    panel, held_out = _columns()
    copies = is_alt[:, panel].sum(axis=1, dtype=np.int64)
    in_panel = (copies >= _MIN_PANEL_COPIES) & (len(panel) - copies >= _MIN_PANEL_COPIES)
    keep = in_panel | (is_alt[:, held_out].max(axis=1) == 1)
    alt = other_alleles(ref, rng)
    return DemoChromosome(
        name,
        reference,
        shape,
        variation.position[keep] + 1,
        ref[keep],
        alt[keep],
        in_panel[keep],
        np.ascontiguousarray(is_alt[keep][:, panel]),
        np.ascontiguousarray(is_alt[keep][:, held_out]),
    )


def _columns() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    each = 2 * (PANEL_PEOPLE_EACH + HELD_OUT_PEOPLE_EACH)
    starts = each * np.arange(len(POPULATIONS))
    panel = (starts[:, None] + np.arange(2 * PANEL_PEOPLE_EACH)).ravel()
    held_out = (starts[:, None] + np.arange(2 * PANEL_PEOPLE_EACH, each)).ravel()
    return panel, held_out
