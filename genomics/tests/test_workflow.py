"""A sample in parts, by hand and through Snakemake's local executor: the bytes of one unbroken run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from commands import call
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.delivery import COMPANIONS, FILE_TYPES
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation import unit
from kitloop_genomics.pipeline import analyse, impute_part, prepare
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads
from kitloop_genomics.steps import reads as reads_step

WITHOUT_SLURM = shutil.which("sbatch") is None or find_spec("snakemake_executor_plugin_slurm") is None
SLURM = pytest.param(
    ("slurm", "--slurm-init-seconds-before-status-checks", "5"),
    id="slurm",
    marks=[
        pytest.mark.long,
        pytest.mark.skipif(WITHOUT_SLURM, reason="no sbatch here, or no plugin of Snakemake for it"),
    ],
)


def test_parts_made_anywhere_are_gathered_into_the_bytes_of_one_run(
    short_run: Finished,
    short_bundle: Bundle,
    short_reads: SimulatedReads,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path)
    for part in (2, 1, 2):
        impute_part(short_bundle, tmp_path, part=part, parts=2)
    monkeypatch.setattr(reads_step, "align", None)
    monkeypatch.setattr(unit, "impute_stretch", None)
    analyse(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path, resume=True)
    for name in (*FILE_TYPES, *COMPANIONS):
        if (short_run.out / name).exists():
            assert (tmp_path / name).read_bytes() == (short_run.out / name).read_bytes(), name


def test_what_was_kept_of_other_reads_or_another_name_or_is_broken_is_not_used(
    short_bundle: Bundle, short_reads: SimulatedReads, short_demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path / "out")
    aligned = []
    monkeypatch.setattr(reads_step, "align", lambda r1, *_, sample_id, **__: aligned.append((r1, sample_id)) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-2", out=tmp_path / "out")
    other = simulate_reads(short_demo, "kit-9", tmp_path / "reads")
    with pytest.raises(ZeroDivisionError):
        prepare(short_bundle, other.r1, other.r2, sample_id="kit-1", out=tmp_path / "out")
    prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path / "out")
    assert aligned == [(short_reads.r1, "kit-2"), (other.r1, "kit-1")]
    (kept,) = (tmp_path / "out").glob(".units/reads-*")
    for name in ("alignment.bam", "observed-0", "found.json"):
        whole = (kept / name).read_bytes()
        for broken in (whole[:-1_000], whole[:100] + bytes(len(whole) - 100), b"[]"):
            (kept / name).write_bytes(broken)
            with pytest.raises(ZeroDivisionError):
                prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path / "out")
            if name != "alignment.bam":  # which imputing doesn't read
                with pytest.raises(InputError, match="--until likelihoods"):
                    impute_part(short_bundle, tmp_path / "out")
        (kept / name).write_bytes(whole)
    prepare(short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=tmp_path / "out")


def test_a_part_of_nothing_says_what_to_do(short_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--until likelihoods"):
        impute_part(short_bundle, tmp_path)
    with pytest.raises(InputError, match="no part 3 of 2"):
        impute_part(short_bundle, tmp_path, part=3, parts=2)


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b", "1/", "/2", "-1/2"])
def test_a_part_that_is_none_is_refused(tmp_path: Path, part: str) -> None:
    done = call("impute", "--bundle", tmp_path, "--out", tmp_path, "--part", part)
    assert (done.returncode, "say 3/8" in done.stderr) == (2, True), done.stderr


@pytest.mark.timeout(900)
@pytest.mark.parametrize("profile", [pytest.param(("local",), id="local"), SLURM])
def test_snakemake_carries_a_good_and_a_broken_sample_to_their_ends(
    short_run: Finished, short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path, profile: tuple[str, ...]
) -> None:
    flow = tmp_path / "flow"
    flow.mkdir()
    (flow / "config.yaml").write_text(f"bundle: {short_demo.bundle}\nsamples: samples.tsv\nout: results\nparts: 2\nthreads: 1\n"
        "reads_mem_mb: 500\nreads_minutes: 5\nimpute_mem_mb: 500\nimpute_minutes: 5\n"
        "results_mem_mb: 500\nresults_minutes: 5\n")  # fmt: skip
    assert call("workflow", flow).returncode == 0
    broken = simulate_reads(short_demo, "kit-2", tmp_path / "broken", problem="truncated")
    with (flow / "samples.tsv").open("a") as stream:
        stream.write(f"kit-1\t{short_reads.r1}\t{short_reads.r2}\nkit-2\t{broken.r1}\t{broken.r2}\n")
    ours = Path(sys.executable).parent  # Snakemake's shell finds `kitloop-genomics` there
    environment = {**os.environ, "PATH": f"{ours}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [str(ours / "snakemake"), "--profile", f"profiles/{profile[0]}", *profile[1:], "--quiet"],
        cwd=flow, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (flow / "results/kit-1/imputed.vcf.gz").read_bytes() == (short_run.out / "imputed.vcf.gz").read_bytes()
    states = {
        name: json.loads((flow / "results" / name / "result.json").read_text())["status"] for name in ("kit-1", "kit-2")
    }
    assert states == {"kit-1": "succeeded", "kit-2": "failed_qc"}


def test_files_of_a_workflow_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    said = call("workflow", tmp_path).stdout
    assert (tmp_path / "config.yaml").read_text() == "mine"
    assert [line.split()[0] for line in said.splitlines()] == ["written", "kept", "written", "written", "written"]
