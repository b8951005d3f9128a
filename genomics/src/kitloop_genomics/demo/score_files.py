"""Two invented scoring files in the PGS Catalog's format, version 2.0.

Ids start with DEMO so that nobody takes them for the catalogue's PGS ids; the weights mean nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kitloop_genomics.demo.chromosome import DemoChromosome

BUILD = "kitloop-demo-1"
SCORES = (
    ("DEMO-LEAF", "Leaf span (simulated demo)", "Invented trait: how far a simulated leaf spreads", 220),
    ("DEMO-SLEEP", "Late sleeping (simulated demo)", "Invented trait: a simulated liking for late mornings", 300),
)
_COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}


def write_scores(folder: Path, chromosomes: list[DemoChromosome], ids: list[list[str]], seed: int) -> None:
    """Write one file per score: common panel sites with normal weights, plus a few of each awkward kind.

    Awkward kinds, so that a reader meets them from the first day: 3 % on the other strand, and 2 % that the
    panel does not hold.
    """
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for key, name, trait, size in SCORES:
        rows = _rows(chromosomes, ids, size, rng)
        header = [
            "###PGS CATALOG SCORING FILE - simulated for the Kitloop demo, not from the PGS Catalog",
            "#format_version=2.0",
            "##POLYGENIC SCORE (PGS) INFORMATION",
            f"#pgs_id={key}",
            f"#pgs_name={name}",
            f"#trait_reported={trait}",
            "#trait_mapped=none",
            "#trait_efo=none",
            f"#genome_build={BUILD}",
            f"#variants_number={len(rows)}",
            "#weight_type=beta",
            "##SOURCE INFORMATION",
            "#pgp_id=none",
            "#citation=Simulated, no publication",
            "#license=CC0-1.0, made-up numbers",
            "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight",
        ]
        (folder / f"{key}.txt").write_text("\n".join([*header, *rows]) + "\n")


def _rows(chromosomes: list[DemoChromosome], ids: list[list[str]], size: int, rng: np.random.Generator) -> list[str]:
    picks = []
    for at, chromosome in enumerate(chromosomes):
        panel = np.flatnonzero(chromosome.in_panel)
        frequency = chromosome.panel[panel].mean(axis=1)
        ref, alt = chromosome.ref[panel], chromosome.alt[panel]
        # A+T and C+G sum to 149 and 138: pairs that read the same on both strands and are dropped when scoring.
        clear = (ref.astype(int) + alt != 149) & (ref.astype(int) + alt != 138)
        picks += [(at, int(row)) for row in np.flatnonzero((frequency > 0.05) & (frequency < 0.95) & clear)]
    chosen = sorted(rng.choice(len(picks), size, replace=False).tolist())
    rows = []
    for pick in chosen:
        at, row = picks[pick]
        chromosome = chromosomes[at]
        site = np.flatnonzero(chromosome.in_panel)[row]
        effect, other = chr(chromosome.alt[site]), chr(chromosome.ref[site])
        if rng.random() < 0.5:
            effect, other = other, effect
        if rng.random() < 0.03:
            effect, other = _COMPLEMENT[effect], _COMPLEMENT[other]
        position, rsid = int(chromosome.position[site]), ids[at][row]
        if rng.random() < 0.02:
            position, rsid = position + 1, "."
            if position in set(chromosome.position.tolist()):
                continue
        number = chromosome.name.removeprefix("chr")
        if int(site) in chromosome.others:
            continue
        rows.append(f"{rsid}\t{number}\t{position}\t{effect}\t{other}\t{rng.normal(0, 0.1):.6f}")
    return rows
