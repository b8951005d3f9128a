"""A disk that is full is told by the file that couldn't be written and what is free, and nothing partial stays.

`/dev/full` fails as a full disk does; a limit on the size of files fails the same calls wherever the file is.
"""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from commands import call
from kitloop_genomics import command
from kitloop_genomics.alignment.bam import write_pairs
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.building.reference import copy_reference
from kitloop_genomics.bundle.columns import write_columns
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.vcf import write_vcf
from kitloop_genomics.sandbox.reads import SimulatedReads
from kitloop_genomics.writing import write_bytes, writing
from panel_sources import DESCRIPTION, Small

FULL = Path("/dev/full")


@pytest.fixture
def _small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_bam_that_can_not_be_written_is_named(short_bundle: Bundle, short_reads: SimulatedReads) -> None:
    with pytest.raises(OSError, match="MB free") as caught:
        write_pairs(
            short_reads.r1, short_reads.r2, FULL, reference=short_bundle.reference, contigs=short_bundle.contigs,
            sample_id="s",
        )  # fmt: skip
    assert caught.value.filename == str(FULL)
    assert caught.value.errno in (errno.ENOSPC, errno.EIO)  # htslib doesn't say; /dev itself may have space


def test_a_vcf_that_can_not_be_written_is_named(short_bundle: Bundle) -> None:
    panel = short_bundle.panel.chromosomes
    nobody = [
        Dosages(np.zeros(n, np.float32), np.eye(3, dtype=np.float32)[np.zeros(n, int)], np.zeros(n, np.int8))
        for n in (len(one.position) for one in panel)
    ]
    with pytest.raises(OSError, match="MB free") as caught:
        write_vcf(FULL, panel, nobody, short_bundle.contigs, "s")
    assert caught.value.filename == str(FULL)


def test_a_reference_that_finds_no_space_is_not_blamed_on_its_source(small: Small, tmp_path: Path) -> None:
    (tmp_path / ".reference.fa.part").symlink_to(FULL)
    with pytest.raises(OSError, match=f"No space left on device, .* MB free: '{tmp_path / 'reference.fa'}'"):
        copy_reference(small.sources.fasta, tmp_path / "reference.fa")
    assert list(tmp_path.iterdir()) == []


def test_a_build_on_a_full_disk_says_that_it_goes_on(
    small: Small, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def to_full(path: Path, *rest: Any, **words: Any) -> Any:
        return real(FULL if path.name == ".reference.fa.part" else path, *rest, **words)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", to_full)
        with pytest.raises(InputError, match=r"the disk of .*\.out\.building is full: free some space and start again"):
            build_bundle(tmp_path / "out", small.sources, DESCRIPTION)
    assert not (tmp_path / "out").exists()
    again = build_bundle(tmp_path / "out", small.sources, DESCRIPTION)
    assert (again.path / "manifest.json").read_bytes() == (built / "manifest.json").read_bytes()


@pytest.mark.usefixtures("_small_files")
def test_what_can_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="MB free") as caught:
        write_bytes(tmp_path / "a", bytes(200_000))
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(tmp_path / "a"))
    with pytest.raises(OSError, match="MB free") as caught:
        write_columns(tmp_path / "b", {"one": [np.zeros(200_000, np.uint8)]})
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(tmp_path / "b"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_small_files")
def test_simulated_reads_that_find_no_space_are_one_line(short_demo: Demo, tmp_path: Path) -> None:
    done = call("simulate", "reads", "--demo", short_demo.path, "--seed", "k", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'out' / 'R1.fastq.gz'}: file too large, ")
    assert "Raise the limit of a file's size" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("_small_files")
def test_a_run_that_finds_no_space_is_one_line_and_leaves_nothing(
    short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path
) -> None:
    done = call(
        "run", "--bundle", short_demo.bundle, "--r1", short_reads.r1, "--r2", short_reads.r2, "--sample-id", "s",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "alignment.unsorted.bam: input/output error, " in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_needs_no_file_to_be_told(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(**words: str) -> None:
        raise OSError(number, "No space")

    monkeypatch.setattr(command, "kitloop_genomics", fail)
    done = call()
    assert (done.returncode, done.stderr.startswith("Error: no space. ")) == (1, True)
    assert "free some space, then run it again" in done.stderr.lower()


def test_an_error_that_is_none_of_the_disk_s_passes(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, writing(tmp_path / "a"):
        (tmp_path / "source").read_text()
    assert caught.value.filename == str(tmp_path / "source")
    with pytest.raises(pysam.utils.SamtoolsError), writing(tmp_path / "a"):  # there is space: it is about the file
        pysam.faidx(str(tmp_path / "none.fa"), catch_stdout=False)
