"""The traits of a bundle: `traits.json`, each one variant and what its genotypes mean.

    {"schema": "kitloop-traits/1",
     "traits": [{"key": "…", "name": "…", "description": "…", "source": "…",
                 "chromosome": "chr1", "position": 100, "other_allele": "A", "effect_allele": "G",
                 "outcomes": ["none", "some", "some"], "outcomes_of_one": ["none", "some"], "probability_min": 0.95}]}

`outcomes` are what 0, 1 and 2 copies of the effect allele mean; the same words twice make a dominant or recessive trait.
`outcomes_of_one` are what 0 and 1 copies mean where the person has one chromosome alone: on X of XY people outside the
stretches where it pairs with Y, on Y, and on the mitochondrion. Without them one copy means what two of two do, as X-linked
traits are inherited: who has one X shows a recessive trait with one copy. Alleles are those of the bundle's forward strand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from kitloop_genomics.errors import BundleError

FILE_NAME = "traits.json"
SCHEMA = "kitloop-traits/1"
PROBABILITY_MIN = 0.95
_BASES = set("ACGT")


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait. position is 1-based; outcomes are for 0, 1 and 2 copies of the effect allele, outcomes_of_one for 0 and 1 of
    one chromosome, None for the first and the last of `outcomes`.
    """

    key: str
    name: str
    description: str
    source: str
    chromosome: str
    position: int
    other_allele: str
    effect_allele: str
    outcomes: tuple[str, str, str]
    probability_min: float
    outcomes_of_one: tuple[str, str] | None = None

    def outcomes_for(self, chromosomes: int) -> tuple[str, ...]:
        """What each number of copies means to who has one or two of the chromosome."""
        return self.outcomes if chromosomes == 2 else self.outcomes_of_one or (self.outcomes[0], self.outcomes[2])


def read_traits(path: Path) -> tuple[Trait, ...]:
    """The traits in their order, none if there is no file. `BundleError` says which trait and what is wrong with it."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(path, f"the traits can't be read ({type(error).__name__})", "Write them as JSON") from error
    rows = content.get("traits") if isinstance(content, dict) and content.get("schema") == SCHEMA else None
    if not isinstance(rows, list):
        raise BundleError(path, f"not traits of schema {SCHEMA}", 'Write {"schema": "kitloop-traits/1", "traits": […]}')
    traits = tuple(_trait(path, number, row) for number, row in enumerate(rows, 1))
    keys = [trait.key for trait in traits]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise BundleError(path, f"the key {twice} stands there twice", "Give each trait its own key")
    return traits


def _trait(path: Path, number: int, row: Any) -> Trait:
    def wrong(problem: str) -> BundleError:
        return BundleError(
            path, f"trait {number}: {problem}", "Mend it as `kitloop_genomics.traits.trait_file` describes"
        )

    if not isinstance(row, dict):
        raise wrong("it is not an object")
    texts = ("key", "name", "chromosome", "other_allele", "effect_allele")
    for name in texts:
        if not isinstance(row.get(name), str) or not row[name]:
            raise wrong(f"{name} is missing")
    outcomes, of_one, position = row.get("outcomes"), row.get("outcomes_of_one"), row.get("position")
    if not isinstance(position, int) or isinstance(position, bool) or position < 1:
        raise wrong("position is not a number of base pairs")
    if not {row["other_allele"], row["effect_allele"]} <= _BASES or row["other_allele"] == row["effect_allele"]:
        raise wrong("its alleles are not two different bases")
    if not _are_texts(outcomes, 3):
        raise wrong("outcomes are not three texts, for 0, 1 and 2 copies of the effect allele")
    if of_one is not None and not _are_texts(of_one, 2):
        raise wrong("outcomes_of_one are not two texts, for 0 and 1 copies of the effect allele on a single chromosome")
    least = row.get("probability_min", PROBABILITY_MIN)
    if not isinstance(least, int | float) or not 0.5 < least <= 1:
        raise wrong("probability_min is not above 0.5 and at most 1")
    return Trait(
        row["key"], row["name"], str(row.get("description", "")), str(row.get("source", "")), row["chromosome"], position,
        row["other_allele"], row["effect_allele"], (outcomes[0], outcomes[1], outcomes[2]), float(least),
        None if of_one is None else (of_one[0], of_one[1]),
    )  # fmt: skip


def _are_texts(value: Any, count: int) -> TypeGuard[list[str]]:
    return isinstance(value, list) and len(value) == count and all(isinstance(one, str) and one for one in value)
