"""From FASTQ to SAM fields with pairing, beside the minimap2 program on the same reads, in turns: 1x of 10 Mb, one thread."""

import gzip
import tempfile
from pathlib import Path

import numpy as np
from kitloop_genomics.benchmark.mapping import mapping_seconds
from kitloop_genomics.benchmark.reads import CHROMOSOME, write_reads
from kitloop_genomics.demo.genome import other_alleles, sequence

LENGTH_BP, SITES = 10_000_000, 20_000


def main() -> None:
    rng = np.random.default_rng(1)
    reference = sequence(LENGTH_BP, rng)
    position = np.sort(rng.choice(LENGTH_BP, SITES, replace=False))
    carried = (rng.random((SITES, 2)) < 0.3).astype(np.uint8)
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        write_reads(folder, reference, position, other_alleles(reference[position], rng), carried, rng)
        fasta = folder / "ref.fa"
        fasta.write_bytes(gzip.decompress((folder / "ref.fa.gz").read_bytes()))
        r1, r2 = (folder / f"T0_R{mate}.fastq.gz" for mate in (1, 2))
        found = mapping_seconds(r1, r2, fasta, {CHROMOSOME: LENGTH_BP}, folder)
    print("mapping 1x of 10 Mb, CPU seconds, index included, best of three turns")
    print(f"  ours       {found['mapping']:5.2f} s")
    if "ratio" in found:
        print(f"  minimap2   {found['minimap2']:5.2f} s   ratio {found['ratio']:.2f}")
    else:
        print("  minimap2   is not installed")
