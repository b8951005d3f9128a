"""`validate` from the reads of a deep genome: aligned once, thinned, and refused by name where they are broken."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.errors import InputError
from kitloop_genomics.sandbox.reads import SimulatedReads

PAIRS, ALL = 2_000, 2_667


def _validate(bundle: Bundle, r1: Path, r2: Path, truth: Path, *more: str) -> Result:
    words = ["validate", "--bundle", bundle.path, "--r1", r1, "--r2", r2, "--truth", truth, "--depth", "0.4", *more]
    return CliRunner().invoke(kitloop_genomics, [str(word) for word in words])


@pytest.fixture(scope="module")
def some(short_reads: SimulatedReads, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The first 2,000 pairs of kit-1: 0.72x."""
    folder = tmp_path_factory.mktemp("deep")
    found = []
    for number, whole in enumerate((short_reads.r1, short_reads.r2), 1):
        path = folder / f"deep_{number}.fastq.gz"
        with gzip.open(whole, "rb") as stream:
            path.write_bytes(gzip.compress(b"".join(itertools.islice(stream, 4 * PAIRS)), 1))
        found.append(path)
    return found[0], found[1]


def test_reads_are_aligned_thinned_and_compared_with_the_truth(
    some: tuple[Path, Path], short_bundle: Bundle, short_reads: SimulatedReads
) -> None:
    said = _validate(short_bundle, *some, short_reads.truth_vcf, "--json")
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert report["genome_depth_x"] == pytest.approx(PAIRS / ALL * 0.96, rel=0.05)
    (row,) = report["depths"]
    assert row["fragments"] == pytest.approx(0.4 / report["genome_depth_x"] * PAIRS, rel=0.1)
    assert 0.85 < row["accuracy"]["r2_maf_above_5_percent"] < 0.99
    assert abs(row["overconfidence"]) < 0.03


def _cut(path: Path, folder: Path) -> Path:
    (folder / path.name).write_bytes(path.read_bytes()[:-1_000])
    return folder / path.name


def _one_less(path: Path, folder: Path) -> Path:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    (folder / path.name).write_bytes(gzip.compress(b"".join(lines[:-4]), 1))
    return folder / path.name


def _text(path: Path, folder: Path) -> Path:
    (folder / path.name).write_text("no reads")
    return folder / path.name


def _gone(path: Path, folder: Path) -> Path:
    return folder / "gone.fastq.gz"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (_cut, "R2 breaks off"),
        (_one_less, "R1 holds more reads"),
        (_text, "R2 is not"),
        (_gone, "there is no file"),
    ],
)
def test_broken_reads_are_refused_by_name_before_anything_is_aligned(
    broken: Callable[[Path, Path], Path],
    words: str,
    some: tuple[Path, Path],
    short_bundle: Bundle,
    short_reads: SimulatedReads,
    tmp_path: Path,
) -> None:
    second = broken(some[1], tmp_path)
    said = _validate(short_bundle, some[0], second, short_reads.truth_vcf)
    assert isinstance(said.exception, InputError)
    assert words in str(said.exception)
    assert str(second) in str(said.exception)


def test_an_alignment_and_reads_together_are_a_usage_error(
    some: tuple[Path, Path], short_bundle: Bundle, short_reads: SimulatedReads
) -> None:
    words = [
        "validate",
        "--bundle",
        short_bundle.path,
        "--bam",
        "x.bam",
        "--r1",
        some[0],
        "--truth",
        short_reads.truth_vcf,
    ]
    assert CliRunner().invoke(kitloop_genomics, [str(word) for word in words]).exit_code == 2
