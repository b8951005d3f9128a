"""Arguments and folders that can't be used end in one line and an exit code, and leave nothing behind."""

from __future__ import annotations

import io
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import call
from conftest import Finished
from kitloop_genomics import command
from kitloop_genomics.benchmark.commands import _by_frequency
from kitloop_genomics.benchmark.folder import open_benchmark
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from rich.console import Console

GOES_ON = ", and `run --resume` goes on from there"


def _benchmark(folder: Path) -> Path:
    folder.mkdir()
    sites, people = 6, 4
    base = np.full(sites, ord("A"), np.uint8)
    population = np.zeros(people, np.int64)
    np.savez(
        folder / "all.npz", keep=np.ones(sites, bool), pos=np.arange(sites), ref=base, alt=base, rpop=population,
        tpop=population,
    )  # fmt: skip
    np.savez(folder / "H_ref.npz", h=np.zeros((sites, 1), np.uint8))
    np.savez(folder / "H_t_all.npz", h=np.zeros((sites, 2), np.uint8))
    np.savez(folder / "gl.0.5.npz", gl=np.ones((1, sites, 3), np.float32))
    (folder / "map.gmap").write_text("position chromosome cM\n1 chr1 0\n9 chr1 1\n")
    return folder


def test_a_benchmark_passes_over_files_that_are_no_depths(tmp_path: Path) -> None:
    folder = _benchmark(tmp_path / "b")
    for name in ("gl.x.npz", "gl.nan.npz", "gl..npz"):
        shutil.copy(folder / "gl.0.5.npz", folder / name)
    found = open_benchmark(folder)
    assert found.depths() == ["0.5"]
    assert found.likelihoods("0.5")[1].shape == (1, 6, 3)


@pytest.mark.parametrize("name", ["all.npz", "H_ref.npz", "H_t_all.npz", "gl.0.5.npz"])
@pytest.mark.parametrize("how", ["cut", "empty", "without the array", "gone"])
def test_a_broken_benchmark_folder_names_file_and_remedy(tmp_path: Path, name: str, how: str) -> None:
    folder = _benchmark(tmp_path / "b")
    path = folder / name
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "without the array":
        np.savez(path, other=np.zeros(1))
    else:
        path.unlink()
    with pytest.raises(InputError, match=f"{path} (can't be read|is missing).*simulate benchmark"):
        open_benchmark(folder).likelihoods("0.5")


def test_the_table_by_frequency_fits_80_columns() -> None:
    cells = [{"maf_to": maf, "r2": 0.987} for maf in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)]
    rows = [{"depth_x": x, "r2_by_maf": cells, "glimpse2": {"r2_by_maf": cells}} for x in (0.1, 0.4, 1.0, 4.0)]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(_by_frequency(rows))
    text = console.export_text()
    assert text.count("0.9870") == 2 * 4 * 10
    assert "…" not in text


def test_compare_takes_the_folders_of_runs(short_run: Finished, tmp_path: Path) -> None:
    among = tmp_path / "results"
    (among / "kit-2").mkdir(parents=True)
    text = (short_run.out / "fingerprint.json").read_text()
    (among / "kit-2" / "fingerprint.json").write_text(text.replace('"kit-1"', '"kit-2"'))
    (among / "kit-3.json").write_text(text.replace('"kit-1"', '"kit-3"'))
    done = call("compare", short_run.out, "--among", among)
    assert (done.returncode, done.stderr) == (0, "")
    assert "compared with 2 samples of the same panel" in done.stdout
    assert "kit-2: same person" in done.stdout


def test_compare_says_where_there_is_no_fingerprint(short_run: Finished, tmp_path: Path) -> None:
    done = call("compare", short_run.out, "--among", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path} holds no fingerprints" in done.stderr


@pytest.mark.parametrize(
    "words", [("array", "--vendor", "23andme", "--out", "nope/nor/a.zip"), ("reads", "--out", "nope/out")]
)
def test_simulated_files_make_one_folder_at_most(
    short_demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("simulate", words[0], "--demo", short_demo.path, "--seed", "k", *words[1:])
    assert done.returncode == 2
    assert "There is no folder nope to make" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--resume"), f"Interrupted: what is done is kept{GOES_ON}\n"),
        (("run",), f"Interrupted: nothing was kept. Started with --resume, a run keeps what is done{GOES_ON}\n"),
        (("panel", "build"), "Interrupted: the same command goes on from here\n"),
        (("bench",), "Interrupted\n"),
    ],
)  # fmt: skip
def test_ctrl_c_says_what_becomes_of_the_work(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    def interrupted(**names: str) -> None:
        assert sys.argv[1:] == list(words)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "kitloop_genomics", interrupted)
    done = call(*words)
    assert (done.returncode, done.stderr) == (130, said)
