"""How hard to look, by depth. Tuned on simulations of `kitloop-genomics simulate benchmark` alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """Settings of one imputation.

    window_cm: width of a donor window; the fewer reads, the wider, because a donor needs enough of them to be told.
    donors, copied: haplotypes per window for drawing pairs (work grows with its square) and for the final dosages.
    rounds: of drawing a pair and ranking the panel anew.  chains, pairs: independent repeats, and pairs drawn in each.
    effective_population_size: of the switch rate, unless the bundle says otherwise.  mismatch: chance that a copied
    allele differs.
    """

    window_cm: float
    donors: int
    copied: int
    rounds: int
    chains: int
    pairs: int
    effective_population_size: float = 30_000.0
    mismatch: float = 1e-4


PRESETS = (
    # up to this effective coverage
    (0.2, Preset(window_cm=1.0, donors=96, copied=1_536, rounds=2, chains=3, pairs=3)),
    (0.7, Preset(window_cm=0.6, donors=64, copied=1_024, rounds=2, chains=3, pairs=3)),
    (
        float("inf"),
        Preset(window_cm=0.5, donors=64, copied=1_024, rounds=2, chains=2, pairs=3, effective_population_size=60_000.0),
    ),
)


def preset_for(effective_coverage: float) -> Preset:
    """The preset for -ln(1 - share of panel sites with a read)."""
    return next(preset for most, preset in PRESETS if effective_coverage <= most)
