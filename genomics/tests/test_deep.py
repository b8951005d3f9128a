"""Validation with a deep genome: thinned to each depth, imputed, compared with its truth and with expectations."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner
from conftest import Finished
from kitloop_genomics.accuracy import Compared, calibration
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.deep import DeepGenome, open_deep_bam, shortfalls, thin_bam, validate_deep
from kitloop_genomics.errors import InputError
from kitloop_genomics.sandbox.reads import SimulatedReads
from numpy import array, full


@pytest.fixture(scope="module")
def genome(finished: Finished, bundle: Bundle) -> DeepGenome:
    """Kit-1 at 1x: deep beside what it is thinned to."""
    return open_deep_bam(bundle, finished.out / "alignment.bam")


@pytest.fixture(scope="module")
def report(genome: DeepGenome, bundle: Bundle, reads: SimulatedReads) -> dict:
    return validate_deep(bundle, genome, reads.truth_vcf, (0.4,))


def test_the_figures_of_a_thinned_genome_are_those_of_its_depth(report: dict, genome: DeepGenome) -> None:
    assert genome.depth_x == pytest.approx(0.96, abs=0.03)
    (row,) = report["depths"]
    assert row["depth_x"] == 0.4
    assert row["fragments"] == pytest.approx(0.4 / genome.depth_x * 13_333, rel=0.03)
    assert 0.93 < row["accuracy"]["r2_maf_above_5_percent"] < 0.999
    assert abs(row["overconfidence"]) < 0.02
    assert row["confidence"] - row["right"] == pytest.approx(row["overconfidence"], abs=2e-5)
    assert sum(one["sites"] for one in row["by_confidence"]) < row["accuracy"]["sites"]
    assert row["by_confidence"][-1]["right"] > row["by_confidence"][1]["right"]


def test_mates_stay_together_and_a_lower_depth_is_part_of_a_higher_one(genome: DeepGenome, tmp_path: Path) -> None:
    names = []
    for share in (0.2, 0.5):
        path = tmp_path / f"{share}.bam"
        count = thin_bam(genome.bam, path, share)
        with pysam.AlignmentFile(str(path)) as file:
            found = [record.query_name for record in file.fetch(until_eof=True)]
        assert len(found) == 2 * len(set(found))
        assert count == len(set(found))
        names.append(set(found))
    assert names[0] < names[1]
    assert len(names[0]) == pytest.approx(0.2 * 13_333, rel=0.05)


def test_a_depth_that_the_genome_has_not_got_is_refused(genome: DeepGenome, bundle: Bundle, tmp_path: Path) -> None:
    for depth in (2.0, 0.0, -1.0):
        with pytest.raises(InputError, match="is not above 0 and at most the genome's"):
            validate_deep(bundle, genome, tmp_path / "truth.vcf.gz", (depth,))


def test_an_alignment_to_another_reference_is_refused_by_name(
    genome: DeepGenome, bundle: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="aligned to another reference"):
        open_deep_bam(replace(bundle, contigs={"chr1": 5, "chr2": 6}), genome.bam)
    (tmp_path / "x.bam").write_text("no BAM")
    with pytest.raises(InputError, match=r"x\.bam can't be read as a BAM"):
        open_deep_bam(bundle, tmp_path / "x.bam")
    unsorted = {"HD": {"VN": "1.6"}, "SQ": [{"SN": name, "LN": length} for name, length in bundle.contigs.items()]}
    with pysam.AlignmentFile(str(tmp_path / "u.bam"), "wb", header=unsorted):
        pass
    with pytest.raises(InputError, match=r"u\.bam isn't sorted"):
        open_deep_bam(bundle, tmp_path / "u.bam")


def test_a_report_meets_its_own_figures_and_each_fall_is_named(report: dict) -> None:
    assert shortfalls(report, report) == []
    worse = copy.deepcopy(report)
    row = worse["depths"][0]
    row["accuracy"]["nrc"] -= 0.01
    row["accuracy"]["by_maf"][2]["r2"] -= 0.0019
    row["accuracy"]["by_maf"][3]["r2"] = None
    row["overconfidence"] = 0.05
    assert [problem.split(" is ")[0] for problem in shortfalls(worse, report)] == [
        "0.4x: nrc", "0.4x: r2 of MAF 0.05 to 0.1", "0.4x: confidence",
    ]  # fmt: skip


@pytest.mark.parametrize("damage", [{"schema": "other"}, {"depths": []}, {"depths": [{"depth_x": 0.4}]}])
def test_expectations_that_do_not_fit_are_refused(report: dict, damage: dict) -> None:
    with pytest.raises(InputError, match="the expectations can't be used"):
        shortfalls(report, {**report, **damage})


def test_calibration_is_counted_by_bins_of_confidence() -> None:
    compared = Compared(
        array([0.0, 1, 2, 2]), array([0.0, 1, 2, 1]), array([0, 1, 2, 1]), full(4, 0.3), array([1.0, 0.98, 0.96, 0.6])
    )
    found = calibration(compared)
    assert (found["confidence"], found["right"], found["overconfidence"]) == (0.885, 0.75, 0.135)
    filled = [(one["above"], one["sites"], one["right"]) for one in found["by_confidence"] if one["sites"]]
    assert filled == [(0.5, 1, 0.0), (0.95, 2, 1.0), (0.999, 1, 1.0)]


def test_the_command_ends_with_1_where_it_is_below_expectations(
    genome: DeepGenome, bundle: Bundle, reads: SimulatedReads, report: dict, tmp_path: Path
) -> None:
    better = copy.deepcopy(report)
    better["depths"][0]["accuracy"]["r2"] = 1.0
    (tmp_path / "better.json").write_text(json.dumps(better))
    words = ["validate", "--bundle", bundle.path, "--bam", genome.bam, "--truth", reads.truth_vcf, "--depth", "0.4"]
    said = CliRunner().invoke(kitloop_genomics, [*map(str, words), "--expect", str(tmp_path / "better.json")])
    assert said.exit_code == 1
    assert "r2 is" in said.output
    assert "calibration" in said.output


@pytest.mark.parametrize(
    "words",
    [[], ["--demo", "d", "--bundle", "b"], ["--bundle", "b", "--bam", "x"], ["--bundle", "b", "--truth", "t"],
     ["--bundle", "b", "--truth", "t", "--r1", "a"], ["--demo", "d", "--depth", "0.4,1"], ["--demo", "d", "--depth", "x"]],
)  # fmt: skip
def test_arguments_that_do_not_go_together_are_a_usage_error(words: list[str], bundle: Bundle) -> None:
    assert CliRunner().invoke(kitloop_genomics, ["validate", *words]).exit_code == 2
