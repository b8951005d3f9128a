"""A simulated benchmark folder: made whole, measured, and honest about what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from kitloop_genomics.benchmark.figures import Answer, figures, paired_difference
from kitloop_genomics.benchmark.folder import open_benchmark
from kitloop_genomics.benchmark.fragments import sequence
from kitloop_genomics.benchmark.measure import measure
from kitloop_genomics.benchmark.simulation import simulate_benchmark
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "small"
    return simulate_benchmark(path, seed=5, people=150, targets=4, length_bp=500_000, depths=("0.4", "1.0"))


def test_a_folder_holds_panel_targets_and_their_likelihoods(folder: Path) -> None:
    made = open_benchmark(folder)
    sites = len(made.position)
    assert made.haplotypes == 300
    assert made.packed.shape == (sites, 38)
    assert made.truth.shape == (sites, 4, 2)
    assert made.depths() == ["0.4", "1.0"]
    copies = np.unpackbits(made.packed, axis=1)[:, :300].sum(axis=1)
    assert copies.min() == 2
    people, likelihood = made.likelihoods("0.4")
    assert people == [0, 1, 2, 3]
    assert likelihood.shape == (4, sites, 3)
    np.testing.assert_allclose(likelihood.max(axis=2), 1, atol=1e-6)
    assert np.diff(made.cm).min() >= 0


def test_the_same_seed_gives_the_same_folder_and_another_one_another(folder: Path, tmp_path: Path) -> None:
    again = open_benchmark(
        simulate_benchmark(tmp_path / "again", seed=5, people=150, targets=4, length_bp=500_000, depths=("0.4", "1.0"))
    )
    first = open_benchmark(folder)
    assert again.packed.tobytes() == first.packed.tobytes()
    assert again.likelihoods("1.0")[1].tobytes() == first.likelihoods("1.0")[1].tobytes()
    other = open_benchmark(
        simulate_benchmark(
            tmp_path / "other", seed=6, past="islands", people=60, targets=4, length_bp=200_000, depths=("0.4",)
        )
    )
    assert other.haplotypes == 120
    with pytest.raises(InputError, match="is there already"):
        simulate_benchmark(tmp_path / "again", seed=5)


def test_a_sub_panel_keeps_the_sites_that_still_vary(folder: Path) -> None:
    with np.load(folder / "all.npz") as stored:
        keep = stored["keep"]
    still = np.zeros(len(keep), bool)
    still[np.flatnonzero(keep)[::2]] = True
    np.savez(folder / "sub40.npz", sub=np.arange(40), keep2=still)
    small, whole = open_benchmark(folder, "40"), open_benchmark(folder)
    assert small.haplotypes == 80
    assert small.packed.flags.c_contiguous
    assert (small.position == whole.position[::2]).all()
    unpacked = np.unpackbits(small.packed, axis=1)[:, :80]
    assert (unpacked == np.unpackbits(whole.packed, axis=1)[::2, :80]).all()
    assert small.likelihoods("1.0")[1].shape == (4, len(small.position), 3)


def test_a_panel_saved_column_by_column_is_read_alike(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with np.load(folder / "H_ref.npz") as stored:
        np.savez(tmp_path / "H_ref.npz", h=np.asfortranarray(stored["h"]))
    turned = open_benchmark(tmp_path)
    assert turned.packed.flags.c_contiguous
    assert turned.packed.tobytes() == open_benchmark(folder).packed.tobytes()


def test_fragments_show_the_genotypes_they_come_from_at_the_depth_asked_for() -> None:
    rng = np.random.default_rng(1)
    position = np.sort(rng.choice(400_000, 4_000, replace=False))
    haplotypes = (rng.random((4_000, 2)) < 0.5).astype(np.uint8)
    seen = sequence(position, haplotypes, 400_000, 20.0, rng)
    depth = seen.count.sum(axis=1)
    assert depth.mean() == pytest.approx(20 * 0.94, rel=0.05)
    deep = depth > 10
    assert (seen.likelihood.argmax(axis=1) == haplotypes.sum(axis=1))[deep].mean() > 0.995
    np.testing.assert_array_equal(seen.likelihood[depth == 0], 1)


def test_figures_are_those_worked_out_by_hand() -> None:
    truth = np.array([[0, 1], [2, 1], [0, 0], [1, 2]], np.int8)
    perfect = Answer(truth.astype(float), truth)
    frequency = np.array([0.3, 0.3, 0.0004, 0.3])
    found = figures(truth, perfect, frequency)
    assert (found["r2_all"], found["nrc"]) == (1.0, 1.0)
    assert [cell["sites"] for cell in found["r2_by_maf"]] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 3]
    assert found["r2_by_maf"][0]["r2"] is None
    wrong = truth.copy()
    wrong[2, 0] = 1
    assert figures(truth, Answer(wrong.astype(float), wrong), frequency)["nrc"] == round(5 / 6, 5)
    paired = paired_difference(truth, perfect, Answer(wrong.astype(float), wrong), frequency)["r2_all"]
    assert paired["mean"] > 0
    assert paired["low"] == 0  # one of the two people is the same in both
    assert paired["people"] == 2


def test_the_command_measures_and_prints_the_stated_keys(folder: Path) -> None:
    done = CliRunner().invoke(kitloop_genomics, ["bench", str(folder), "--depth", "1.0", "--targets", "2", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["targets"] == 2
    assert 0.6 < found["r2_all"] <= 1
    assert 0.5 < found["nrc"] <= 1
    assert len(found["r2_by_maf"]) == 10
    assert found["cpu_seconds_per_sample"] > 0
    assert found["peak_rss_mb"] > 50
    assert "glimpse2" not in found


def test_more_reads_give_better_dosages(folder: Path) -> None:
    shallow, deep = (row["r2_all"] for row in measure(folder)["depths"])
    assert shallow < deep


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no likelihoods for 9x: there are 0.4, 1.0"):
        measure(folder, depths=("9",))
    with pytest.raises(InputError, match=r"all\.npz is missing"):
        measure(tmp_path)
    for file in folder.glob("*.*[zp]"):
        (tmp_path / file.name).write_bytes(b"" if "fastq" in file.name else file.read_bytes())
    (tmp_path / "T0_R1.fastq.gz").unlink()
    with pytest.raises(InputError, match=r"T0_R1\.fastq\.gz is missing"):
        measure(tmp_path, from_reads=True)


def test_a_run_from_reads_times_each_step_and_imputes_as_well(folder: Path) -> None:
    (found,) = measure(folder, from_reads=True)["depths"]
    assert list(found["cpu_seconds"]) == ["alignment", "likelihoods", "imputation"]
    assert found["mapping_cpu_seconds"]["mapping"] > 0
    assert ("ratio" in found["mapping_cpu_seconds"]) == bool(shutil.which("minimap2"))
    assert found["properly_paired_fraction"] > 0.995
    assert found["r2_all"] > 0.8
