"""The demo's arrays as the files that a bundle is built from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.genetic_map import HEADER
from kitloop_genomics.demo.chromosome import DemoChromosome
from kitloop_genomics.demo.genome import fasta
from kitloop_genomics.demo.history import HELD_OUT_PEOPLE_EACH, POPULATIONS

# dbSNP has issued nothing near this number, so a demo id can't be taken for a real variant's.
_FIRST_ID = 9_900_000_001


def panel_people(each: int) -> list[tuple[str, str, str]]:
    """(person, population key, population name) in the order of the panel's columns."""
    return [(f"{name}{at:03d}", key, name) for key, name in POPULATIONS for at in range(1, each + 1)]


def site_ids(chromosomes: list[DemoChromosome]) -> list[list[str]]:
    """rs-like ids of each chromosome's panel sites, numbered through."""
    ids, following = [], _FIRST_ID
    for chromosome in chromosomes:
        position = chromosome.position[chromosome.in_panel]
        place = np.cumsum(np.diff(position, prepend=-1) > 0) - 1  # two ALTs of one place have one number
        ids.append([f"rs{following + at}" for at in place.tolist()])
        following += len(position)
    return ids


def write_reference(folder: Path, chromosomes: list[DemoChromosome]) -> None:
    text = fasta({row.name: row.reference for row in chromosomes}, "simulated demo sequence")
    (folder / "reference.fa").write_bytes(text)


def write_panel(folder: Path, chromosomes: list[DemoChromosome], ids: list[list[str]]) -> None:
    """`panel.vcf`, phased, and `populations.tsv`."""
    people = panel_people(chromosomes[0].panel.shape[1] // 2 // len(POPULATIONS))
    lines = ["##fileformat=VCFv4.3", "##source=kitloop-genomics simulated demo"]
    lines += [f"##contig=<ID={row.name},length={len(row.reference)}>" for row in chromosomes]
    lines += [
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Phased genotype">',
    ]
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    lines.append("\t".join(columns + [person for person, _, _ in people]))
    with (folder / "panel.vcf").open("w") as stream:
        stream.write("\n".join(lines) + "\n")
        for chromosome, names in zip(chromosomes, ids, strict=True):
            stream.writelines(_panel_lines(chromosome, names))
    rows = ["\t".join(row) for row in people]
    (folder / "populations.tsv").write_text("\n".join(["person\tpopulation\tname", *rows]) + "\n")


def _panel_lines(chromosome: DemoChromosome, names: list[str]) -> list[str]:
    kept = np.flatnonzero(chromosome.in_panel)
    position = chromosome.position[kept]
    haplotypes = chromosome.panel[kept]
    first = np.flatnonzero(np.diff(position, prepend=-1) > 0)
    # The second ALT of a place is in the row below: nobody has both on one chromosome.
    second = np.flatnonzero(np.diff(position, prepend=-1) == 0)
    haplotypes[second - 1] += 2 * haplotypes[second]
    count, width = haplotypes.shape
    cells = np.full((count, width // 2, 4), ord("\t"), np.uint8)
    cells[:, :, 0] = haplotypes[:, 0::2] + ord("0")
    cells[:, :, 1] = ord("|")
    cells[:, :, 2] = haplotypes[:, 1::2] + ord("0")
    lines = []
    for row, end in zip(first.tolist(), [*first[1:].tolist(), count], strict=True):
        pairs = [chromosome.alleles(int(site)) for site in kept[row:end]]
        alts = ",".join(alt for _, alt in pairs)
        genotypes = cells[row].tobytes()[:-1].decode()
        fixed = f"{chromosome.name}\t{position[row]}\t{names[row]}\t{pairs[0][0]}\t{alts}\t.\tPASS\t.\tGT"
        lines.append(f"{fixed}\t{genotypes}\n")
    return lines


def write_map(folder: Path, chromosomes: list[DemoChromosome]) -> None:
    """`map.tsv`: cumulative centimorgans at the edges of hotspots, 1-based."""
    rows = [HEADER]
    for chromosome in chromosomes:
        edges = zip(chromosome.shape.edge, chromosome.shape.centimorgans(), strict=True)
        rows += [f"{chromosome.name}\t{int(edge) + 1}\t{cm:.8f}" for edge, cm in edges]
    (folder / "map.tsv").write_text("\n".join(rows) + "\n")


def write_people(folder: Path, chromosomes: list[DemoChromosome], ids: list[list[str]]) -> None:
    """`haplotypes.npz`: what the simulator of reads draws from. Bits are packed along the haplotypes."""
    arrays: dict[str, NDArray[np.generic]] = {
        "chromosomes": np.array([row.name for row in chromosomes]),
        "populations": np.array([key for key, _ in POPULATIONS]),
        "population_names": np.array([name for _, name in POPULATIONS]),
        "population_of_haplotype": np.repeat(np.arange(len(POPULATIONS)), 2 * HELD_OUT_PEOPLE_EACH),
    }
    for chromosome, names in zip(chromosomes, ids, strict=True):
        all_names = np.full(len(chromosome.position), "", dtype="U16")
        all_names[chromosome.in_panel] = names
        arrays[f"{chromosome.name}.position"] = chromosome.position
        arrays[f"{chromosome.name}.ref"] = chromosome.ref
        arrays[f"{chromosome.name}.alt"] = chromosome.alt
        arrays[f"{chromosome.name}.id"] = all_names
        arrays[f"{chromosome.name}.in_panel"] = chromosome.in_panel
        arrays[f"{chromosome.name}.other"] = np.array(list(chromosome.others), np.int64)
        arrays[f"{chromosome.name}.other_alleles"] = np.array(list(chromosome.others.values()), np.str_).reshape(-1, 2)
        arrays[f"{chromosome.name}.haplotypes"] = np.packbits(chromosome.held_out, axis=1)
    np.savez_compressed(folder / "haplotypes.npz", allow_pickle=False, **arrays)
