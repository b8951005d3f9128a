"""From two FASTQ files to likelihoods at the panel's sites."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kitloop_genomics.alignment.bam import AlignmentCounts, align, count_alignments
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.intake.pairs import Intake, check_pairs
from kitloop_genomics.kept import keep_reads, kept_reads, reads_key, take_alignment
from kitloop_genomics.likelihoods.likelihoods import Likelihoods, likelihoods
from kitloop_genomics.likelihoods.pileup import Observations, observe
from kitloop_genomics.quality.library import library_facts
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.quality.sex import sex_of
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.task import Task


def from_reads(
    found: Findings, task: Task, r1: Path, r2: Path, checksums: tuple[str | None, str | None]
) -> tuple[list[Observations], list[Likelihoods]] | None:
    """Check, align and observe the reads, unless that was kept in `units`; None where they can't be analysed."""
    bundle, units = task.bundle, task.units
    key = reads_key(bundle, r1, r2, task.sample_id, *checksums, task.expected.sex) if units else ""
    kept = kept_reads(units, bundle, key) if units else None
    if kept is not None:
        take_alignment(kept, task.work)
        found.take(kept.found)
        return (kept.observed, likelihoods_of(bundle, kept.observed)) if kept.observed is not None else None
    observed = None
    with task.progress.step("intake"):
        _take_in(found, check_pairs(r1, r2, r1_sha256=checksums[0], r2_sha256=checksums[1]))
        if not any(checksums):
            found.measured["checksum"] = None
    if not found.verdict(task.allowed)[1]:
        bam = task.work / "alignment.bam"
        with task.progress.step("alignment"):
            align(
                r1, r2, bam, reference=bundle.aligner_index, contigs=bundle.contigs, sample_id=task.sample_id,
                threads=task.threads,
            )  # fmt: skip
            _count(found, count_alignments(bam), bundle.genome_length_bp)
            _look_at_library(found, bam, bundle, task.expected)
        with task.progress.step("likelihoods"):
            observed = observe(bam, bundle.panel.chromosomes)
            likely = likelihoods_of(bundle, observed)
            _cover(found, likely, bundle.panel)
    if units:
        keep_reads(units, key, bundle, task.work, task.sample_id, found.as_json(), observed)
    return None if observed is None else (observed, likely)


def likelihoods_of(bundle: Bundle, observed: list[Observations]) -> list[Likelihoods]:
    """One entry per chromosome."""
    return [
        likelihoods(seen, len(chromosome.position))
        for seen, chromosome in zip(observed, bundle.panel.chromosomes, strict=True)
    ]


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


def _cover(found: Findings, likely: list[Likelihoods], panel: Panel) -> None:
    # Of the sites that reads can show: insertions and deletions have no depth at any coverage.
    depth = np.concatenate([one.depth[row.readable] for one, row in zip(likely, panel.chromosomes, strict=True)])
    covered = int((depth > 0).sum())
    # With every site covered the logarithm has no value; half a site short of that is the most it can tell.
    share = min(covered, len(depth) - 0.5) / len(depth)
    effective = -float(np.log1p(-share))
    found.measured |= {"snps_min": covered, "effective_coverage_min": effective}
    found.metrics |= {
        "panel_sites": len(depth),
        "panel_sites_covered": covered,
        "effective_coverage_x": round(effective, 4),
    }
