"""One demo chromosome: simulated variation laid on an invented sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.genome import other_alleles, sequence
from kitloop_genomics.demo.history import (
    HELD_OUT_PEOPLE_EACH,
    POPULATIONS,
    USUAL,
    Landscape,
    Size,
    landscape,
    simulate,
)
from kitloop_genomics.demo.others import make_others

_MIN_PANEL_COPIES = 2  # of either allele: a site that one haplotype carries can't be imputed from the others


@dataclass(frozen=True, slots=True)
class DemoChromosome:
    """position: (M,) int64, 1-based, never falling.  ref, alt: (M,) uint8 ASCII.  in_panel: (M,) bool.

    panel: (M, 8 times `Size.people_each`) and held_out: (M, 160) uint8, 1 = ALT, columns by population then person.
    others: by the site's index, REF and ALT that take the place of `ref` and `alt` where it is no plain SNP.
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
    others: dict[int, tuple[str, str]]

    def alleles(self, site: int) -> tuple[str, str]:
        """REF and ALT of a site."""
        return self.others.get(site, (chr(self.ref[site]), chr(self.alt[site])))


def make_chromosome(name: str, seed: int, size: Size = USUAL) -> DemoChromosome:
    """Simulate one chromosome; the same seed and size give the same chromosome."""
    rng = np.random.default_rng(seed)
    shape = landscape(size.length_bp, rng)
    variation = simulate(shape, int(rng.integers(1, 2**31 - 2)), size.people_each)
    reference = sequence(size.length_bp, rng)
    ref = reference[variation.position]
    # The reference genome is a real person's in life: where its haplotype is derived, REF is the derived allele.
    is_alt = variation.carries ^ variation.carries[:, -2:-1]
    panel, held_out = _columns(size.people_each)
    copies = is_alt[:, panel].sum(axis=1, dtype=np.int64)
    in_panel = (copies >= _MIN_PANEL_COPIES) & (len(panel) - copies >= _MIN_PANEL_COPIES)
    keep = in_panel | (is_alt[:, held_out].max(axis=1) == 1)
    alt = other_alleles(ref, rng)
    position, ref, alt, in_panel = variation.position[keep] + 1, ref[keep], alt[keep], in_panel[keep]
    is_alt = is_alt[keep]
    # Of a generator of their own: without them, all else would be drawn alike.
    frequency = np.where(in_panel, is_alt[:, panel].mean(axis=1), np.nan)
    everyone = np.ascontiguousarray(is_alt[:, np.concatenate([panel, held_out])])
    others = make_others(reference, position, alt, frequency, everyone, np.random.default_rng([seed, 1]))
    for site, at in others.moved.items():
        position[site] = at
    return DemoChromosome(
        name,
        reference,
        shape,
        position,
        ref,
        alt,
        in_panel,
        np.ascontiguousarray(is_alt[:, panel]),
        np.ascontiguousarray(is_alt[:, held_out]),
        others.alleles,
    )


def _columns(people_each: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    each = 2 * (people_each + HELD_OUT_PEOPLE_EACH)
    starts = each * np.arange(len(POPULATIONS))
    panel = (starts[:, None] + np.arange(2 * people_each)).ravel()
    held_out = (starts[:, None] + np.arange(2 * people_each, each)).ravel()
    return panel, held_out
