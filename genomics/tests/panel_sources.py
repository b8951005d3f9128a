"""A small panel with what belongs to it, as the files that a bundle is built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pysam
from kitloop_genomics.building.sources import Description, PanelSources

DESCRIPTION = Description("small", "1", "small-1", "simulated", "CC0")
LENGTH_BP = 20_000
PEOPLE = 19  # 38 haplotypes: not a multiple of 8


@dataclass(frozen=True)
class Small:
    """The files, and the haplotypes (sites, 38) by chromosome."""

    folder: Path
    sources: PanelSources
    haplotypes: dict[str, np.ndarray]

    @property
    def vcf(self) -> Path:
        return self.sources.variants[0]

    def with_lines(self, change: Callable[[list[str]], list[str]], name: str = "changed.vcf") -> PanelSources:
        """The same sources with the VCF's lines changed."""
        path = self.folder / name
        path.write_text("".join(change(self.vcf.read_text().splitlines(keepends=True))))
        return replace(self.sources, variants=(path,))


def small_panel(folder: Path, *, sites: int = 300, seed: int = 1) -> Small:
    """Two chromosomes; sites of all frequencies, a quarter of them carried by one to three haplotypes."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    people = [f"p{number:02d}" for number in range(PEOPLE)]
    fasta, rows, table, haplotypes = [], [], ["chromosome\tposition\tcM"], {}
    for name in ("chr1", "chr2"):
        bases = rng.choice(list("ACGT"), LENGTH_BP)
        fasta.append(
            f">{name} small\n" + "".join(f"{''.join(bases[at : at + 50])}\n" for at in range(0, LENGTH_BP, 50))
        )
        table += [f"{name}\t1\t0.0", f"{name}\t{LENGTH_BP // 2}\t0.7", f"{name}\t{LENGTH_BP}\t1.0"]
        position = np.sort(rng.choice(np.arange(1, LENGTH_BP), sites, replace=False))
        frequency = np.where(rng.random(sites) < 0.25, 0.05, rng.random(sites))
        alleles = (rng.random((sites, 2 * PEOPLE)) < frequency[:, None]).astype(np.uint8)
        alleles[alleles.sum(axis=1) == 0, 3] = 1
        alleles[alleles.sum(axis=1) == 2 * PEOPLE, 5] = 0
        haplotypes[name] = alleles
        for number, (at, row) in enumerate(zip(position.tolist(), alleles.tolist(), strict=True)):
            ref = bases[at - 1]
            alt = "ACGT"["ACGT".index(ref) - 1 - number % 3]
            genotypes = "\t".join(f"{one}|{other}" for one, other in zip(row[0::2], row[1::2], strict=True))
            rows.append(f"{name}\t{at}\trs{len(rows)}\t{ref}\t{alt}\t.\tPASS\t.\tGT\t{genotypes}\n")
    header = ["##fileformat=VCFv4.3", *(f"##contig=<ID={name},length={LENGTH_BP}>" for name in haplotypes)]
    header += ['##FILTER=<ID=PASS,Description="All filters passed">']
    header += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    header.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *people]))
    (folder / "reference.fa").write_text("".join(fasta))
    (folder / "panel.vcf").write_text("\n".join(header) + "\n" + "".join(rows))
    (folder / "map.tsv").write_text("\n".join(table) + "\n")
    labels = [f"{person}\t{'east' if number % 3 else 'west'}" for number, person in enumerate(people)]
    (folder / "people.tsv").write_text("\n".join(["sample\tpop", *labels]) + "\n")
    sources = PanelSources(
        folder / "reference.fa", (folder / "panel.vcf",), (folder / "map.tsv",), folder / "people.tsv"
    )
    return Small(folder, sources, haplotypes)


def record(number: int, **columns: str) -> Callable[[list[str]], list[str]]:
    """Change the columns of the record `number`; `gt` is the first person's genotype."""
    place = {"chrom": 0, "pos": 1, "ref": 3, "alt": 4, "format": 8, "gt": 9}

    def change(lines: list[str]) -> list[str]:
        at = [n for n, line in enumerate(lines) if not line.startswith("#")][number]
        fields = lines[at].rstrip("\n").split("\t")
        for name, value in columns.items():
            fields[place[name]] = value
        return [*lines[:at], "\t".join(fields) + "\n", *lines[at + 1 :]]

    return change


def swapped(lines: list[str]) -> list[str]:
    """The records 15 and 16 of the first chromosome change places."""
    return [*lines[:20], lines[21], lines[20], *lines[22:]]


def as_bcf(vcf: Path, chromosome: str | None = None) -> Path:
    """The VCF as BCF, or one chromosome of it."""
    path = vcf.with_name(f"{vcf.stem}.{chromosome or 'all'}.bcf")
    with pysam.VariantFile(str(vcf)) as source, pysam.VariantFile(str(path), "wb", header=source.header) as target:
        for record in source:
            if chromosome in (None, record.chrom):
                target.write(record)
    return path


def as_bgzf(vcf: Path) -> Path:
    path = vcf.with_name(f"{vcf.name}.gz")
    pysam.tabix_compress(str(vcf), str(path), force=True)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the manifest, which names the sources."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
