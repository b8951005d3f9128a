"""A person's polygenic score, its uncertainty, and where it stands among the panel's people.

On X one copy of one chromosome counts as two of two, as in PLINK 2, on which the PGS Catalog's calculator stands
(`--xchr-model 2`), and as the panel's people with one X are written. Where the sex is undetermined, weights on X outside the
stretches where it pairs with Y are left out and counted, and those on Y and the mitochondrion always: they are weights of
nobody's pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.estimate import Ancestry
from kitloop_genomics.bundle.builds import builds_named
from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.bundle.sex_chromosomes import NONE, SexChromosomes
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.quality.sex import UNDETERMINED
from kitloop_genomics.scores.catalog_file import ScoringFile
from kitloop_genomics.scores.matching import Matched, Matching, match
from kitloop_genomics.scores.reference import reference

MATCH_RATE_FLOOR = 0.75
MAX_ERROR_SD = 0.5  # of the spread among people: beyond it the band of an average person is wider than 59 points
BINS = 40
_BAND_SD = 1.645  # to each side: 90 % of a normal distribution
_LD_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Doubt:
    """astray: share of genotypes that imputation is sure of and wrong about, so that any may be there.  wider: of errors."""

    astray: float
    wider: float


# Set on simulated people so that nine bands in ten hold the truth, and measured on others (README).
OF_READS, OF_ARRAY = Doubt(0.002, 1.1), Doubt(0.005, 1.15)


@dataclass(frozen=True, slots=True)
class Score:
    """A computed score. Percentiles are 0 to 100; low and high enclose 90 % of what imputation and ancestry leave open.

    standard_error: of the value, by imputation.  panel_scores: (people,) the same score of each panel person, from
    their own genotypes; with `adjusted`, as it would be with this person's ancestry.
    """

    file: ScoringFile
    matching: Matching
    value: float
    standard_error: float
    percentile: float
    percentile_low: float
    percentile_high: float
    panel_scores: NDArray[np.float64]
    adjusted: bool

    def distribution(self) -> dict[str, object]:
        """A histogram of the panel's scores that a page can draw."""
        counts, edges = np.histogram(self.panel_scores, bins=BINS)
        return {"version": "1.0", "bin_edges": [float(f"{edge:.6g}") for edge in edges], "counts": counts.tolist()}


@dataclass(frozen=True, slots=True)
class Unreported:
    """A score that isn't reported, and the code of why: `low_match_rate`, `wrong_build`, `outside_panel`, `too_uncertain`."""

    file: ScoringFile
    matching: Matching
    reason: str


class ScoreReader:
    """Adds up one score of one person. `build` is that of the bundle's genome.

    The percentile is among people of the person's `ancestry`, or among the whole panel if that isn't known. Nothing
    is reported when fewer than 75 % of the file's variants can be used, when the file names another build, when the
    person `is_outside` the panel, or when the data leave so much open that the value says little.
    """

    def __init__(
        self,
        file: ScoringFile,
        panel: Panel,
        build: str,
        ancestry: Ancestry | None = None,
        *,
        is_outside: bool = False,
        doubt: Doubt = OF_READS,
        sex_chromosomes: SexChromosomes = NONE,
        karyotype: str = UNDETERMINED,
    ) -> None:
        self._panel, self._ancestry, self._doubt = panel, ancestry, doubt
        self._matching = match(file.variants, panel.chromosomes, partial(_unusable, sex_chromosomes, karyotype))
        self._file = replace(file, variants=())  # matched, and too many to be kept beside those of other files
        self._reason = None
        if file.build and not _same_build(file.build, build):
            self._reason = "wrong_build"
        elif self._matching.rate < MATCH_RATE_FLOOR:
            self._reason = "low_match_rate"
        elif is_outside:
            self._reason = "outside_panel"
        self._value = self._variance = 0.0
        self._panel_scores = np.zeros(len(panel.people))
        self._next = iter(self._matching.chromosomes)

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        matched = next(self._next)
        if self._reason or not len(matched.site):
            return
        dosages = imputed.in_pairs()
        for part in matched.blocks(_LD_BLOCK):  # a score of a million variants is read from the panel bit by bit
            self._value += float(_copies(dosages.dosage[part.site].astype(np.float64), part) @ part.weight)
            panel_copies = _copies(chromosome.genotypes_at(part.site).T.astype(np.float64), part)
            self._panel_scores += panel_copies @ part.weight
            frequency = _frequency(self._panel, panel_copies, self._ancestry)
            self._variance += _variance(part, dosages, panel_copies, frequency, self._doubt.astray)

    def result(self) -> Score | Unreported:
        """The score of the person whose every chromosome was read."""
        if self._reason:
            return Unreported(self._file, self._matching, self._reason)
        error = total = self._doubt.wider * self._variance**0.5
        panel_scores = self._panel_scores
        if self._ancestry is not None:
            among = reference(panel_scores, self._panel)
            panel_scores = among.expected(self._ancestry.share)
            # What the shares leave open moves the expectation, and with it the place of the same value.
            total = float(np.hypot(error, (self._ancestry.replicates @ among.mean).std()))
        spread = panel_scores.std()
        if (
            total > MAX_ERROR_SD * spread or not spread
        ):  # where all people have one score, a place among them says nothing
            return Unreported(self._file, self._matching, "too_uncertain")
        return Score(
            self._file, self._matching, self._value, error,
            percentile(self._value, panel_scores),
            percentile(self._value - _BAND_SD * total, panel_scores),
            percentile(self._value + _BAND_SD * total, panel_scores),
            panel_scores, self._ancestry is not None,
        )  # fmt: skip


def score(
    file: ScoringFile,
    panel: Panel,
    imputed: Iterable[Dosages],
    build: str,
    ancestry: Ancestry | None = None,
    **settings: Any,
) -> Score | Unreported:
    """What a `ScoreReader` of these `settings` finds in chromosomes that come one after the other."""
    return read_by(ScoreReader(file, panel, build, ancestry, **settings), panel.chromosomes, imputed).result()


def _unusable(special: SexChromosomes, karyotype: str, chromosome: str, position: int) -> str | None:
    if chromosome in (special.y, special.mitochondrial):
        return "y_or_mitochondrion"
    open_ = karyotype == UNDETERMINED and special.depends_on_sex(chromosome, position)
    return "sex_undetermined" if open_ else None


def _same_build(stated: str, own: str) -> bool:
    """Whether two names mean one genome build: hg38 and GRCh38 do. NR, not reported, is taken on trust."""
    if stated.lower() in (own.lower(), "nr"):
        return True
    numbers = builds_named(stated)
    return bool(numbers) and numbers == builds_named(own)


def percentile(value: float, among: NDArray[np.float64]) -> float:
    """Share of `among` below `value`, ties counted half, in percent: 0 to 100."""
    below, same = (among < value).sum(), (among == value).sum()
    return float(100 * (below + same / 2) / len(among))


def _copies(alt: NDArray[np.float64], matched: Matched) -> NDArray[np.float64]:
    return np.where(matched.effect_is_alt, alt, 2 - alt)


def _frequency(panel: Panel, panel_copies: NDArray[np.float64], ancestry: Ancestry | None) -> NDArray[np.float64]:
    """(V,) of the effect allele among people of this ancestry, from (people, V) copies."""
    if ancestry is None:
        return np.asarray(panel_copies.mean(axis=0) / 2)
    groups = np.stack([panel_copies[population.members].mean(axis=0) for population in panel.populations])
    return np.asarray(ancestry.share @ groups / 2)


def _variance(
    matched: Matched,
    dosages: Dosages,
    panel_copies: NDArray[np.float64],
    frequency: NDArray[np.float64],
    astray: float,
) -> float:
    """Variance that a block of variants adds to the score, given what imputation leaves open and where it is astray.

    What it gets wrong at one site it tends to get wrong at linked ones. Correlations between the panel's genotypes
    stand in for those between the errors, within blocks of 500 variants; leaving them out gave bands that were
    too narrow.
    """
    anyone = np.stack([(1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2], axis=1)
    if dosages.copies is not None:
        single = dosages.copies[matched.site] == 1
        anyone[single] = np.stack([1 - frequency, np.zeros_like(frequency), frequency], axis=1)[single]
    gp = dosages.gp[matched.site].astype(np.float64)
    gp = np.where(matched.effect_is_alt[:, None], gp, gp[:, ::-1])
    gp = (1 - astray) * gp + astray * anyone
    mean = gp[:, 1] + 2 * gp[:, 2]
    spread = np.sqrt(np.maximum(gp[:, 1] + 4 * gp[:, 2] - mean**2, 0.0))
    centred = panel_copies - panel_copies.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(norm > 0, norm, 1.0)
    return float(((scaled @ (matched.weight * spread)) ** 2).sum())
