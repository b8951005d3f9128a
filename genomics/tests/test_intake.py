"""Every way in which two FASTQ files can be wrong has its own code."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pysam
import pytest
from kitloop_genomics.intake import records
from kitloop_genomics.intake.pairs import Intake, check_pairs

RECORD = "@read:{n} {mate}:N:0:ACGT\nACGTN\n+\nFF:,#\n"


def _text(count: int, mate: int, start: int = 0) -> bytes:
    return "".join(RECORD.format(n=n, mate=mate) for n in range(start, start + count)).encode()


def _check(folder: Path, first: bytes, second: bytes, **checksums: str) -> Intake:
    (folder / "1").write_bytes(first)
    (folder / "2").write_bytes(second)
    return check_pairs(folder / "1", folder / "2", **checksums)


def _codes(found: Intake) -> list[str]:
    return [problem.code for problem in found.problems]


def test_a_good_pair_is_counted(tmp_path: Path) -> None:
    first, second = gzip.compress(_text(7, 1)), gzip.compress(_text(7, 2))
    found = _check(tmp_path, first, second)
    assert found.problems == ()
    assert (found.read_pairs, found.bases, found.format_valid, found.paired) == (7, 70, True, True)
    assert found.r1_sha256 == hashlib.sha256(first).hexdigest()
    assert found.r2_sha256 == hashlib.sha256(second).hexdigest()


def test_files_of_many_batches_and_gzip_members_are_read_whole(tmp_path: Path) -> None:
    first = gzip.compress(_text(30_000, 1)) + gzip.compress(_text(15_001, 1, 30_000))
    second = gzip.compress(_text(45_001, 2))
    found = _check(tmp_path, first, second)
    assert found.problems == ()
    assert found.read_pairs == 45_001


@pytest.mark.parametrize("style", ["@a/{mate}\n", "@a {mate}:N:0:X\n", "@a\t{mate}:N:0:X\n", "@a\n", "@a comment\n"])
def test_mate_marks_of_all_common_styles_are_understood(tmp_path: Path, style: str) -> None:
    texts = [
        gzip.compress((style.format(mate=mate) + f"{bases}\n+\nFF\n").encode())
        for mate, bases in ((1, "AC"), (2, "CG"))
    ]
    assert _codes(_check(tmp_path, *texts)) == []


def test_windows_line_ends_and_a_missing_last_newline_are_fine(tmp_path: Path) -> None:
    first = gzip.compress(_text(3, 1).replace(b"\n", b"\r\n"))
    second = gzip.compress(_text(3, 2).rstrip(b"\n"))
    found = _check(tmp_path, first, second)
    assert _codes(found) == []
    assert found.bases == 30


GOOD = gzip.compress(_text(50, 1))


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"", "fastq_empty"),
        (gzip.compress(b""), "fastq_empty"),
        (gzip.compress(b"\n"), "fastq_empty"),
        (_text(50, 1), "fastq_not_gzip"),
        (b"PK\x03\x04 a zip file", "fastq_not_gzip"),
        (GOOD[:-30], "fastq_truncated"),
        (GOOD[:-4], "fastq_truncated"),
        (GOOD[:6], "fastq_truncated"),
        (gzip.compress(_text(50, 1)[:-12]), "fastq_truncated"),
        (GOOD[:-8] + b"\0\0\0\0" + GOOD[-4:], "fastq_corrupt"),
        (gzip.compress(b">read\nACGT\n>read\nACGT\n"), "fastq_malformed"),
        (gzip.compress(b">one\nACGT\n"), "fastq_malformed"),
        (gzip.compress(_text(50, 1).replace(b"FF:,#", b"FF:,")), "fastq_malformed"),
        (gzip.compress(_text(50, 1).replace(b"ACGTN", b"AC!TN")), "fastq_malformed"),
        (gzip.compress(_text(50, 1).replace(b"\n+\n", b"\n-\n")), "fastq_malformed"),
        (gzip.compress(_text(50, 1).replace(b"FF:,#", b"FF \t\x07")), "fastq_malformed"),
        (gzip.compress(_text(50, 1).replace(b"ACGTN", b"").replace(b"FF:,#", b"")), "fastq_malformed"),
        (gzip.compress(_text(49, 1)), "fastq_mispaired"),
        (gzip.compress(_text(51, 1)), "fastq_mispaired"),
        (gzip.compress(_text(50, 1, start=1)), "fastq_mispaired"),
        (gzip.compress(_text(50, 2)), "fastq_mispaired"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_each_kind_of_damage_has_its_own_code_in_either_file(
    tmp_path: Path, first: bytes, code: str, swapped: bool
) -> None:
    second = gzip.compress(_text(50, 2))
    if swapped:
        # The damaged file stands as R2, so its mate marks have to be those of R2.
        first, second = gzip.compress(_text(50, 1)), _as_second_mate(first)
    found = _check(tmp_path, first, second)
    assert _codes(found) == [code]
    assert found.format_valid == (code == "fastq_mispaired")
    assert found.paired == (False if code == "fastq_mispaired" else None)


def _as_second_mate(damaged: bytes) -> bytes:
    try:
        text = gzip.decompress(damaged)
    except (EOFError, OSError):
        return damaged  # broken as a gzip file, so nobody reads its mate marks
    return gzip.compress(text.replace(b" 1:N", b" x:N").replace(b" 2:N", b" 1:N").replace(b" x:N", b" 2:N"))


def test_the_message_says_which_file_and_which_read(tmp_path: Path) -> None:
    broken = gzip.compress(_text(50, 1) + b"@bad\nACGT\n+\nFFF\n")
    (problem,) = _check(tmp_path, broken, gzip.compress(_text(51, 2))).problems
    assert "R1" in problem.message
    assert "read 51" in problem.message


BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def _bgzip(folder: Path, text: bytes) -> bytes:
    with pysam.BGZFile(str(folder / "x.gz"), "wb") as out:
        out.write(text)
    return (folder / "x.gz").read_bytes()


def _pairs(count: int, style: str, letters: str = "FFFFF") -> bytes:
    return "".join(f"@{style.format(n=n)}\nACGTN\n+\n{letters}\n" for n in range(count)).encode()


# What R1 is, its code, and what the message must say beside its name: the place and what to do.
BROKEN: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
    "zip": (b"PK\x03\x04 a zip file", "fastq_not_gzip", ("not a gzip file: it is a zip archive", "gzip")),
    "plain": (_text(50, 1), "fastq_not_gzip", ("not a gzip file: it is not compressed", "gzip")),
    "bzip2": (b"BZh9 text", "fastq_not_gzip", ("bzip2",)),
    "cram": (b"CRAM\3\0", "fastq_not_gzip", ("CRAM",)),
    "cut gzip": (gzip.compress(_text(50_000, 1))[:-100], "fastq_truncated", ("after read ", "no end", "again")),
    "cut text": (gzip.compress(_text(50, 1)[:-12]), "fastq_truncated", ("within read 50", "again")),
    "checksum": (GOOD[:-8] + b"\0\0\0\0" + GOOD[-4:], "fastq_corrupt", ("CRC", "again")),
    "garbage after gzip": (GOOD + b"garbage", "fastq_corrupt", ("after read 50", "follows the compressed data")),
    "bam": (gzip.compress(b"BAM\1\0\0\0\0"), "fastq_malformed", ("BAM", "samtools fastq")),
    "fasta": (gzip.compress(b">read\nACGT\n"), "fastq_malformed", ("FASTA",)),
    "no bases": (gzip.compress(_text(3, 1) + b"@a\n\n+\n\n"), "fastq_malformed", ("read 4", "no bases")),
    "long": (gzip.compress(_text(3, 1) + b"@a\n" + b"A" * 701 + b"\n+\n" + b"F" * 701 + b"\n"), "fastq_malformed",
             ("read 4", "longer than 700")),
    "no name": (gzip.compress(_text(3, 1) + b"@ \nA\n+\nF\n"), "fastq_malformed", ("read 4", "no name")),
    "long name": (gzip.compress(b"@" + b"x" * 255 + b"\nA\n+\nF\n"), "fastq_malformed", ("read 1", "254")),
    "phred 64": (gzip.compress(_pairs(50, "read:{n} 1:N:0:ACGT", "Bhfed")), "fastq_malformed", ("Phred + 64", "Convert")),
    "empty": (gzip.compress(b"\n"), "fastq_empty", ("no reads",)),
    "other names": (gzip.compress(_text(50, 1, start=1)), "fastq_mispaired", ("Read 1 of R1", "one run")),
    "longer": (gzip.compress(_text(51, 1)), "fastq_mispaired", ("holds more reads", "whole")),
    "second mates": (gzip.compress(_text(50, 2)), "fastq_mispaired", ("holds second mates",)),
    "interleaved": (gzip.compress(b"".join(_text(1, mate, n) for n in range(25) for mate in (1, 2))), "fastq_mispaired",
                    ("R1 holds both mates", "Split")),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_each_message_names_the_file_the_place_and_the_remedy(tmp_path: Path, kind: str) -> None:
    first, code, said = BROKEN[kind]
    second = gzip.compress(_text(50_000 if kind == "cut gzip" else 50, 2))
    (problem,) = _check(tmp_path, first, second).problems
    assert problem.code == code
    for words in ("R1", *said):
        assert words in problem.message


def test_swapped_files_and_a_file_given_twice_are_told_apart(tmp_path: Path) -> None:
    def said(first: bytes, second: bytes) -> str:
        (problem,) = _check(tmp_path, gzip.compress(first), gzip.compress(second, 1)).problems
        assert problem.code == "fastq_mispaired"
        return problem.message

    assert "swapped" in said(_text(5, 2), _text(5, 1))
    assert "R2 holds first mates" in said(_text(5, 1), _text(5, 1))
    assert "same file" in said(_pairs(5, "read:{n}"), _pairs(5, "read:{n}"))


def test_bgzip_is_read_and_its_missing_end_mark_is_a_break(tmp_path: Path) -> None:
    whole = _bgzip(tmp_path, _text(500, 1))
    second = gzip.compress(_text(500, 2))
    assert whole.endswith(BGZIP_END)
    assert _codes(_check(tmp_path, whole, second)) == []
    (problem,) = _check(tmp_path, whole.removesuffix(BGZIP_END), second).problems
    assert (problem.code, "end mark" in problem.message) == ("fastq_truncated", True)


def test_zeros_after_the_compressed_data_are_harmless(tmp_path: Path) -> None:
    assert _codes(_check(tmp_path, GOOD + bytes(512), gzip.compress(_text(50, 2)))) == []


def test_small_letters_and_dots_are_bases_too(tmp_path: Path) -> None:
    first = gzip.compress(_text(5, 1).replace(b"ACGTN", b"acgt."))
    found = _check(tmp_path, first, gzip.compress(_text(5, 2)))
    assert (found.problems, found.bases, found.usable_bases) == ((), 50, 40)


def test_high_qualities_alone_are_not_taken_for_another_encoding(tmp_path: Path) -> None:
    first = gzip.compress(_pairs(50, "read:{n} 1:N:0", "JKKIJ"))
    assert _codes(_check(tmp_path, first, gzip.compress(_pairs(50, "read:{n} 2:N:0", "FF,FF")))) == []


def test_bases_that_are_unknown_or_cut_off_are_not_usable(tmp_path: Path) -> None:
    good = "@{}\nACGTACGTNN\n+\nFFFFFF####\n"
    pair = [gzip.compress(good.format(f"a/{mate}").encode()) for mate in (1, 2)]
    found = _check(tmp_path, *pair)
    assert (found.bases, found.cut.poor_bases, found.usable_bases) == (20, 8, 12)


def test_a_break_far_into_the_file_is_found(tmp_path: Path) -> None:
    long = gzip.compress(_text(45_000, 1))
    found = _check(tmp_path, long[:-100], gzip.compress(_text(45_000, 2)))
    assert _codes(found) == ["fastq_truncated"]


def test_a_truncated_file_is_not_taken_for_a_mispaired_one(tmp_path: Path) -> None:
    cut = gzip.compress(_text(45_000, 1)[:-10])
    found = _check(tmp_path, cut, gzip.compress(_text(45_000, 2)))
    assert _codes(found) == ["fastq_truncated"]


def test_checksums_are_compared_in_any_case(tmp_path: Path) -> None:
    first, second = gzip.compress(_text(5, 1)), gzip.compress(_text(5, 2))
    sums = {"r1_sha256": hashlib.sha256(first).hexdigest().upper(), "r2_sha256": hashlib.sha256(second).hexdigest()}
    assert _codes(_check(tmp_path, first, second, **sums)) == []


def test_a_wrong_checksum_comes_before_what_else_is_wrong(tmp_path: Path) -> None:
    sums = {"r1_sha256": hashlib.sha256(GOOD).hexdigest(), "r2_sha256": "0" * 64}
    found = _check(tmp_path, GOOD[:-30], gzip.compress(_text(50, 2)), **sums)
    assert _codes(found) == ["checksum_mismatch", "checksum_mismatch", "fastq_truncated"]


def test_the_checksum_is_of_the_whole_file_even_if_reading_stopped_early(tmp_path: Path) -> None:
    first = gzip.compress(b"@x\nAC\n+\nF\n" + _text(60_000, 1), compresslevel=1)
    found = _check(tmp_path, first, gzip.compress(_text(60_000, 2)))
    assert _codes(found) == ["fastq_malformed"]
    assert found.r1_sha256 == hashlib.sha256(first).hexdigest()


def test_batches_are_the_same_however_the_text_is_chunked() -> None:
    text = _text(300, 1)
    whole = [batch.names for batch in records.batches([text])]
    for size in (1, 7, 64, 1_000):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert [batch.names for batch in records.batches(pieces)] == whole
