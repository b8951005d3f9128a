"""Three invented traits of the demo, each on a common site of its panel; one site is not there, as happens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kitloop_genomics.demo.chromosome import DemoChromosome
from kitloop_genomics.traits.trait_file import FILE_NAME, SCHEMA
from kitloop_genomics.writing import write_json

_SOURCE = "Simulated, no publication"
_TRAITS = (
    ("DEMO-PETAL", "Petal colour (simulated demo)", ("pale petals", "mixed petals", "deep petals")),
    ("DEMO-DEW", "Dew taste (simulated demo)", ("doesn't taste dew", "tastes dew", "tastes dew")),
    ("DEMO-CURL", "Leaf curl (simulated demo)", ("flat leaves", "flat leaves", "curled leaves")),
)


def write_traits(folder: Path, chromosomes: list[DemoChromosome], seed: int) -> None:
    """`traits.json`: additive, dominant and recessive. The last one's site is one that the panel lacks."""
    rng = np.random.default_rng(seed)
    chromosome = chromosomes[0]
    frequency = chromosome.panel.mean(axis=1)
    common = np.flatnonzero(chromosome.in_panel & (frequency > 0.3) & (frequency < 0.7))
    outside = np.flatnonzero(~chromosome.in_panel)
    sites = [*rng.choice(common, len(_TRAITS) - 1, replace=False).tolist(), int(rng.choice(outside))]
    traits = [
        {
            "key": key, "name": name, "description": "Invented: what one simulated variant does", "source": _SOURCE,
            "chromosome": chromosome.name, "position": int(chromosome.position[site]),
            "other_allele": chr(chromosome.ref[site]), "effect_allele": chr(chromosome.alt[site]),
            "outcomes": list(outcomes), "probability_min": 0.95,
        }
        for (key, name, outcomes), site in zip(_TRAITS, sites, strict=True)
    ]  # fmt: skip
    write_json(folder / FILE_NAME, {"schema": SCHEMA, "traits": traits})
