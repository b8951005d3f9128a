"""Impute the targets of a benchmark folder from their stored likelihoods, or one of them from its reads, and measure."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.benchmark.figures import Answer, figures, paired_difference
from kitloop_genomics.benchmark.folder import Benchmark, open_benchmark
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.chunks import choose_preset
from kitloop_genomics.imputation.engine import PanelBits, impute_stretch, panel_bits, seed_of
from kitloop_genomics.progress import peak_rss_mb
from kitloop_genomics.warmth import is_warm

READ_DEPTH = "1.0"
_READS = ("T0_R1.fastq.gz", "T0_R2.fastq.gz")


def measure(
    path: Path,
    *,
    panel: str | None = None,
    depths: tuple[str, ...] = (),
    targets: int | None = None,
    from_reads: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Figures per depth. `panel` "1000" takes the sub-panel; `targets` the first so many; none of `depths` means all.

    CPU seconds are the process's own, user and system time, one thread, kernels compiled and the panel loaded beforehand.
    peak_rss_mb is the highest since the process began, so it includes the loading of the folder and the depths
    measured before.
    """
    benchmark = open_benchmark(path, panel)
    known = benchmark.depths()
    for depth in depths:
        if depth not in known:
            raise InputError(f"{path} has no likelihoods for {depth}x: there are {', '.join(known)}")
    if from_reads:
        _need_reads(benchmark.path)
    if not is_warm():
        # In a process of its own: compiling takes more memory than imputing, and a worker finds the kernels on disk.
        program = "from kitloop_genomics.command import main; main()"
        subprocess.run([sys.executable, "-c", program, "warmup"], stdout=subprocess.DEVNULL, check=True)
    bits = panel_bits(benchmark.packed, benchmark.haplotypes, benchmark.cm, benchmark.position)
    if from_reads:
        rows = [_measure_reads(benchmark, bits, tell)]
    else:
        rows = [_measure_depth(benchmark, bits, depth, targets, tell) for depth in depths or known]
    return {
        "folder": str(path),
        "panel_people": benchmark.haplotypes // 2,
        "sites": len(benchmark.position),
        "depths": rows,
        "peak_rss_mb": max(row["peak_rss_mb"] for row in rows),
    }


def _measure_depth(
    benchmark: Benchmark, bits: PanelBits, depth: str, targets: int | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    people, stored = benchmark.likelihoods(depth)
    people = people[:targets]
    _warm(bits, stored[0])
    dosage, gt = np.empty((len(bits.cm), len(people))), np.empty((len(bits.cm), len(people)), np.int8)
    used = 0.0
    for at, target in enumerate(people):
        began = time.process_time()
        found = impute_stretch(bits, stored[at], choose_preset([stored[at]], None), seed_of(f"T{target}", "bench"))
        used += time.process_time() - began
        dosage[:, at], gt[:, at] = found.dosage, found.gt
        tell(f"{depth}x, target {target}: {time.process_time() - began:.1f} s")
    memory = peak_rss_mb()  # before the comparison, which is no part of a worker's work
    row = _row(benchmark, bits, depth, people, Answer(dosage, gt))
    return row | {
        "preset": asdict(choose_preset([stored[0]], None)),
        "cpu_seconds_per_sample": round(used / len(people), 3),
        "peak_rss_mb": round(memory, 1),
    }


def _need_reads(path: Path) -> None:
    for name in (*_READS, "ref.fa.gz"):
        if not (path / name).is_file():
            raise InputError(f"{path / name} is missing: a run from reads needs it")


def _measure_reads(benchmark: Benchmark, bits: PanelBits, tell: Callable[[str], None]) -> dict[str, Any]:
    """One target from its FASTQ files on, with the seconds of each step."""
    # Imported here: the stored likelihoods need no aligner.
    from kitloop_genomics.alignment.bam import align, count_alignments
    from kitloop_genomics.benchmark.mapping import mapping_seconds
    from kitloop_genomics.bundle.panel import PanelChromosome
    from kitloop_genomics.likelihoods.likelihoods import likelihoods
    from kitloop_genomics.likelihoods.pileup import observe

    r1, r2 = (benchmark.path / name for name in _READS)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "ref.fa"
        reference.write_bytes(gzip.decompress((benchmark.path / "ref.fa.gz").read_bytes()))
        with pysam.FastaFile(str(reference)) as fasta:
            contigs = dict(zip(fasta.references, fasta.lengths, strict=True))
        name = next(iter(contigs))
        bam = Path(folder) / "T0.bam"
        began = time.process_time()
        align(r1, r2, bam, reference=reference, contigs=contigs, sample_id="T0", threads=1)
        seconds["alignment"] = time.process_time() - began
        counts = count_alignments(bam)
        mapping = mapping_seconds(r1, r2, reference, contigs, Path(folder))
        chromosome = PanelChromosome(
            name, benchmark.position + 1, benchmark.ref, benchmark.alt, (".",) * len(benchmark.position),
            np.zeros((0, 0), np.uint8), benchmark.cm,
        )  # fmt: skip
        began = time.process_time()
        likely = likelihoods(observe(bam, [chromosome])[0], len(benchmark.position)).genotype
        seconds["likelihoods"] = time.process_time() - began
    _warm(bits, likely)
    began = time.process_time()
    found = impute_stretch(bits, likely, choose_preset([likely], None), seed_of("T0", "bench"))
    seconds["imputation"] = time.process_time() - began
    tell(f"target 0 from reads: {sum(seconds.values()):.1f} s")
    memory = peak_rss_mb()
    row = _row(benchmark, bits, READ_DEPTH, [0], Answer(found.dosage[:, None].astype(float), found.gt[:, None]))
    return row | {
        "from_reads": True,
        "properly_paired_fraction": round(counts.proper / counts.reads, 5),
        "cpu_seconds": {step: round(used, 2) for step, used in seconds.items()},
        "mapping_cpu_seconds": mapping,
        "cpu_seconds_per_sample": round(sum(seconds.values()), 2),
        "peak_rss_mb": round(memory, 1),
    }


def _row(benchmark: Benchmark, bits: PanelBits, depth: str, people: list[int], ours: Answer) -> dict[str, Any]:
    truth = benchmark.truth[:, people].sum(axis=2).astype(np.int8)
    frequency = bits.frequency.astype(np.float64)
    row: dict[str, Any] = {"depth_x": float(depth), "targets": len(people), **figures(truth, ours, frequency)}
    stored = benchmark.path / "glimpse2" / f"g{benchmark.panel_name}.{depth}.bcf"
    if stored.is_file():
        theirs, columns = read_answer(stored, benchmark.position)
        at = [columns.index(f"T{person}") for person in people]
        glimpse = Answer(theirs.dosage[:, at], theirs.gt[:, at])
        row["glimpse2"] = figures(truth, glimpse, frequency)
        row["minus_glimpse2"] = paired_difference(truth, ours, glimpse, frequency)
    return row


def read_answer(bcf: Path, position: NDArray[np.int64]) -> tuple[Answer, list[str]]:
    """Another imputer's DS and GT at `position` (0-based), and its sample names. `InputError` if a site is missing."""
    place = {int(at): row for row, at in enumerate(position)}
    with pysam.VariantFile(str(bcf)) as file:
        samples = list(file.header.samples)
        dosage = np.full((len(position), len(samples)), np.nan)
        gt = np.zeros((len(position), len(samples)), np.int8)
        for record in file:
            row = place.get(record.pos - 1)
            if row is None:
                continue
            # The text of a record is far quicker to take apart than pysam's view of one sample at a time.
            fields = str(record).rstrip("\n").split("\t")
            keys = fields[8].split(":")
            ds, call = keys.index("DS"), keys.index("GT")
            for column, entry in enumerate(fields[9:]):
                values = entry.split(":")
                dosage[row, column] = float(values[ds])
                gt[row, column] = values[call].count("1")
    if np.isnan(dosage).any():
        raise InputError(f"{bcf} lacks {int(np.isnan(dosage[:, 0]).sum())} of the benchmark's sites")
    return Answer(dosage, gt), samples


def _warm(bits: PanelBits, genotype: NDArray[np.float32]) -> None:
    """Compile the kernels on a short stretch, so that it counts for nobody."""
    few = slice(0, min(500, len(bits.cm)))
    assert bits.position is not None
    short = panel_bits(np.ascontiguousarray(bits.packed[few]), bits.haplotypes, bits.cm[few], bits.position[few])
    impute_stretch(short, genotype[few], choose_preset([genotype], None), 0)
