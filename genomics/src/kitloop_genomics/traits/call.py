"""What a person's imputed genotype says of a trait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kitloop_genomics.bundle.panel import Panel, PanelChromosome
from kitloop_genomics.bundle.sex_chromosomes import NONE, SexChromosomes
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.quality.sex import UNDETERMINED
from kitloop_genomics.traits.trait_file import Trait


@dataclass(frozen=True, slots=True)
class TraitCall:
    """One trait of one person. `reason` is None where it is reported, else `not_in_panel`, `low_confidence`, `outside_panel`,
    `sex_undetermined` or, of Y where there is none, `no_such_chromosome`.

    outcome and its probability are None where it isn't. copies: of the effect allele, None where the outcome is
    sure enough and the genotype behind it is not. chromosomes: how many the person has there, 1 or 2; None where it isn't reported.
    """

    trait: Trait
    reason: str | None
    outcome: str | None = None
    probability: float | None = None
    copies: int | None = None
    chromosomes: int | None = None

    def as_json(self) -> dict[str, Any]:
        """One entry of `traits` in `result.json` and the `traits-json` deliverable."""
        trait = self.trait
        pair = None
        if self.copies is not None and self.chromosomes is not None:
            others = self.chromosomes - self.copies
            pair = "/".join([trait.other_allele] * others + [trait.effect_allele] * self.copies)
        return {
            "key": trait.key,
            "name": trait.name,
            "description": trait.description,
            "source": trait.source,
            "reported": self.reason is None,
            "not_reported_because": self.reason,
            "outcome": self.outcome,
            "probability": None if self.probability is None else round(self.probability, 4),
            "probability_min": trait.probability_min,
            "genotype": pair,
            "chromosome_copies": self.chromosomes,
        }


class TraitReader:
    """Finds one trait's genotype among the imputed, for as many chromosomes as the person was imputed to have.

    Of a person who `is_outside` the panel nothing is told: there imputation is surer than it should be.
    """

    def __init__(
        self,
        trait: Trait,
        panel: Panel,
        *,
        is_outside: bool = False,
        sex_chromosomes: SexChromosomes = NONE,
        karyotype: str = UNDETERMINED,
    ) -> None:
        self._trait, self._place = trait, None if is_outside else _place(trait, panel)
        reason = "outside_panel" if is_outside else "not_in_panel"
        if (
            self._place
            and karyotype == UNDETERMINED
            and sex_chromosomes.depends_on_sex(trait.chromosome, trait.position)
        ):
            self._place, reason = None, "sex_undetermined"
        self._call = TraitCall(trait, reason)

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        if self._place is None or chromosome.name != self._trait.chromosome:
            return
        site, effect_is_alt = self._place
        chromosomes = 2 if imputed.copies is None else int(imputed.copies[site])
        if chromosomes:
            posterior = imputed.gp[site, : chromosomes + 1].astype(np.float64)
            self._call = _judge(self._trait, posterior if effect_is_alt else posterior[::-1])
        else:
            self._call = TraitCall(self._trait, "no_such_chromosome")

    def result(self) -> TraitCall:
        """The likeliest outcome if it is sure enough.

        The probability is that of the outcome, so of a dominant trait it is the sum over one and two copies: which of them
        it is may stay open.
        """
        return self._call


def _place(trait: Trait, panel: Panel) -> tuple[int, bool] | None:
    """The site in its chromosome, and whether ALT is the effect allele; None if the panel hasn't got it."""
    for chromosome in panel.chromosomes:
        for site in chromosome.sites_at(trait.position) if chromosome.name == trait.chromosome else ():
            (ref,), (alt,) = chromosome.alleles(site, site + 1)
            if (ref, alt) in ((trait.other_allele, trait.effect_allele), (trait.effect_allele, trait.other_allele)):
                return site, alt == trait.effect_allele
    return None


def _judge(trait: Trait, posterior: np.ndarray[Any, np.dtype[np.float64]]) -> TraitCall:
    chance: dict[str, float] = {}
    chromosomes = len(posterior) - 1
    for outcome, probability in zip(trait.outcomes_for(chromosomes), posterior.tolist(), strict=True):
        chance[outcome] = chance.get(outcome, 0.0) + probability
    outcome = max(chance, key=lambda one: chance[one])
    if chance[outcome] < trait.probability_min:
        return TraitCall(trait, "low_confidence")
    copies = int(posterior.argmax())
    sure = posterior[copies] >= trait.probability_min
    return TraitCall(trait, None, outcome, min(chance[outcome], 1.0), copies if sure else None, chromosomes)
