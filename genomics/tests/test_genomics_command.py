"""The command: exit codes, what it prints, and that a signal leaves nothing behind."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import COMMAND, call
from conftest import Finished
from kitloop_genomics.delivery import COMPANIONS, FILE_TYPES
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads

SLOWED = """
import time
from kitloop_genomics.command import main
from kitloop_genomics.imputation import unit
real = unit.impute_stretch
unit.impute_stretch = lambda *stretch: (time.sleep(1), real(*stretch))[1]
main()
"""


@dataclass(frozen=True)
class Commanded:
    """A run by the command, in a process of its own, on two threads."""

    done: subprocess.CompletedProcess[str]
    out: Path
    progress: Path


def _run(demo: Demo, reads: SimulatedReads, out: Path, *more: object) -> list[object]:
    return [
        "run", "--bundle", demo.bundle, "--r1", reads.r1, "--r2", reads.r2, "--sample-id", "kit-1", "--out", out, *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def commanded(short_demo: Demo, short_reads: SimulatedReads, tmp_path_factory: pytest.TempPathFactory) -> Commanded:
    folder = tmp_path_factory.mktemp("commanded")
    words = _run(
        short_demo, short_reads, folder / "out", "--truth", short_reads.truth_vcf, "--json", "--threads", 2,
        "--progress-file", folder / "progress.jsonl",
    )  # fmt: skip
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False)
    return Commanded(done, folder / "out", folder / "progress.jsonl")


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
    done = call(*words, "--help")
    assert done.returncode == 0
    assert words == ("panel",) or "kitloop-genomics " + " ".join(words) in done.stdout


def test_the_program_s_help_loads_neither_numpy_nor_tables() -> None:
    program = (
        "import sys; from kitloop_genomics.command import kitloop_genomics;"
        "kitloop_genomics(['run', '--help'], standalone_mode=False);"
        "print([name for name in ('numpy', 'numba', 'mappy', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_from_nothing_to_a_result(
    demo: Demo, short_demo: Demo, short_reads: SimulatedReads, commanded: Commanded, tmp_path: Path
) -> None:
    assert call("panel", "demo", demo.path).stdout == f"bundle  {demo.bundle}\npeople  {demo.people}\n"
    assert call("panel", "check", demo.bundle).returncode == 0
    made = call("simulate", "reads", "--demo", short_demo.path, "--seed", "kit-1", "--out", tmp_path)
    assert made.returncode == 0
    assert f"pairs  {short_reads.pairs}" in made.stdout
    for name in ("R1.fastq.gz", "R2.fastq.gz", "truth.vcf.gz"):
        assert (tmp_path / name).read_bytes() == (short_reads.r1.parent / name).read_bytes()
    assert commanded.done.returncode == 0, commanded.done.stderr
    said = json.loads(commanded.done.stdout)
    assert said == json.loads((commanded.out / "result.json").read_text())
    assert said["status"] == "succeeded"
    told = [json.loads(line) for line in commanded.progress.read_text().splitlines()]
    assert [line["step"] for line in told if line["state"] == "finished"] == [step["name"] for step in said["steps"]]
    reached = [(line["step"], line["done"], line["of"], line["unit"]) for line in told if line["state"] == "running"]
    pairs = said["metrics"]["read_pairs"]
    assert reached == [
        ("alignment", pairs, pairs, "pairs"),
        ("imputation", 1, 2, "chromosomes"),
        ("imputation", 2, 2, "chromosomes"),
    ]


def test_a_second_run_gives_the_same_bytes_on_two_threads_and_in_another_process(
    commanded: Commanded, short_run: Finished
) -> None:
    names = sorted(path.name for path in short_run.out.iterdir() if path.name in {*FILE_TYPES, *COMPANIONS})
    assert len(names) == 12
    for name in names:
        assert (commanded.out / name).read_bytes() == (short_run.out / name).read_bytes(), name


def test_bad_data_is_a_verdict_and_exit_code_0(short_demo: Demo, tmp_path: Path) -> None:
    reads = simulate_reads(short_demo, "kit-1", tmp_path / "reads", problem="truncated")
    done = call(*_run(short_demo, reads, tmp_path / "out"))
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
def test_wrong_usage_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unusable_bundle_is_exit_code_3_with_file_and_remedy(
    short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path
) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(short_demo.bundle, broken)
    (broken / "panel" / "chr1.sites").unlink()
    done = call(
        "run", "--bundle", broken, "--r1", short_reads.r1, "--r2", short_reads.r2, "--sample-id", "s", "--out", tmp_path / "out"
    )  # fmt: skip
    assert done.returncode == 3
    assert str(broken / "panel" / "chr1.sites") in done.stderr
    assert "kitloop-genomics panel demo" in done.stderr
    assert not (tmp_path / "out" / "result.json").exists()
    checked = call("panel", "check", broken)
    assert checked.returncode == 3
    assert "missing" in checked.stderr


def test_sigterm_leaves_nothing_partial(short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "progress.jsonl"
    words = map(str, _run(short_demo, short_reads, out, "--progress-file", log))
    process = subprocess.Popen([sys.executable, "-c", SLOWED, *words])
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
    done = call(*words)
    assert done.returncode in {1, 2}
    assert "/proc/nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_results_that_cannot_be_written_are_said_before_anything_is_done(
    short_demo: Demo, short_reads: SimulatedReads
) -> None:
    done = call(*_run(short_demo, short_reads, Path("/proc/nowhere")))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "/proc/nowhere: no such file or directory. Choose another place" in done.stderr
