"""What a person's imputed genotype says of a trait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kitloop_genomics.bundle.panel import Panel
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


def call_trait(
    trait: Trait,
    panel: Panel,
    imputed: list[Dosages],
    *,
    is_outside: bool = False,
    sex_chromosomes: SexChromosomes = NONE,
    karyotype: str = UNDETERMINED,
) -> TraitCall:
    """Report the likeliest outcome if it is sure enough, for as many chromosomes as the person was imputed to have.

    The probability is that of the outcome, so of a dominant trait it is the sum over one and two copies: which of them
    it is may stay open. Of a person who `is_outside` the panel nothing is told: there imputation is surer than it should be.
    """
    if is_outside:
        return TraitCall(trait, "outside_panel")
    for chromosome, dosages in zip(panel.chromosomes, imputed, strict=True):
        if chromosome.name != trait.chromosome:
            continue
        for site in chromosome.sites_at(trait.position):
            (ref,), (alt,) = chromosome.alleles(site, site + 1)
            if (ref, alt) in ((trait.other_allele, trait.effect_allele), (trait.effect_allele, trait.other_allele)):
                if karyotype == UNDETERMINED and sex_chromosomes.depends_on_sex(trait.chromosome, trait.position):
                    return TraitCall(trait, "sex_undetermined")
                chromosomes = 2 if dosages.copies is None else int(dosages.copies[site])
                if not chromosomes:
                    return TraitCall(trait, "no_such_chromosome")
                posterior = dosages.gp[site, : chromosomes + 1].astype(np.float64)
                return _judge(trait, posterior if alt == trait.effect_allele else posterior[::-1])
        break
    return TraitCall(trait, "not_in_panel")


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
