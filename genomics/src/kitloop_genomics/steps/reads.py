"""From two FASTQ files to likelihoods at the panel's sites."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kitloop_genomics.alignment.bam import AlignmentCounts, align, count_alignments
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.intake.pairs import Intake, check_pairs
from kitloop_genomics.kept import keep_reads, kept_reads, reads_key, take_reads
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.likelihoods.stored import (
    holds_observations,
    likelihoods_of,
    store_observations,
    stored_observations,
)
from kitloop_genomics.quality.library import library_facts
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.quality.sex import sex_of
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.task import Task


def from_reads(
    found: Findings, task: Task, r1: Path, r2: Path, checksums: tuple[str | None, str | None]
) -> tuple[Sequence[Observations], Sequence[Likelihoods]] | None:
    """Check, align and observe the reads, unless that was kept in `units`; None where they can't be analysed."""
    bundle, units, chromosomes = task.bundle, task.units, task.bundle.panel.chromosomes
    key = reads_key(bundle, r1, r2, task.sample_id, *checksums, task.expected.sex) if units else ""
    kept = kept_reads(units, bundle, key) if units else None
    if kept is not None:
        take_reads(kept, task.work)
        found.take(kept.found)
    else:
        _read(found, task, r1, r2, checksums)
        if units:
            keep_reads(units, key, bundle, task.work, task.sample_id, found.as_json())
    if not holds_observations(task.work):
        return None
    observed = stored_observations(task.work, len(chromosomes))
    return observed, likelihoods_of(observed, chromosomes)


def _read(found: Findings, task: Task, r1: Path, r2: Path, checksums: tuple[str | None, str | None]) -> None:
    bundle, chromosomes = task.bundle, task.bundle.panel.chromosomes
    with task.progress.step("intake"):
        _take_in(found, check_pairs(r1, r2, r1_sha256=checksums[0], r2_sha256=checksums[1]))
        if not any(checksums):
            found.measured["checksum"] = None
    if found.verdict(task.allowed)[1]:
        return
    bam = task.work / "alignment.bam"
    with task.progress.step("alignment"):
        all_pairs = int(found.metrics["read_pairs"])
        align(
            r1, r2, bam, reference=bundle.aligner_index, contigs=bundle.contigs, sample_id=task.sample_id,
            threads=task.threads, tell=lambda pairs: task.progress.reached(pairs, all_pairs, "pairs"),
        )  # fmt: skip
        _count(found, count_alignments(bam), bundle.genome_length_bp)
        _look_at_library(found, bam, bundle, task.expected)
    with task.progress.step("likelihoods"):
        store_observations(task.work, bam, chromosomes)
        _cover(found, stored_observations(task.work, len(chromosomes)), bundle.panel)


def _take_in(found: Findings, intake: Intake) -> None:
    codes = [problem.code for problem in intake.problems]
    found.problems = intake.problems
    found.measured["format"] = intake.format_valid
    found.measured["read_pairing"] = intake.paired
    found.measured["checksum"] = "checksum_mismatch" not in codes
    for code in codes:
        key = {"checksum_mismatch": "checksum", "fastq_mispaired": "read_pairing"}.get(code, "format")
        found.said.setdefault(key, code)
    if intake.format_valid and intake.paired:
        found.measured |= {"bases_min": intake.usable_bases, "bases_max": intake.bases}
        found.metrics["read_pairs"] = intake.read_pairs
        found.metrics |= {
            "bases": intake.bases,
            "bases_usable": intake.usable_bases,
            "adapter_reads_fraction": round(intake.cut.adapter_reads / (2 * intake.read_pairs), 5),
            "adapter_bases": intake.cut.adapter_bases,
            "poor_end_bases": intake.cut.poor_bases,
        }


def _count(found: Findings, counts: AlignmentCounts, genome_bp: int) -> None:
    mapped = counts.mapped / counts.reads if counts.reads else 0.0
    duplicates = counts.duplicates / counts.mapped if counts.mapped else 0.0
    found.measured |= {
        "bases_dedup_min": counts.bases_dedup,
        "bases_dedup_mapped_min": counts.bases_dedup_mapped,
        "mapped_fraction_min": mapped,
        "duplicates_fraction_max": duplicates,
    }
    found.metrics |= {
        "depth_mean_x": round(counts.aligned_bases_dedup / genome_bp, 4),
        "mapped_fraction": round(mapped, 5),
        "properly_paired_fraction": round(counts.proper / counts.reads, 5) if counts.reads else 0.0,
        "duplicates_fraction": round(duplicates, 5),
        "insert_mean_bp": counts.insert_mean_bp,
        "insert_sd_bp": counts.insert_sd_bp,
    }


def _look_at_library(found: Findings, bam: Path, bundle: Bundle, expected: Expected) -> None:
    library = library_facts(bam, bundle.reference)
    found.measured |= {
        "insert_size_min": found.metrics["insert_mean_bp"] or None,
        "error_rate_max": library.error_rate,
        "gc_slope_max": None if library.gc_slope is None else abs(library.gc_slope),
    }
    for name, value in (("error_rate", library.error_rate), ("gc_slope_per_10_percent", library.gc_slope)):
        if value is not None:
            found.metrics[name] = round(value, 5)
    sex = sex_of(bam, bundle.reference, bundle.contigs, bundle.sex_chromosomes, **bundle.thresholds.get("sex", {}))
    found.take_sex(sex.karyotype, expected.sex)
    if sex.x_copies is not None and sex.y_copies is not None:
        found.metrics |= {"x_copies": round(sex.x_copies, 3), "y_copies": round(sex.y_copies, 3)}


def _cover(found: Findings, observed: Sequence[Observations], panel: Panel) -> None:
    # Of the sites that reads can show: insertions and deletions have no depth at any coverage.
    sites = sum(int(chromosome.readable.sum()) for chromosome in panel.chromosomes)
    covered = sum(len(np.unique(one.site)) for one in observed)
    # With every site covered the logarithm has no value; half a site short of that is the most it can tell.
    share = min(covered, sites - 0.5) / sites
    effective = -float(np.log1p(-share))
    found.measured |= {"snps_min": covered, "effective_coverage_min": effective}
    found.metrics |= {
        "panel_sites": sites,
        "panel_sites_covered": covered,
        "effective_coverage_x": round(effective, 4),
    }
