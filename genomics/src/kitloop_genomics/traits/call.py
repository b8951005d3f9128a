"""What a person's imputed genotype says of a trait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.traits.trait_file import Trait


@dataclass(frozen=True, slots=True)
class TraitCall:
    """One trait of one person. `reason` is None where it is reported, else `not_in_panel`, `low_confidence` or `outside_panel`.

    outcome and its probability are None where it isn't. copies: of the effect allele, None where the outcome is
    sure enough and the genotype behind it is not.
    """

    trait: Trait
    reason: str | None
    outcome: str | None = None
    probability: float | None = None
    copies: int | None = None

    def as_json(self) -> dict[str, Any]:
        """One entry of `traits` in `result.json` and the `traits-json` deliverable."""
        trait = self.trait
        pair = None
        if self.copies is not None:
            pair = "/".join([trait.other_allele] * (2 - self.copies) + [trait.effect_allele] * self.copies)
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
        }


def call_trait(trait: Trait, panel: Panel, imputed: list[Dosages], *, is_outside: bool = False) -> TraitCall:
    """Report the likeliest outcome if it is sure enough.

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
                posterior = dosages.gp[site].astype(np.float64)
                return _judge(trait, posterior if alt == trait.effect_allele else posterior[::-1])
        break
    return TraitCall(trait, "not_in_panel")


def _judge(trait: Trait, posterior: np.ndarray[Any, np.dtype[np.float64]]) -> TraitCall:
    chance: dict[str, float] = {}
    for outcome, probability in zip(trait.outcomes, posterior.tolist(), strict=True):
        chance[outcome] = chance.get(outcome, 0.0) + probability
    outcome = max(chance, key=lambda one: chance[one])
    if chance[outcome] < trait.probability_min:
        return TraitCall(trait, "low_confidence")
    copies = int(posterior.argmax())
    sure = posterior[copies] >= trait.probability_min
    return TraitCall(trait, None, outcome, min(chance[outcome], 1.0), copies if sure else None)
