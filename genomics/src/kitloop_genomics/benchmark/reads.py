"""One target's reads for a benchmark folder, and the reference that they are of."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.genome import fasta
from kitloop_genomics.sandbox.fastq_text import fastq_texts, gzipped
from kitloop_genomics.sandbox.sequencer import READ_BP, sequence_pairs

DEPTH_X = 1.0
CHROMOSOME = "1"


def write_reads(
    folder: Path,
    reference: NDArray[np.uint8],
    position: NDArray[np.int64],
    alt: NDArray[np.uint8],
    haplotypes: NDArray[np.uint8],
    rng: np.random.Generator,
) -> None:
    """Write ref.fa.gz, T0_R1.fastq.gz and T0_R2.fastq.gz: 1x of the person with `haplotypes`, (M, 2), at `position`, 0-based."""
    (folder / "ref.fa.gz").write_bytes(gzip.compress(fasta({CHROMOSOME: reference}, "simulated"), 6, mtime=0))
    genome = []
    for side in range(2):
        bases = reference.copy()
        carried = haplotypes[:, side] == 1
        bases[position[carried]] = alt[carried]
        genome.append(bases)
    reads = sequence_pairs(genome, round(DEPTH_X * len(reference) / (2 * READ_BP)), rng)
    for mate, text in enumerate(fastq_texts(reads, "benchmark", rng), 1):
        (folder / f"T0_R{mate}.fastq.gz").write_bytes(gzipped(text))
