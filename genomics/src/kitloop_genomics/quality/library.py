"""What the reads tell of the library and the sequencer: errors and the pull of GC, from one pass of `samtools stats`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pysam.samtools

_SKIPPED = "0xF00"  # secondary, failed, duplicate, supplementary


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """error_rate: bases that differ from the reference per mapped base, so the person's own variants are in it.

    gc_slope: change of the relative depth, as a share of its mean, per ten points of GC in 20 kb windows. Each is None
    where too little is mapped to tell.
    """

    error_rate: float | None
    gc_slope: float | None


def library_facts(bam: Path, reference: Path) -> LibraryFacts:
    """Read a sorted BAM against the FASTA that it was aligned to."""
    return read_stats(str(pysam.samtools.stats("-F", _SKIPPED, "-r", str(reference), str(bam))))


def read_stats(text: str) -> LibraryFacts:
    """The facts from the output of `samtools stats`, whose lines are SN (a number by name) and GCD (depth by GC)."""
    numbers: dict[str, float] = {}
    rows = []
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "SN":
            numbers[fields[1].rstrip(":")] = float(fields[2])
        elif fields[0] == "GCD":
            rows.append((float(fields[1]), float(fields[2]), float(fields[5])))
    mapped = numbers.get("bases mapped (cigar)", 0.0)
    return LibraryFacts(numbers.get("mismatches", 0.0) / mapped if mapped else None, _slope(rows))


def _slope(rows: list[tuple[float, float, float]]) -> float | None:
    """Least squares over (GC percent, cumulative percent of windows, median depth), each GC weighed by its windows."""
    gc, cumulative, depth = np.array(rows, np.float64).reshape(-1, 3).T
    weight = np.diff(cumulative, prepend=0.0)
    used = (gc >= 20) & (gc <= 80) & (weight > 0)  # windows of gaps and of repeats lie outside
    gc, depth, weight = gc[used], depth[used], weight[used]
    if len(gc) < 2 or weight @ depth == 0:
        return None
    relative = depth / (weight @ depth / weight.sum())
    centred = gc - weight @ gc / weight.sum()
    return float(10 * (weight * centred) @ relative / (weight @ centred**2))
