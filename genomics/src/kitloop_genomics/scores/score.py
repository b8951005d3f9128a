"""A person's polygenic score, its uncertainty, and where it stands among the panel's people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.scores.catalog_file import ScoringFile
from kitloop_genomics.scores.matching import Matched, Matching, match

MATCH_RATE_FLOOR = 0.75
BINS = 40
_BAND_SD = 1.645  # to each side: 90 % of a normal distribution
_LD_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Score:
    """A computed score. Percentiles are 0 to 100; low and high enclose 90 % of what imputation leaves open.

    panel_scores: (people,) the same score of each panel person, from their own genotypes.
    """

    file: ScoringFile
    matching: Matching
    value: float
    standard_error: float
    percentile: float
    percentile_low: float
    percentile_high: float
    panel_scores: NDArray[np.float64]

    def distribution(self) -> dict[str, object]:
        """A histogram of the panel's scores that a page can draw."""
        counts, edges = np.histogram(self.panel_scores, bins=BINS)
        return {"version": "1.0", "bin_edges": [float(f"{edge:.6g}") for edge in edges], "counts": counts.tolist()}


@dataclass(frozen=True, slots=True)
class Unreported:
    """A score that isn't reported, and the code of why: `low_match_rate` or `wrong_build`."""

    file: ScoringFile
    matching: Matching
    reason: str


def score(file: ScoringFile, panel: Panel, imputed: list[Dosages], build: str) -> Score | Unreported:
    """Score one person. `imputed` is per chromosome of the panel; `build` is the bundle's genome build.

    Nothing is reported when fewer than 75 % of the file's variants can be used, or when the file names another
    build. The percentile is against all of the panel's people, whatever their population.
    """
    matching = match(file.variants, panel.chromosomes)
    if file.build and file.build.lower() not in (build.lower(), "nr"):
        return Unreported(file, matching, "wrong_build")
    if matching.rate < MATCH_RATE_FLOOR:
        return Unreported(file, matching, "low_match_rate")
    value = variance = 0.0
    panel_scores = np.zeros(len(panel.people))
    for chromosome, matched, dosages in zip(panel.chromosomes, matching.chromosomes, imputed, strict=True):
        if not len(matched.site):
            continue
        value += float(_copies(dosages.dosage[matched.site].astype(np.float64), matched) @ matched.weight)
        panel_copies = _copies(chromosome.genotypes[matched.site].T.astype(np.float64), matched)
        panel_scores += panel_copies @ matched.weight
        variance += _variance(matched, dosages, panel_copies)
    error = variance**0.5
    return Score(
        file, matching, value, error,
        percentile(value, panel_scores),
        percentile(value - _BAND_SD * error, panel_scores),
        percentile(value + _BAND_SD * error, panel_scores),
        panel_scores,
    )  # fmt: skip


def percentile(value: float, among: NDArray[np.float64]) -> float:
    """Share of `among` below `value`, ties counted half, in percent: 0 to 100."""
    below, same = (among < value).sum(), (among == value).sum()
    return float(100 * (below + same / 2) / len(among))


def _copies(alt: NDArray[np.float64], matched: Matched) -> NDArray[np.float64]:
    return np.where(matched.effect_is_alt, alt, 2 - alt)


def _variance(matched: Matched, dosages: Dosages, panel_copies: NDArray[np.float64]) -> float:
    """Variance of the score given what imputation leaves open.

    What it gets wrong at one site it tends to get wrong at linked ones. Correlations between the panel's genotypes
    stand in for those between the errors, within blocks of 500 variants; leaving them out gave bands that were
    too narrow.
    """
    gp = dosages.gp[matched.site].astype(np.float64)
    mean = gp[:, 1] + 2 * gp[:, 2]
    spread = np.sqrt(np.maximum(gp[:, 1] + 4 * gp[:, 2] - mean**2, 0.0))
    variance = 0.0
    for start in range(0, len(spread), _LD_BLOCK):
        block = slice(start, start + _LD_BLOCK)
        centred = panel_copies[:, block] - panel_copies[:, block].mean(axis=0)
        norm = np.sqrt((centred**2).sum(axis=0))
        scaled = centred / np.where(norm > 0, norm, 1.0)
        part = matched.weight[block] * spread[block]
        variance += float(((scaled @ part) ** 2).sum())
    return variance
