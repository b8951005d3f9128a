"""What a run needs only in its last steps is refused before the first, and an earlier result stays."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.errors import BundleError, InputError
from kitloop_genomics.pipeline import analyse, analyse_array, prepare
from kitloop_genomics.quality.fingerprint import Fingerprint
from kitloop_genomics.quality.review import NOTHING_EXPECTED, Expected
from kitloop_genomics.sandbox.reads import SimulatedReads

STRANGE = Fingerprint("kit-9", "of other sites", np.ones((1, 3)), np.ones(1) / 2, np.zeros(1, np.int64))
VCF = "##fileformat=VCFv4.3\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ttruth\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Of an earlier run."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text("earlier")
    return tmp_path / "out"


def _refused(
    bundle: Bundle, reads: SimulatedReads, out: Path, problem: str, *, truth: Path | None = None,
    expected: Expected = NOTHING_EXPECTED, kind: type[Exception] = InputError,
) -> None:  # fmt: skip
    whatever = reads.truth_json  # not looked at: the refusal is earlier
    runs: list[Callable[[], object]] = [
        lambda: analyse(bundle, reads.r1, reads.r2, sample_id="s", out=out, truth=truth, expected=expected),
        lambda: analyse_array(bundle, whatever, sample_id="s", out=out, truth=truth, expected=expected),
    ]
    if truth is None:
        runs.append(lambda: prepare(bundle, reads.r1, reads.r2, sample_id="s", out=out, expected=expected))
    for run in runs:
        with pytest.raises(kind, match=problem):
            run()
        assert [path.name for path in out.iterdir()] == ["result.json"]
        assert (out / "result.json").read_text() == "earlier"


def test_a_truth_that_breaks_off(short_bundle: Bundle, short_reads: SimulatedReads, out: Path, tmp_path: Path) -> None:
    broken = tmp_path / "truth.vcf.gz"
    broken.write_bytes(short_reads.truth_vcf.read_bytes()[:-2_000])
    _refused(short_bundle, short_reads, out, "truth.vcf.gz can't be read", truth=broken)


def test_a_truth_of_plain_gzip(short_bundle: Bundle, short_reads: SimulatedReads, out: Path, tmp_path: Path) -> None:
    other = tmp_path / "truth.vcf.gz"
    other.write_bytes(gzip.compress(gzip.decompress(short_reads.truth_vcf.read_bytes())))
    _refused(short_bundle, short_reads, out, "is compressed with gzip: unpack it, or use bgzip", truth=other)


def test_a_truth_of_other_sites(short_bundle: Bundle, short_reads: SimulatedReads, out: Path, tmp_path: Path) -> None:
    other = tmp_path / "truth.vcf"
    other.write_text(f"{VCF}chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t0|1\n")
    _refused(short_bundle, short_reads, out, "shares no site with the panel", truth=other)


@pytest.mark.parametrize("expected", [Expected(others=(STRANGE,)), Expected(same_person=STRANGE)])
def test_a_fingerprint_of_another_panel(
    short_bundle: Bundle, short_reads: SimulatedReads, out: Path, expected: Expected
) -> None:
    _refused(short_bundle, short_reads, out, "kit-9 was analysed with another panel", expected=expected)


@pytest.mark.parametrize(
    ("name", "problem"), [("scores/BROKEN.txt", "BROKEN.txt: line 1: "), ("traits.json", "traits.json: ")]
)
def test_a_broken_scoring_or_trait_file(
    short_bundle: Bundle, short_reads: SimulatedReads, out: Path, tmp_path: Path, name: str, problem: str
) -> None:
    shutil.copytree(short_bundle.path / "scores", tmp_path / "bundle" / "scores")
    (tmp_path / "bundle" / name).write_text("nothing of the kind")
    broken = replace(short_bundle, path=tmp_path / "bundle")
    _refused(broken, short_reads, out, problem, kind=BundleError)
