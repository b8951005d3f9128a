"""From two FASTQ files, or an array export, to a verdict: the whole analysis, or its parts apart (see `steps`)."""

from __future__ import annotations

import re
from pathlib import Path

from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.delivery import output_folder, units_folder
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.chunks import impute_units
from kitloop_genomics.kept import reads_to_impute
from kitloop_genomics.likelihoods.stored import genotypes, likelihoods_of
from kitloop_genomics.progress import Progress
from kitloop_genomics.quality.controls import ARRAY_CONTROL_TYPES
from kitloop_genomics.quality.limits import limits
from kitloop_genomics.quality.review import NOTHING_EXPECTED, Expected
from kitloop_genomics.result import Analysis
from kitloop_genomics.steps.array import from_array
from kitloop_genomics.steps.beforehand import look_beforehand
from kitloop_genomics.steps.conclusion import conclude
from kitloop_genomics.steps.findings import Findings
from kitloop_genomics.steps.interpretation import interpret
from kitloop_genomics.steps.reads import from_reads
from kitloop_genomics.steps.task import Task

_SAMPLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def analyse(
    bundle: Bundle | Path,
    r1: Path,
    r2: Path,
    *,
    sample_id: str,
    out: Path,
    r1_sha256: str | None = None,
    r2_sha256: str | None = None,
    threads: int = 1,
    truth: Path | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    expected: Expected = NOTHING_EXPECTED,
) -> Analysis:
    """Analyse one sample and write its deliverables and `result.json` into `out`.

    Bad data is a verdict (`status` "failed_qc" with reasons), not an error. Files of an earlier run in `out` are
    replaced. Raises `BundleError` for a bundle that can't be used and `InputError` for a sample id that can't stand
    in a file header (letters, digits and . _ : -, at most 128) or a FASTQ that isn't there. With `resume`, what a killed
    run has aligned and imputed is kept and not done again; the bytes are those of one unbroken run.
    What isn't as `expected` is among the result's holds, for somebody to look at, and changes nothing else.
    """
    _check_arguments(sample_id, threads, r1, r2, truth)
    progress, bundle = _begin(progress, bundle, expected, truth)
    found, units = Findings(), units_folder(out) if resume else None
    with output_folder(out, resume=resume) as work:
        task = Task(bundle, sample_id, work, out, units, threads, progress, expected, truth)
        seen = from_reads(found, task, r1, r2, (r1_sha256, r2_sha256))
        if seen is not None and not found.verdict(task.allowed)[1]:
            interpret(found, task, *seen)
        return conclude(found, task)


def prepare(
    bundle: Bundle | Path,
    r1: Path,
    r2: Path,
    *,
    sample_id: str,
    out: Path,
    r1_sha256: str | None = None,
    r2_sha256: str | None = None,
    threads: int = 1,
    progress: Progress | None = None,
    expected: Expected = NOTHING_EXPECTED,
) -> None:
    """The part of `analyse` that needs the reads; `analyse` with `resume` and the same arguments goes on from there.

    Between the two, `impute_part` may be run for parts of the genome, on any machine that sees `out`.
    """
    _check_arguments(sample_id, threads, r1, r2)
    progress, bundle = _begin(progress, bundle, expected)
    with output_folder(out, resume=True) as work:
        task = Task(bundle, sample_id, work, out, units_folder(out), threads, progress, expected)
        from_reads(Findings(), task, r1, r2, (r1_sha256, r2_sha256))


def impute_part(bundle: Bundle | Path, out: Path, *, part: int = 1, parts: int = 1, threads: int = 1) -> None:
    """Impute part `part` of `parts`, 1 to `parts`, of the sample that `prepare` left in `out`; units that are there stay.

    Does nothing for a sample whose reads failed quality control. `InputError` where nothing was prepared.
    """
    if not 1 <= part <= parts:
        raise InputError(f"there is no part {part} of {parts}")
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    units = units_folder(out)
    kept = reads_to_impute(out, units, bundle)
    found = Findings()
    found.take(kept.found)
    if kept.observed is None or found.verdict(limits(bundle.thresholds, bundle.genome_length_bp))[1]:
        return
    impute_units(
        bundle.panel.chromosomes, genotypes(likelihoods_of(kept.observed, bundle.panel.chromosomes)), units,
        sample=kept.sample_id, part=part - 1, parts=parts, threads=threads, copies=bundle.copies(found.karyotype),
        effective_population_size=bundle.effective_population_size,
    )  # fmt: skip


def analyse_array(
    bundle: Bundle | Path,
    array: Path,
    *,
    sample_id: str,
    out: Path,
    array_sha256: str | None = None,
    threads: int = 1,
    truth: Path | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    expected: Expected = NOTHING_EXPECTED,
) -> Analysis:
    """Like `analyse`, from an array export (see `arrays`): no BAM, its calls enter at imputation.

    An export that can't be used is a verdict too, under its code. With a truth, `accuracy` has the sites that the
    array doesn't hold apart, as `untyped`.
    """
    _check_arguments(sample_id, threads, array, truth)
    progress, bundle = _begin(progress, bundle, expected, truth)
    found = Findings(kinds=ARRAY_CONTROL_TYPES, said={"fraction_contamination_max": "not applicable to an array"})
    units = units_folder(out) if resume else None
    with output_folder(out, resume=resume) as work:
        task = Task(bundle, sample_id, work, out, units, threads, progress, expected, truth)
        with progress.step("intake"):
            likely = from_array(found, bundle, array, array_sha256, expected)
        if likely is not None and not found.verdict(task.allowed)[1]:
            interpret(found, task, None, likely)
        return conclude(found, task)


def _check_arguments(sample_id: str, threads: int, *files: Path | None) -> None:
    if not _SAMPLE_ID.fullmatch(sample_id):
        raise InputError(f"the sample id {sample_id!r} may hold letters, digits and . _ : - only, at most 128")
    if threads < 1:
        raise InputError("threads must be at least 1")
    for path in files:
        if path is not None and not path.is_file():
            raise InputError(f"there is no file {path}")


def _begin(
    progress: Progress | None, bundle: Bundle | Path, expected: Expected, truth: Path | None = None
) -> tuple[Progress, Bundle]:
    """Whatever can be known to go wrong does so here, while an earlier result in the output folder still stands."""
    progress = progress or Progress(quiet=True)
    with progress.step("bundle"):
        bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
        look_beforehand(bundle, truth, expected)
        return progress, bundle
