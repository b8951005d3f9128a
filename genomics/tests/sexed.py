"""A small genome with X, Y and a mitochondrion, people who have them once or twice, and a bundle of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msprime
import numpy as np
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.building.sources import Description, PanelSources
from kitloop_genomics.bundle.sex_chromosomes import SexChromosomes

LENGTHS = {"chr1": 400_000, "chrX": 200_000, "chrY": 60_000, "chrM": 16_000}
PAR = ((1, 40_000), (180_001, 200_000))
PEOPLE = 60
SEX = SexChromosomes("chrX", "chrY", "chrM", PAR)


@dataclass(frozen=True)
class Chromosome:
    """position: (M,) 1-based.  panel: (M, 120).  other: (M, 8) haplotypes of people who are not in the panel."""

    name: str
    position: np.ndarray
    bases: np.ndarray
    alt: np.ndarray
    panel: np.ndarray
    other: np.ndarray

    def sequence(self, haplotype: int) -> np.ndarray:
        bases, carried = self.bases.copy(), self.other[:, haplotype] == 1
        bases[self.position[carried] - 1] = self.alt[carried]
        return bases


def _chromosome(name: str, length: int, seed: int) -> Chromosome:
    mixes = name not in ("chrY", "chrM")
    trees = msprime.sim_ancestry(
        PEOPLE + 4,
        population_size=5_000,
        sequence_length=length,
        recombination_rate=1e-8 if mixes else 0,
        random_seed=seed,
    )
    trees = msprime.sim_mutations(trees, rate=1e-7, model=msprime.BinaryMutationModel(), random_seed=seed)
    alleles = trees.genotype_matrix().astype(np.uint8)
    panel = alleles[:, : 2 * PEOPLE]
    if not mixes:
        panel = np.repeat(panel[:, 0::2], 2, axis=1)
    keep = (alleles.max(axis=1) == 1) & (panel.sum(axis=1) > 1) & (panel.sum(axis=1) < 2 * PEOPLE - 1)
    position = trees.tables.sites.position[keep].astype(np.int64) + 1
    rng = np.random.default_rng(seed)
    bases = rng.choice(np.frombuffer(b"ACGT", np.uint8), length)
    alt = np.frombuffer(b"CGTA", np.uint8)[np.searchsorted(np.frombuffer(b"ACGT", np.uint8), bases[position - 1])]
    return Chromosome(name, position, bases, alt, panel[keep], alleles[keep, 2 * PEOPLE :])


def simulate_genome() -> dict[str, Chromosome]:
    return {name: _chromosome(name, length, seed) for seed, (name, length) in enumerate(LENGTHS.items(), 1)}


def build_sexed_bundle(genome: dict[str, Chromosome], folder: Path) -> Path:
    """Of build GRCh37 by name, so that arrays' positions are its own; its pairing regions are the manifest's."""
    people = [f"p{number}" for number in range(PEOPLE)]
    lines = ["##fileformat=VCFv4.3", *(f"##contig=<ID={name},length={LENGTHS[name]}>" for name in genome)]
    lines += ['##FILTER=<ID=PASS,Description="">', '##FORMAT=<ID=GT,Number=1,Type=String,Description="">']
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *people]))
    for one in genome.values():
        for at, alt, row in zip(one.position.tolist(), one.alt.tolist(), one.panel.tolist(), strict=True):
            genotypes = "\t".join(f"{a}|{b}" for a, b in zip(row[0::2], row[1::2], strict=True))
            lines.append(f"{one.name}\t{at}\t.\t{chr(one.bases[at - 1])}\t{chr(alt)}\t.\tPASS\t.\tGT\t{genotypes}")
    (folder / "panel.vcf").write_text("\n".join(lines) + "\n")
    (folder / "ref.fa").write_text("".join(f">{one.name}\n{one.bases.tobytes().decode()}\n" for one in genome.values()))
    rows = [
        f"{name}\t{at}\t{at * (name in ('chr1', 'chrX')) / 1e6}" for name, size in LENGTHS.items() for at in (1, size)
    ]
    (folder / "map.tsv").write_text("\n".join(["chromosome\tposition\tcM", *rows]) + "\n")
    labels = [f"{person}\t{'east' if number % 2 else 'west'}" for number, person in enumerate(people)]
    (folder / "people.tsv").write_text("\n".join(["sample\tpop", *labels]) + "\n")
    (folder / "limits.json").write_text('{"quality_controls": {}}')
    sources = PanelSources(
        folder / "ref.fa", (folder / "panel.vcf",), (folder / "map.tsv",), folder / "people.tsv",
        thresholds=folder / "limits.json",
    )  # fmt: skip
    said = {"x": "chrX", "y": "chrY", "mitochondrial": "chrM", "par": [list(one) for one in PAR]}
    description = Description("sexes", "1", "GRCh37", "simulated", "CC0", sex_chromosomes=said)
    build_bundle(folder / "bundle", sources, description)
    return folder / "bundle"
