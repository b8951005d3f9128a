"""What is true of a synthetic person, for those who want to grade an analysis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam

from kitloop_genomics.sandbox.person import Person
from kitloop_genomics.writing import write_json, writing


def write_truth_vcf(folder: Path, person: Person, lengths: dict[str, int], source: str = "simulate reads") -> None:
    """`truth.vcf.gz` with `.tbi`: the true phased genotype at every panel site, sample name `truth`."""
    lines = ["##fileformat=VCFv4.3", f"##source=kitloop-genomics {source}"]
    lines += [f"##contig=<ID={name},length={length}>" for name, length in lengths.items()]
    lines += [
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="True phased genotype">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ttruth",
    ]
    for row in person.chromosomes:
        at = np.flatnonzero(row.in_panel)
        columns = zip(
            row.position[at].tolist(), row.ids[at].tolist(), map(row.alleles, at.tolist()),
            row.haplotypes[at].tolist(), strict=True,
        )  # fmt: skip
        lines += [
            f"{row.name}\t{position}\t{name}\t{ref}\t{alt}\t.\tPASS\t.\tGT\t{pair[0]}|{pair[1]}"
            for position, name, (ref, alt), pair in columns
        ]
    path = folder / "truth.vcf.gz"
    with writing(path):
        with pysam.BGZFile(str(path), "wb", None) as stream:
            stream.write(("\n".join(lines) + "\n").encode())
        pysam.tabix_index(str(path), preset="vcf", force=True)


def write_truth_json(folder: Path, person: Person, facts: dict[str, object]) -> None:
    """`truth.json`: the true share of each population, and how the data were made."""
    populations = [
        {"key": key, "name": name, "proportion": round(float(share), 6)}
        for (key, name), share in zip(person.populations, person.shares, strict=True)
    ]
    content = {"schema": "kitloop-genomics-truth/1", **facts, "ancestry": {"populations": populations}}
    write_json(folder / "truth.json", content)
