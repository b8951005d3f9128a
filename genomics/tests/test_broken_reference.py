"""A reference that can't be aligned to is refused by name, whatever minimap2 would make of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mappy
import pytest
from kitloop_genomics.alignment.index_file import check_index
from kitloop_genomics.alignment.mapping import Mapper
from kitloop_genomics.errors import BundleError

BASES = "ACGTTGCATGCCGATTACAGGCATTAGCCAGGATCCATTGACCGTAGGCTAATCG" * 40


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    (folder / "reference.fa").write_text(f">chr1\n{BASES}\n>chr2\n{BASES[::-1]}\n")
    made = folder / "reference.mmi"
    mappy.Aligner(str(folder / "reference.fa"), preset="sr", fn_idx_out=str(made))
    return made


def test_a_whole_index_is_accepted(index: Path) -> None:
    check_index(index, ["chr2", "chr1"])
    Mapper(index, ["chr1", "chr2"])
    Mapper(index.with_suffix(".fa"), ["chr1", "chr2"])


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "is no minimap2 index"),
    "FASTA": (lambda _: b">chr1\nACGT\n", "is no minimap2 index"),
    "cut in the header": (lambda whole: whole[:20], "breaks off at byte 20"),
    "cut in the names": (lambda whole: whole[:30], "breaks off at byte 30"),
    "cut in the table": (lambda whole: whole[:40_000], "has 40000 bytes|breaks off at byte 40000"),
    "cut at the end": (lambda whole: whole[:-1], r"has \d+ bytes where \d+ are due"),
    "longer": (lambda whole: whole + b"\0", r"has \d+ bytes where \d+ are due"),
    "of other reads": (lambda whole: whole[:4] + b"\x0a" + whole[5:], r"other reads \(k 21, w 10\)"),
    "of other names": (lambda whole: whole.replace(b"chr2", b"chrM"), "other sequences"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_index_is_named_with_its_fault_and_remedy(index: Path, tmp_path: Path, kind: str) -> None:
    change, said = DAMAGE[kind]
    damaged = tmp_path / "reference.mmi"
    damaged.write_bytes(change(index.read_bytes()))
    with pytest.raises(BundleError, match=said) as raised:
        Mapper(damaged, ["chr1", "chr2"])
    assert raised.value.path == damaged
    assert "minimap2 -x sr" in raised.value.remedy


@pytest.mark.parametrize("text", ["", "hello\n", ">chr1\nACGT\n", f">chr1\n{BASES}\n>chr3\n{BASES}\n"])
def test_a_reference_with_other_sequences_than_its_index_is_refused(tmp_path: Path, text: str) -> None:
    fasta = tmp_path / "reference.fa"
    fasta.write_text(text)
    with pytest.raises(BundleError, match="other sequences") as raised:
        Mapper(fasta, ["chr1", "chr2"])
    assert raised.value.path == fasta


def test_a_reference_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere\.fa"):
        Mapper(tmp_path / "nowhere.fa", ["chr1"])
