"""The command: exit codes, what it prints, and that a signal leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads

COMMAND = [sys.executable, "-c", "from kitloop_genomics.command import main; main()"]


def _call(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def _run(demo: Demo, reads: SimulatedReads, out: Path, *more: object) -> list[object]:
    return [
        "run", "--bundle", demo.bundle, "--r1", reads.r1, "--r2", reads.r2, "--sample-id", "kit-1", "--out", out, *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("panel",),
        ("panel", "demo"),
        ("panel", "build"),
        ("panel", "check"),
        ("simulate", "reads"),
        ("simulate", "array"),
        ("inspect-array",),
        ("simulate", "benchmark"),
        ("bench",),
        ("run",),
        ("impute",),
        ("workflow",),
        ("validate",),
        ("warmup",),
    ],
)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    done = _call(*words, "--help")
    assert done.returncode == 0
    assert words == ("panel",) or "kitloop-genomics " + " ".join(words) in done.stdout


def test_from_nothing_to_a_result(tmp_path: Path) -> None:
    demo, reads, out = tmp_path / "demo", tmp_path / "reads", tmp_path / "out"
    assert _call("panel", "demo", demo).returncode == 0
    assert _call("panel", "check", demo / "bundle").returncode == 0
    assert _call("simulate", "reads", "--demo", demo, "--seed", "kit-1", "--out", reads).returncode == 0
    done = _call(
        "run", "--bundle", demo / "bundle", "--r1", reads / "R1.fastq.gz", "--r2", reads / "R2.fastq.gz",
        "--sample-id", "kit-1", "--out", out, "--truth", reads / "truth.vcf.gz", "--json",
        "--progress-file", tmp_path / "progress.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((out / "result.json").read_text())
    assert json.loads(done.stdout)["status"] == "succeeded"
    assert (tmp_path / "progress.jsonl").read_text().count('"finished"') == 12


def test_bad_data_is_a_verdict_and_exit_code_0(demo: Demo, tmp_path: Path) -> None:
    reads = simulate_reads(demo, "kit-1", tmp_path / "reads", problem="truncated")
    done = _call(*_run(demo, reads, tmp_path / "out"))
    assert done.returncode == 0
    assert "failed_qc" in done.stdout
    assert "fastq_truncated" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("dance",),
        ("simulate", "reads", "--demo", "x", "--seed", "s", "--out", "o", "--problem", "gremlins"),
        ("run", "--bundle", "x", "--r1", "no", "--r2", "no", "--sample-id", "s", "--out", "o"),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unusable_bundle_is_exit_code_3_with_file_and_remedy(
    demo: Demo, reads: SimulatedReads, tmp_path: Path
) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(demo.bundle, broken)
    (broken / "panel" / "chr1.sites").unlink()
    done = _call(
        "run", "--bundle", broken, "--r1", reads.r1, "--r2", reads.r2, "--sample-id", "s", "--out", tmp_path / "out"
    )
    assert done.returncode == 3
    assert str(broken / "panel" / "chr1.sites") in done.stderr
    assert "kitloop-genomics panel demo" in done.stderr
    assert not (tmp_path / "out" / "result.json").exists()
    checked = _call("panel", "check", broken)
    assert checked.returncode == 3
    assert "missing" in checked.stderr


def test_sigterm_leaves_nothing_partial(demo: Demo, reads: SimulatedReads, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "progress.jsonl"
    process = subprocess.Popen([*COMMAND, *map(str, _run(demo, reads, out, "--progress-file", log))])
    for _ in range(600):
        if log.exists() and '"imputation"' in log.read_text():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 143
    assert [path.name for path in out.iterdir()] == [".lock"]


def test_kernels_are_cached_in_the_data_folder(tmp_path: Path) -> None:
    program = (
        "import os; import kitloop_genomics.compiled; import numba;"
        "print(numba.config.CACHE_DIR == os.environ['KITLOOP_DATA'] + '/numba')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"KITLOOP_DATA": str(tmp_path), "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    "words",
    [
        ("simulate", "benchmark", "--out", "/proc/nowhere/b", "--seed", "1", "--people", "20", "--targets", "4", "--length-mb", "0.1"),
        ("workflow", "/proc/nowhere"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_written_is_named_with_a_remedy(words: tuple[str, ...]) -> None:
    done = _call(*words)
    assert done.returncode in {1, 2}
    assert "/proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_results_that_cannot_be_written_are_said_before_anything_is_done(demo: Demo, reads: SimulatedReads) -> None:
    done = _call(*_run(demo, reads, Path("/proc/nowhere")))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "/proc/nowhere: no such file or directory. Choose another place" in done.stderr
