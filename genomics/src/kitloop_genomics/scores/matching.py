"""Find a scoring file's variants in the panel.

The rules are those of the PGS Catalog's own calculator (Lambert et al. 2024, 10.1101/2024.05.29.24307783): position
and both alleles must agree, on either strand; pairs that read the same on both strands (A/T, C/G) are dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.scores.catalog_file import ScoreVariant

_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_AMBIGUOUS = ({"A", "T"}, {"C", "G"})


@dataclass(frozen=True, slots=True)
class Matched:
    """The usable variants of one chromosome, by rising site.

    site: (V,) index into the panel's sites.  weight: (V,) per copy of the effect allele.  effect_is_alt: (V,) bool.
    """

    site: NDArray[np.int64]
    weight: NDArray[np.float64]
    effect_is_alt: NDArray[np.bool_]

    def blocks(self, size: int) -> Iterator[Matched]:
        """The variants in parts of at most `size` neighbours."""
        for start in range(0, len(self.site), size):
            part = slice(start, start + size)
            yield Matched(self.site[part], self.weight[part], self.effect_is_alt[part])


@dataclass(frozen=True, slots=True)
class Matching:
    """Per chromosome of the panel what is usable, and how many rows were left out for which reason."""

    chromosomes: tuple[Matched, ...]
    used: int
    total: int
    left_out: dict[str, int]

    @property
    def rate(self) -> float:
        """Share of the file's variants that are used, 0 to 1; 0 for an empty file."""
        return self.used / self.total if self.total else 0.0


def match(
    variants: tuple[ScoreVariant, ...],
    panel: tuple[PanelChromosome, ...],
    unusable: Callable[[str, int], str | None] = lambda chromosome, position: None,
) -> Matching:
    """Match by position and alleles. A variant that stands in the file twice is used once, the first time.

    unusable: why a place of the panel, by chromosome and position, can't be scored in this person; None where it can.
    """
    left_out: Counter[str] = Counter()
    place = {_plain(chromosome.name): at for at, chromosome in enumerate(panel)}
    rows: list[dict[int, tuple[float, bool]]] = [{} for _ in panel]
    for variant in variants:
        at = place.get(_plain(variant.chromosome)) if variant.chromosome else None
        sites = panel[at].sites_at(variant.position) if at is not None else range(0)
        if not variant.additive:
            left_out["not_additive"] += 1
        elif at is None or not sites:
            left_out["not_in_panel"] += 1
        elif why := unusable(panel[at].name, variant.position):
            left_out[why] += 1
        else:
            found = _fitting(variant, panel[at], sites)
            if isinstance(found, str):
                left_out[found] += 1
            elif found[0] in rows[at]:
                left_out["duplicate"] += 1
            else:
                rows[at][found[0]] = (variant.weight, found[1])
    matched = tuple(_arrays(found) for found in rows)
    return Matching(matched, sum(map(len, rows)), len(variants), dict(left_out))


def _fitting(variant: ScoreVariant, panel: PanelChromosome, sites: range) -> tuple[int, bool] | str:
    """The site with the variant's alleles and whether ALT is the effect allele, or why there is none.

    One effect allele without the other fits only where the position has one site: with several ALTs, not having one of
    them says nothing of the others.
    """
    reason = "other_alleles"
    for site in sites:
        (ref,), (alt,) = panel.alleles(site, site + 1)
        if {ref, alt} in _AMBIGUOUS:
            if len(sites) == 1 or {variant.effect_allele, variant.other_allele} == {ref, alt}:
                reason = "ambiguous_strand"
        elif variant.other_allele is None and len(sites) > 1:
            continue
        elif (effect_is_alt := _effect_is_alt(variant, ref, alt)) is not None:
            return site, effect_is_alt
    return reason


def _plain(chromosome: str) -> str:
    return chromosome.lower().removeprefix("chr")


def _effect_is_alt(variant: ScoreVariant, ref: str, alt: str) -> bool | None:
    """True if the effect allele is ALT, False if it is REF, on either strand; None if the alleles don't fit."""
    turned = (str, lambda allele: allele.translate(_COMPLEMENT))
    for strand in turned[: 2 if len(ref) == len(alt) == 1 else 1]:  # longer alleles would stand elsewhere, too
        effect = strand(variant.effect_allele)
        other = strand(variant.other_allele) if variant.other_allele else None
        if effect == alt and other in (ref, None):
            return True
        if effect == ref and other in (alt, None):
            return False
    return None


def _arrays(found: dict[int, tuple[float, bool]]) -> Matched:
    order = sorted(found)
    return Matched(
        np.array(order, np.int64),
        np.array([found[site][0] for site in order], np.float64),
        np.array([found[site][1] for site in order], np.bool_),
    )
