"""A whole run: its deliverables, its verdicts, and that nothing half-done is ever seen."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation import unit
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.progress import Progress, peak_rss_mb
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads
from kitloop_genomics.steps import reads as reads_step
from kitloop_genomics.writing import sha256_of

DELIVERED = {
    "alignment-bam": "alignment.bam",
    "alignment-bai": "alignment.bam.bai",
    "impute-vcf": "imputed.vcf.gz",
    "impute-tbi": "imputed.vcf.gz.tbi",
    "impute-csi": "imputed.vcf.gz.csi",
    "ancestry-json": "ancestry.json",
    "traits-json": "traits.json",
    "qc": "qc.json",
}

COMPANIONS = {
    "report-json": "report.json",
    "fingerprint": "fingerprint.json",
    "multiqc-general": "kitloop_general_mqc.json",
    "multiqc-controls": "kitloop_controls_mqc.json",
}
OF_FAILED = ["kitloop_controls_mqc.json", "kitloop_general_mqc.json", "qc.json", "report.json"]


def _result(out: Path) -> dict:
    return json.loads((out / "result.json").read_text())


def _visible(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir() if path.name != ".lock")


def test_a_good_sample_succeeds_with_all_deliverables(finished: Finished) -> None:
    result = _result(finished.out)
    assert result["schema"] == "kitloop-genomics/1"
    assert (result["status"], result["reasons"]) == ("succeeded", [])
    assert {file["file_type"]: file["path"] for file in result["files"]} == DELIVERED
    for file in result["files"]:
        path = finished.out / file["path"]
        assert (path.stat().st_size, sha256_of(path)) == (file["size"], file["sha256"])
    assert _visible(finished.out) == sorted([*DELIVERED.values(), *COMPANIONS.values(), "result.json"])
    assert {file["name"]: file["path"] for file in result["companions"]} == COMPANIONS
    statuses = {row["key"]: row["status"] for row in result["quality_controls"]}
    assert (statuses.pop("checksum"), statuses.pop("sex_string")) == ("skipped", "skipped")
    assert set(statuses.values()) == {"succeeded"}
    assert result == finished.analysis.as_json()


def test_metrics_are_those_of_the_simulation(finished: Finished) -> None:
    metrics = finished.analysis.metrics
    assert metrics["bases"] == 26_666 * 150
    assert metrics["depth_mean_x"] == pytest.approx(0.97, abs=0.02)
    assert metrics["duplicates_fraction"] == pytest.approx(0.03, abs=0.01)
    assert metrics["mapped_fraction"] > 0.99
    assert metrics["insert_mean_bp"] == pytest.approx(400, abs=4)
    assert metrics["insert_sd_bp"] == pytest.approx(80, abs=4)
    assert metrics["effective_coverage_x"] == pytest.approx(0.95, abs=0.05)


def test_imputation_is_accurate(finished: Finished) -> None:
    accuracy = finished.analysis.accuracy
    assert accuracy is not None
    assert accuracy["r2_maf_above_5_percent"] > 0.95
    assert accuracy["nrc"] > 0.95


@pytest.mark.parametrize(
    ("problem", "code", "control"),
    [
        ("low-depth", "too_little_data", "bases_min"),
        ("truncated", "fastq_truncated", "format"),
        ("mispaired", "fastq_mispaired", "read_pairing"),
        ("empty", "fastq_empty", "format"),
        ("not-gzip", "fastq_not_gzip", "format"),
    ],
)
def test_each_problem_is_told_apart_and_leaves_only_its_report(
    short_demo: Demo, short_bundle: Bundle, tmp_path: Path, problem: str, code: str, control: str
) -> None:
    reads = simulate_reads(short_demo, "kit-1", tmp_path / "reads", problem=problem)
    analyse(short_bundle, reads.r1, reads.r2, sample_id="kit-1", out=tmp_path / "out")
    result = _result(tmp_path / "out")
    assert result["status"] == "failed_qc"
    assert [reason["code"] for reason in result["reasons"]] == [code]
    assert [row["key"] for row in result["quality_controls"] if row["status"] == "failed"] == [control]
    assert (result["ancestry"], result["scores"]) == (None, [])
    assert [file["file_type"] for file in result["files"]] == ["qc"]
    assert _visible(tmp_path / "out") == [*OF_FAILED, "result.json"]


def test_a_wrong_checksum_fails_even_if_the_data_is_fine(
    short_bundle: Bundle, short_reads: SimulatedReads, tmp_path: Path
) -> None:
    found = analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path, r1_sha256="0" * 64)
    assert [reason.code for reason in found.reasons] == ["checksum_mismatch"]
    statuses = {row.type.key: row.status for row in found.quality_controls}
    assert (statuses["checksum"], statuses["format"]) == ("failed", "succeeded")


def test_reads_of_nothing_but_n_are_no_data(short_bundle: Bundle, tmp_path: Path) -> None:
    for mate in (1, 2):
        text = "".join(f"@r{n}/{mate}\n{'N' * 150}\n+\n{'F' * 150}\n" for n in range(1_000))
        (tmp_path / f"R{mate}.fastq.gz").write_bytes(gzip.compress(text.encode(), 1))
    out = tmp_path / "out"
    found = analyse(short_bundle, tmp_path / "R1.fastq.gz", tmp_path / "R2.fastq.gz", sample_id="nobody", out=out)
    assert [reason.code for reason in found.reasons] == ["too_little_data"]
    assert (found.metrics["bases"], found.metrics["bases_usable"]) == (300_000, 0)
    assert _visible(out) == [*OF_FAILED, "result.json"]


def test_reads_of_another_species_fail_for_mapping(short_bundle: Bundle, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for mate in (1, 2):
        letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, (1_000, 150))]
        text = "".join(f"@r{n}/{mate}\n{row.tobytes().decode()}\n+\n{'F' * 150}\n" for n, row in enumerate(letters))
        (tmp_path / f"R{mate}.fastq.gz").write_bytes(gzip.compress(text.encode(), 1))
    out = tmp_path / "out"
    found = analyse(short_bundle, tmp_path / "R1.fastq.gz", tmp_path / "R2.fastq.gz", sample_id="alien", out=out)
    codes = [reason.code for reason in found.reasons]
    assert found.status == "failed_qc"
    assert "low_mapping" in codes
    assert _visible(out) == [*OF_FAILED, "result.json"]


def test_a_failed_rerun_removes_the_earlier_deliverables(
    short_demo: Demo, short_bundle: Bundle, short_run: Finished, tmp_path: Path
) -> None:
    for name in [*DELIVERED.values(), "result.json"]:
        (tmp_path / name).write_bytes((short_run.out / name).read_bytes())
    (tmp_path / ".work-left").mkdir()
    (tmp_path / ".work-left" / "alignment.bam").write_bytes(b"of a killed run")
    reads = simulate_reads(short_demo, "kit-1", tmp_path / "reads", problem="empty")
    analyse(short_bundle, reads.r1, reads.r2, sample_id="kit-1", out=tmp_path)
    assert _visible(tmp_path) == sorted([*OF_FAILED, "reads", "result.json"])


def test_a_crash_leaves_no_result_and_no_work(
    short_bundle: Bundle, short_reads: SimulatedReads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "result.json").write_text("{}")

    def crash(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr("kitloop_genomics.steps.reads.align", crash)
    with pytest.raises(MemoryError):
        analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path)
    assert _visible(tmp_path) == []


def test_a_killed_run_is_resumed_without_doing_anything_twice_and_ends_in_the_same_bytes(
    short_run: Finished,
    short_bundle: Bundle,
    short_reads: SimulatedReads,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, imputed = unit.impute_stretch, []

    def until_killed(*arguments: object) -> object:
        if len(imputed) == 1:
            raise KeyboardInterrupt
        imputed.append(arguments[-1])
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(unit, "impute_stretch", until_killed)
    with pytest.raises(KeyboardInterrupt):
        analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path, resume=True)
    kept = sorted(path.suffix for path in (tmp_path / ".units").iterdir())
    assert kept == ["", ".npz"]  # the reads' folder, and one stretch
    assert _visible(tmp_path) == [".units"]

    def counting(*arguments: object) -> object:
        imputed.append(arguments[-1])
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(unit, "impute_stretch", counting)
    monkeypatch.setattr(reads_step, "align", None)
    analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path, resume=True)
    assert len(imputed) == len(set(imputed)) == 2
    for name in (*DELIVERED.values(), *COMPANIONS.values()):
        assert (tmp_path / name).read_bytes() == (short_run.out / name).read_bytes()
    assert _visible(tmp_path) == sorted([*DELIVERED.values(), *COMPANIONS.values(), "result.json"])


@pytest.mark.parametrize("sample_id", ["", "a/b", "a b", "-x", "x" * 129, "ö", "a\tb"])
def test_a_sample_id_that_cannot_stand_in_a_header_is_refused(
    short_bundle: Bundle, short_reads: SimulatedReads, tmp_path: Path, sample_id: str
) -> None:
    with pytest.raises(InputError, match="sample id"):
        analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id=sample_id, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_progress_is_written_as_json_lines(short_demo: Demo, short_bundle: Bundle, tmp_path: Path) -> None:
    reads = simulate_reads(short_demo, "kit-1", tmp_path / "reads", problem="empty")
    progress = Progress(tmp_path / "logs" / "progress.jsonl", quiet=True)
    found = analyse(short_bundle, reads.r1, reads.r2, sample_id="kit-1", out=tmp_path / "out", progress=progress)
    lines = [json.loads(line) for line in (tmp_path / "logs" / "progress.jsonl").read_text().splitlines()]
    assert [(line["step"], line["state"]) for line in lines] == [
        (step, state) for step in ("bundle", "intake", "delivery") for state in ("started", "finished")
    ]
    assert [step.name for step in found.steps] == ["bundle", "intake", "delivery"]


def test_memory_is_the_programs_own_whatever_the_one_that_started_it_held() -> None:
    much = bytearray(b"x") * 200_000_000
    code = "from kitloop_genomics.progress import peak_rss_mb; print(peak_rss_mb())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert 5 < float(done.stdout) < 150 < peak_rss_mb()
    assert len(much) == 200_000_000
