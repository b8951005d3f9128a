"""Traits of single places in the genome, as `Run.traits` holds them and pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trait:
    """`outcome` is empty where the trait isn't reported; `why_not` is the analysis's code of why."""

    key: str
    name: str
    description: str
    source: str
    outcome: str
    sure: str  # in 100
    genotype: str
    why_not: str


def traits(rows: Sequence[Mapping[str, Any]]) -> tuple[Trait, ...]:
    """In the order of the bundle's file."""
    return tuple(
        Trait(
            key=str(row.get("key") or ""),
            name=str(row.get("name") or row.get("key") or "?"),
            description=str(row.get("description") or ""),
            source=str(row.get("source") or ""),
            outcome=str(row.get("outcome") or "") if row.get("reported") else "",
            sure=_sure(row.get("probability")),
            genotype=str(row.get("genotype") or ""),
            why_not=str(row.get("not_reported_because") or ""),
        )
        for row in rows
    )


def _sure(probability: float | None) -> str:
    """Nothing that is read is certain, so 100 in 100 is never said."""
    if probability is None:
        return ""
    return "more than 99 in 100" if probability > 0.99 else f"{100 * probability:.0f} in 100"
