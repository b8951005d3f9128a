"""A figure and what it was expected to be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_EXPECTED = Path(__file__).with_name("expected.json")


@dataclass(frozen=True, slots=True)
class Measured:
    """`value` should lie from `least` to `most`; None as a value: what it is compared with isn't here, `note` says what."""

    name: str
    value: float | None
    least: float
    most: float
    note: str = ""

    @property
    def fine(self) -> bool:
        """Whether it is as expected, or couldn't be measured."""
        return self.value is None or self.least <= self.value <= self.most


def measured(group: str, values: dict[str, float | None], note: str = "") -> list[Measured]:
    """Values with their stored expectations (`expected.json`); every value has one, or a `KeyError` tells its name."""
    expected = json.loads(_EXPECTED.read_text())[group]
    return [Measured(f"{group}: {name}", value, *expected[name], note) for name, value in values.items()]


def missing(group: str, note: str) -> list[Measured]:
    """All figures of a group as not measured."""
    return measured(group, dict.fromkeys(json.loads(_EXPECTED.read_text())[group]), note)
