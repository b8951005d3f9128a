"""From two FASTQ files, or an array export, to a verdict: the whole analysis on one page."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics import __version__
from kitloop_genomics.accuracy import Compared, accuracy, compare
from kitloop_genomics.alignment.bam import AlignmentCounts, align, count_alignments
from kitloop_genomics.ancestry.estimate import estimate_ancestry
from kitloop_genomics.ancestry.picture import picture
from kitloop_genomics.arrays.calls import calls, heterozygosity_ratio
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.delivery import deliver, finish, output_folder, units_folder
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.chunks import impute_all, impute_units
from kitloop_genomics.imputation.vcf import write_vcf
from kitloop_genomics.intake.pairs import Intake, check_pairs
from kitloop_genomics.kept import keep_reads, kept_reads, reads_key, reads_to_impute, take_alignment
from kitloop_genomics.likelihoods.likelihoods import Likelihoods, likelihoods
from kitloop_genomics.likelihoods.pileup import Observations, observe
from kitloop_genomics.progress import Progress
from kitloop_genomics.quality.certainty import certainty
from kitloop_genomics.quality.contamination import foreign
from kitloop_genomics.quality.controls import (
    ARRAY_CONTROL_TYPES,
    CONTROL_TYPES,
    Control,
    ControlType,
    holds,
    judge,
    reasons,
)
from kitloop_genomics.quality.fingerprint import fingerprint
from kitloop_genomics.quality.heterozygosity import heterozygosity_sd
from kitloop_genomics.quality.library import library_facts
from kitloop_genomics.quality.limits import Limits, limits
from kitloop_genomics.quality.multiqc import write_multiqc
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.quality.review import NOTHING_EXPECTED, Expected, Identity, look_at_identity
from kitloop_genomics.quality.sex import UNDETERMINED, agrees, sex_of
from kitloop_genomics.report.report import report
from kitloop_genomics.result import Analysis, ancestry_json, quality_json, score_json
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.scores.score import OF_ARRAY, OF_READS, score
from kitloop_genomics.traits.call import call_trait
from kitloop_genomics.traits.trait_file import read_traits
from kitloop_genomics.writing import sha256_of, write_json

_SAMPLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


@dataclass(slots=True)
class _Findings:
    """What a run has found so far; a run that fails quality control ends with part of it."""

    measured: dict[str, float | bool | None] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    problems: tuple[Reason, ...] = ()
    ancestry: dict[str, Any] | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)
    traits: list[dict[str, Any]] = field(default_factory=list)
    compared: Compared | None = None
    compared_untyped: Compared | None = None
    array: dict[str, Any] | None = None
    kinds: tuple[ControlType, ...] = CONTROL_TYPES
    karyotype: str = UNDETERMINED
    identity: Identity | None = None
    picture: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """What is known once the reads are aligned."""
        return {
            "measured": self.measured,
            "said": self.said,
            "metrics": self.metrics,
            "karyotype": self.karyotype,
            "problems": [asdict(problem) for problem in self.problems],
        }

    def take(self, content: dict[str, Any]) -> None:
        """The reverse of `as_json`."""
        self.measured, self.said, self.metrics = content["measured"], content["said"], content["metrics"]
        self.karyotype = content["karyotype"]
        self.problems = tuple(Reason(**problem) for problem in content["problems"])

    def verdict(self, limits: Limits) -> tuple[list[Control], list[Reason]]:
        controls = judge(self.measured, limits, self.said, self.kinds)
        return controls, [*self.problems, *reasons(controls)]


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
    progress = progress or Progress(quiet=True)
    with progress.step("bundle"):
        bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    allowed = limits(bundle.thresholds, bundle.genome_length_bp)
    found = _Findings()
    units = units_folder(out) if resume else None
    with output_folder(out, resume=resume) as work:
        seen = _read(found, bundle, r1, r2, (r1_sha256, r2_sha256), sample_id, work, units, threads, progress, expected)
        if seen is not None and not found.verdict(allowed)[1]:
            _interpret(found, bundle, *seen, work, sample_id, threads, truth, progress, units, expected)
        return _conclude(found, bundle, sample_id, work, out, progress)


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
    progress = progress or Progress(quiet=True)
    with progress.step("bundle"):
        bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    checksums, units = (r1_sha256, r2_sha256), units_folder(out)
    with output_folder(out, resume=True) as work:
        _read(_Findings(), bundle, r1, r2, checksums, sample_id, work, units, threads, progress, expected)


def impute_part(bundle: Bundle | Path, out: Path, *, part: int = 1, parts: int = 1, threads: int = 1) -> None:
    """Impute part `part` of `parts`, 1 to `parts`, of the sample that `prepare` left in `out`; units that are there stay.

    Does nothing for a sample whose reads failed quality control. `InputError` where nothing was prepared.
    """
    if not 1 <= part <= parts:
        raise InputError(f"there is no part {part} of {parts}")
    bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    units = units_folder(out)
    kept = reads_to_impute(out, units, bundle)
    found = _Findings()
    found.take(kept.found)
    if kept.observed is None or found.verdict(limits(bundle.thresholds, bundle.genome_length_bp))[1]:
        return
    impute_units(
        bundle.panel.chromosomes, [one.genotype for one in _likelihoods(bundle, kept.observed)], units,
        sample=kept.sample_id, part=part - 1, parts=parts, threads=threads, copies=_copies(bundle, found.karyotype),
        effective_population_size=bundle.manifest.imputation.get("effective_population_size"),
    )  # fmt: skip


def _read(
    found: _Findings,
    bundle: Bundle,
    r1: Path,
    r2: Path,
    checksums: tuple[str | None, str | None],
    sample_id: str,
    work: Path,
    units: Path | None,
    threads: int,
    progress: Progress,
    expected: Expected,
) -> tuple[list[Observations], list[Likelihoods]] | None:
    """Check, align and observe the reads, unless that was kept in `units`; None where they can't be analysed."""
    key = reads_key(bundle, r1, r2, sample_id, *checksums, expected.sex) if units else ""
    kept = kept_reads(units, bundle, key) if units else None
    if kept is not None:
        take_alignment(kept, work)
        found.take(kept.found)
        return (kept.observed, _likelihoods(bundle, kept.observed)) if kept.observed is not None else None
    allowed = limits(bundle.thresholds, bundle.genome_length_bp)
    observed = None
    with progress.step("intake"):
        _take_in(found, check_pairs(r1, r2, r1_sha256=checksums[0], r2_sha256=checksums[1]))
        if not any(checksums):
            found.measured["checksum"] = None
    if not found.verdict(allowed)[1]:
        bam = work / "alignment.bam"
        with progress.step("alignment"):
            align(
                r1, r2, bam, reference=bundle.aligner_index, contigs=bundle.contigs, sample_id=sample_id,
                threads=threads,
            )  # fmt: skip
            _count(found, count_alignments(bam), bundle.genome_length_bp)
            _look_at_library(found, bam, bundle, expected)
        with progress.step("likelihoods"):
            observed = observe(bam, bundle.panel.chromosomes)
            likely = _likelihoods(bundle, observed)
            _cover(found, likely, bundle.panel)
    if units:
        keep_reads(units, key, bundle, work, sample_id, found.as_json(), observed)
    return None if observed is None else (observed, likely)


def _likelihoods(bundle: Bundle, observed: list[Observations]) -> list[Likelihoods]:
    return [
        likelihoods(seen, len(chromosome.position))
        for seen, chromosome in zip(observed, bundle.panel.chromosomes, strict=True)
    ]


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
    progress = progress or Progress(quiet=True)
    with progress.step("bundle"):
        bundle = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    allowed = limits(bundle.thresholds, bundle.genome_length_bp)
    found = _Findings(kinds=ARRAY_CONTROL_TYPES, said={"fraction_contamination_max": "not applicable to an array"})
    units = units_folder(out) if resume else None
    with output_folder(out, resume=resume) as work:
        with progress.step("intake"):
            likely = _take_in_array(found, bundle, array, array_sha256)
        found.karyotype = expected.sex or UNDETERMINED
        if likely is not None and not found.verdict(allowed)[1]:
            _interpret(found, bundle, None, likely, work, sample_id, threads, truth, progress, units, expected)
        return _conclude(found, bundle, sample_id, work, out, progress)


def _check_arguments(sample_id: str, threads: int, *files: Path | None) -> None:
    if not _SAMPLE_ID.fullmatch(sample_id):
        raise InputError(f"the sample id {sample_id!r} may hold letters, digits and . _ : - only, at most 128")
    if threads < 1:
        raise InputError("threads must be at least 1")
    for path in files:
        if path is not None and not path.is_file():
            raise InputError(f"there is no file {path}")


def _take_in(found: _Findings, intake: Intake) -> None:
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


def _take_in_array(found: _Findings, bundle: Bundle, array: Path, array_sha256: str | None) -> list[Likelihoods] | None:
    """The export's likelihoods at the panel's sites, or None with the reason among `found.problems`."""
    if array_sha256:
        found.measured["checksum"] = sha256_of(array) == array_sha256.lower()
        if not found.measured["checksum"]:
            found.said["checksum"] = "checksum_mismatch"
            found.problems = (Reason("checksum_mismatch", "The file's SHA-256 is not the announced one."),)
            return None
    try:
        export = read_export(array)
        found.array = export.as_json()
        placed = calls(export, bundle.panel, bundle.manifest.build, read_positions(bundle.positions_file))
    except ExportError as error:
        found.measured["format"] = False
        found.said["format"] = error.code
        found.problems = (Reason(error.code, error.message),)
        return None
    found.array |= placed.as_json()
    found.measured |= {
        "format": True,
        "array_call_rate_min": 1 - export.no_call_rate,
        "array_match_rate_min": placed.counts.match_rate,
        "array_strange_rate_max": placed.counts.strange_rate,
        "array_sites_min": placed.sites,
    }
    found.metrics |= {"panel_sites": bundle.panel.sites, "panel_sites_on_array": placed.sites}
    return placed.found


def _count(found: _Findings, counts: AlignmentCounts, genome_bp: int) -> None:
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


def _look_at_library(found: _Findings, bam: Path, bundle: Bundle, expected: Expected) -> None:
    library = library_facts(bam, bundle.reference)
    found.measured |= {
        "insert_size_min": found.metrics["insert_mean_bp"] or None,
        "error_rate_max": library.error_rate,
        "gc_slope_max": None if library.gc_slope is None else abs(library.gc_slope),
    }
    for name, value in (("error_rate", library.error_rate), ("gc_slope_per_10_percent", library.gc_slope)):
        if value is not None:
            found.metrics[name] = round(value, 5)
    sex = sex_of(bam, bundle.reference, bundle.contigs, **bundle.thresholds.get("sex", {}))
    found.said["sex_string"] = sex.karyotype
    # The depth is of this sample's DNA; what was declared counts where the depth leaves it open.
    found.karyotype = (expected.sex or UNDETERMINED) if sex.karyotype == UNDETERMINED else sex.karyotype
    if sex.x_copies is not None and sex.y_copies is not None:
        found.metrics |= {"x_copies": round(sex.x_copies, 3), "y_copies": round(sex.y_copies, 3)}
        fine = True if expected.sex is None else agrees(expected.sex, sex.karyotype)
        found.measured["sex_string"] = None if sex.karyotype == UNDETERMINED else fine


def _cover(found: _Findings, likely: list[Likelihoods], panel: Panel) -> None:
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


def _interpret(
    found: _Findings,
    bundle: Bundle,
    observed: list[Observations] | None,
    likely: list[Likelihoods],
    work: Path,
    sample_id: str,
    threads: int,
    truth: Path | None,
    progress: Progress,
    units: Path | None,
    expected: Expected,
) -> None:
    panel = bundle.panel
    with progress.step("imputation"):
        imputed = impute_all(
            panel.chromosomes, [one.genotype for one in likely], sample=sample_id,
            effective_population_size=bundle.manifest.imputation.get("effective_population_size"), threads=threads,
            units=units, copies=_copies(bundle, found.karyotype),
        )  # fmt: skip
    with progress.step("variants"):
        write_vcf(work / "imputed.vcf.gz", panel.chromosomes, imputed, bundle.contigs, sample_id)
    everything, typed = imputed, [one.depth > 0 for one in likely]
    # What judges a person as a whole takes the autosomes alone, of which everybody has two.
    everybodys = [at for at, one in enumerate(panel.chromosomes) if bundle.sex_chromosomes.is_autosome(one.name)]
    autosomes = everybodys or list(range(len(panel.chromosomes)))
    panel = replace(panel, chromosomes=tuple(panel.chromosomes[at] for at in autosomes))
    imputed, likely = [imputed[at] for at in autosomes], [likely[at] for at in autosomes]
    observed = None if observed is None else [observed[at] for at in autosomes]
    with progress.step("ancestry"):
        ancestry = estimate_ancestry(panel, likely)
        found.ancestry = ancestry_json(ancestry, panel.populations) if ancestry else None
        found.picture = picture(panel, likely)
    with progress.step("quality"):
        share = ancestry.share if ancestry else None
        frequency = np.concatenate([row.alt_frequency for row in panel.chromosomes])
        found.measured |= certainty(np.concatenate([one.gp for one in imputed]), frequency)
        strange = foreign(panel, observed, likely, imputed, share)
        if strange:
            found.measured["fraction_contamination_max"] = strange.contamination
            if not strange.contamination:
                found.measured["unexplained_max"] = strange.unexplained
            if found.ancestry and strange.is_outside:
                found.ancestry["metadata"]["outside_panel"] = True
        if ancestry:
            _compare_heterozygosity(found, heterozygosity_sd(panel, imputed, ancestry.share))
            if observed is None:
                ratio = heterozygosity_ratio(likely, panel, ancestry.share)
                found.measured["array_heterozygosity_ratio_max"] = ratio
    with progress.step("identity"):
        own = fingerprint(sample_id, panel, imputed, share)
        write_json(work / "fingerprint.json", own.as_json())
        found.identity = look_at_identity(own, expected)
    with progress.step("scores"):
        settings, is_outside = bundle.thresholds["scores"], strange is not None and strange.is_outside
        for path in bundle.score_files:
            file = read_scoring_file(path)
            result = score(
                file,
                panel,
                imputed,
                bundle.manifest.build,
                ancestry,
                is_outside=is_outside,
                doubt=OF_ARRAY if observed is None else OF_READS,
            )
            found.scores.append(score_json(result, settings.get(file.key, {})))
        traits = read_traits(bundle.traits_file)
        found.traits = [call_trait(trait, panel, imputed, is_outside=is_outside).as_json() for trait in traits]
    if truth is not None:
        with progress.step("accuracy"):
            found.compared = compare(truth, bundle.panel.chromosomes, everything)
            if observed is None:
                found.compared_untyped = compare(truth, bundle.panel.chromosomes, everything, typed)


def _copies(bundle: Bundle, karyotype: str) -> list[NDArray[np.uint8]]:
    special = bundle.sex_chromosomes
    return [special.copies(one.name, one.position, karyotype) for one in bundle.panel.chromosomes]


def _compare_heterozygosity(found: _Findings, deviations: float | None) -> None:
    if deviations is not None:
        found.measured["heterozygosity_sd_max"] = abs(deviations)
        found.metrics["heterozygosity_sd"] = round(deviations, 3)


def _conclude(found: _Findings, bundle: Bundle, sample_id: str, work: Path, out: Path, progress: Progress) -> Analysis:
    controls, why = found.verdict(limits(bundle.thresholds, bundle.genome_length_bp))
    identity = None if why else found.identity
    with progress.step("delivery"):
        if why:
            for path in work.iterdir():
                path.unlink()
        else:
            write_json(work / "ancestry.json", found.ancestry)
            write_json(work / "traits.json", {"sample_id": sample_id, "scores": found.scores, "traits": found.traits})
        quality = quality_json(sample_id, why, controls, found.metrics)
        write_json(work / "qc.json", quality)
        write_multiqc(work, sample_id, quality["verdict"], controls)
        manifest = bundle.manifest
        versions = {
            "tool": __version__,
            "bundle": {"id": manifest.id, "version": manifest.version},
            "build": manifest.build,
            "species": manifest.species,
        }
        shown = report(
            versions=versions, sample_id=sample_id, source="array" if found.kinds is ARRAY_CONTROL_TYPES else "reads",
            reasons=why, controls=controls, metrics=found.metrics, ancestry=found.ancestry, picture=found.picture,
            scores=found.scores, traits=found.traits,
        )  # fmt: skip
        write_json(work / "report.json", shown)
        files, companions = deliver(work, out)
    analysis = Analysis(
        tool_version=__version__,
        bundle={"id": bundle.manifest.id, "version": bundle.manifest.version},
        sample_id=sample_id,
        status="failed_qc" if why else "succeeded",
        reasons=tuple(why),
        quality_controls=tuple(controls),
        ancestry=None if why else found.ancestry,
        scores=() if why else tuple(found.scores),
        files=files,
        metrics=found.metrics,
        accuracy=_accuracy(found),
        steps=tuple(progress.steps),
        array=found.array,
        traits=() if why else tuple(found.traits),
        companions=companions,
        identity=identity.as_json() if identity else None,
        holds=() if why else (*holds(controls), *(identity.holds if identity else ())),
    )
    finish(out, analysis)
    return analysis


def _accuracy(found: _Findings) -> dict[str, Any] | None:
    if found.compared is None:
        return None
    untyped = {"untyped": accuracy(found.compared_untyped)} if found.compared_untyped else {}
    return accuracy(found.compared) | untyped
