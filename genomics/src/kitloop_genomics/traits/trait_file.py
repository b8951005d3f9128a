"""The traits of a bundle: `traits.json`, each one variant and what its genotypes mean.

    {"schema": "kitloop-traits/1",
     "traits": [{"key": "…", "name": "…", "description": "…", "source": "…",
                 "chromosome": "chr1", "position": 100, "other_allele": "A", "effect_allele": "G",
                 "outcomes": ["none", "some", "some"], "probability_min": 0.95}]}

`outcomes` are what 0, 1 and 2 copies of the effect allele mean; the same words twice make a dominant or recessive trait.
Alleles are those of the bundle's forward strand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kitloop_genomics.errors import BundleError

FILE_NAME = "traits.json"
SCHEMA = "kitloop-traits/1"
PROBABILITY_MIN = 0.95
_BASES = set("ACGT")


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait. position is 1-based; outcomes are for 0, 1 and 2 copies of the effect allele."""

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
    outcomes, position = row.get("outcomes"), row.get("position")
    if not isinstance(position, int) or isinstance(position, bool) or position < 1:
        raise wrong("position is not a number of base pairs")
    if not {row["other_allele"], row["effect_allele"]} <= _BASES or row["other_allele"] == row["effect_allele"]:
        raise wrong("its alleles are not two different bases")
    if (
        not isinstance(outcomes, list)
        or len(outcomes) != 3
        or not all(isinstance(one, str) and one for one in outcomes)
    ):
        raise wrong("outcomes are not three texts, for 0, 1 and 2 copies of the effect allele")
    least = row.get("probability_min", PROBABILITY_MIN)
    if not isinstance(least, int | float) or not 0.5 < least <= 1:
        raise wrong("probability_min is not above 0.5 and at most 1")
    return Trait(
        row["key"], row["name"], str(row.get("description", "")), str(row.get("source", "")), row["chromosome"], position,
        row["other_allele"], row["effect_allele"], (outcomes[0], outcomes[1], outcomes[2]), float(least),
    )  # fmt: skip
