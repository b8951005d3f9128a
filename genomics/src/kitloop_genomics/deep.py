"""Thin a deep genome whose genotypes are known, impute it, and say how close that comes at each depth."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam

from kitloop_genomics.accuracy import accuracy, calibration, compare
from kitloop_genomics.alignment.bam import align
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.chunks import impute_all
from kitloop_genomics.intake.pairs import check_pairs
from kitloop_genomics.likelihoods.pileup import MIN_MAPQ, SKIPPED
from kitloop_genomics.likelihoods.stored import genotypes, likelihoods_of, store_observations, stored_observations

SCHEMA = "kitloop-validation/1"
_FULL = 2**32


@dataclass(frozen=True, slots=True)
class DeepGenome:
    """An alignment to the bundle's reference, by position. depth_x: mean over the panel's autosomes, of reads that count."""

    bam: Path
    depth_x: float


def validate_deep(
    bundle: Bundle,
    genome: DeepGenome,
    truth: Path,
    depths: tuple[float, ...],
    *,
    threads: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Figures at each of `depths` (x): accuracy, and how far the posterior's own confidence is to be believed.

    Fragments are chosen by a hash of their names, so that the same genome gives the same figures, and a lower depth's
    are among a higher one's. Raises `InputError` for a depth that the genome hasn't got, or a truth that can't be used.
    """
    panel = bundle.autosomal_panel
    rows = []
    for depth in depths:
        if not 0 < depth <= genome.depth_x:
            raise InputError(f"depth {depth:g} is not above 0 and at most the genome's {genome.depth_x:.2f}x")
        tell(f"{depth:g}x")
        with tempfile.TemporaryDirectory() as folder:
            thin = Path(folder) / "thin.bam"
            fragments = thin_bam(genome.bam, thin, depth / genome.depth_x)
            store_observations(Path(folder), thin, panel.chromosomes)
            found = likelihoods_of(stored_observations(Path(folder), len(panel.chromosomes)), panel.chromosomes)
            imputed = impute_all(
                panel.chromosomes, genotypes(found), sample=f"validate-{depth:g}", threads=threads,
                effective_population_size=bundle.effective_population_size,
            )  # fmt: skip
            compared = compare(truth, panel.chromosomes, imputed)
        rows.append(
            {"depth_x": depth, "fragments": fragments, "accuracy": accuracy(compared), **calibration(compared)}
        )  # fmt: skip
    return {
        "schema": SCHEMA,
        "bundle": {"id": bundle.manifest.id, "version": bundle.manifest.version},
        "genome_depth_x": round(genome.depth_x, 3),
        "depths": rows,
    }


def open_deep_bam(bundle: Bundle, bam: Path) -> DeepGenome:
    """Take an alignment that is there. `InputError` if it isn't one to the bundle's reference, or not sorted."""
    try:
        with pysam.AlignmentFile(str(bam)) as file:
            order = file.header.to_dict().get("HD", {}).get("SO")
            lengths = dict(zip(file.references, file.lengths, strict=True))
    except (OSError, ValueError) as error:
        raise InputError(f"{bam} can't be read as a BAM ({error}). Give a sorted BAM, or --r1 and --r2") from error
    for chromosome in bundle.autosomal_panel.chromosomes:
        if lengths.get(chromosome.name) != bundle.contigs[chromosome.name]:
            raise InputError(
                f"{bam} has no {chromosome.name} of the bundle's length: it is aligned to another reference. "
                "Align the reads to the bundle's, or give them as --r1 and --r2"
            )
    if order != "coordinate":
        raise InputError(f"{bam} isn't sorted by position. Sort it with `samtools sort`")
    return DeepGenome(bam, _depth(bundle, bam))


def align_deep(
    bundle: Bundle, r1: Path, r2: Path, folder: Path, *, sample_id: str = "deep", threads: int = 1
) -> DeepGenome:
    """Align the reads into `folder`, at full depth once for all depths. `InputError` for reads that are broken or not there."""
    for path in (r1, r2):
        if not path.is_file():
            raise InputError(f"there is no file {path}")
    # The aligner trusts that mates belong together; intake looks at all of them first.
    if problems := check_pairs(r1, r2).problems:
        raise InputError(f"{r1} and {r2} can't be used: {problems[0].message}")
    bam = folder / "deep.bam"
    align(
        r1, r2, bam, reference=bundle.aligner_index, contigs=bundle.contigs, sample_id=sample_id, threads=threads
    )  # fmt: skip
    return DeepGenome(bam, _depth(bundle, bam))


def thin_bam(source: Path, target: Path, share: float) -> int:
    """Write the records of about `share` of the fragments, mates together, and return how many fragments."""
    kept = set()
    with pysam.AlignmentFile(str(source)) as file, pysam.AlignmentFile(str(target), "wb", template=file) as out:
        for record in file.fetch(until_eof=True):
            drawn = zlib.crc32((record.query_name or "").encode())
            if drawn < share * _FULL:
                kept.add(drawn)
                out.write(record)
    return len(kept)


def _depth(bundle: Bundle, bam: Path) -> float:
    names = {chromosome.name for chromosome in bundle.autosomal_panel.chromosomes}
    bases = 0
    with pysam.AlignmentFile(str(bam)) as file:
        for record in file.fetch(until_eof=True):
            if not record.flag & SKIPPED and record.mapping_quality >= MIN_MAPQ and record.reference_name in names:
                bases += record.query_alignment_length
    return bases / sum(bundle.contigs[name] for name in names)


def shortfalls(found: dict[str, Any], expected: dict[str, Any], *, tolerance: float = 0.002) -> list[str]:
    """Each figure that is below that of an earlier report, or whose calibration is further off, by more than `tolerance`.

    `InputError` where the earlier one is of another schema, or lacks a depth or a figure.
    """
    try:
        if expected["schema"] != SCHEMA:
            raise ValueError(f"its schema is {expected['schema']}")
        earlier = {row["depth_x"]: row for row in expected["depths"]}
        problems = []
        for row in found["depths"]:
            depth, was = row["depth_x"], earlier[row["depth_x"]]
            figures = [
                (name, row["accuracy"][name], was["accuracy"][name]) for name in ("r2", "r2_maf_above_5_percent", "nrc")
            ]
            figures += [
                (f"r2 of MAF {now['maf_above']:g} to {now['maf_to']:g}", now["r2"], then["r2"])
                for now, then in zip(row["accuracy"]["by_maf"], was["accuracy"]["by_maf"], strict=True)
            ]
            problems += [
                f"{depth:g}x: {name} is {now}, expected {then}"
                for name, now, then in figures
                if then is not None and (now is None or now < then - tolerance)
            ]
            off, was_off = row["overconfidence"], was["overconfidence"]
            if abs(off) > abs(was_off) + tolerance:
                problems.append(f"{depth:g}x: confidence is off by {off}, expected {was_off}")
    except (KeyError, TypeError, ValueError) as error:
        remedy = "Give a report that `validate --json` printed for the same depths"
        raise InputError(f"the expectations can't be used ({error!r}). {remedy}") from error
    return problems
