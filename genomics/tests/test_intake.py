"""Every way in which two FASTQ files can be wrong has its own code."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

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


@pytest.mark.parametrize("style", ["@a/{mate}\n", "@a {mate}:N:0:X\n", "@a\n", "@a comment\n"])
def test_mate_marks_of_all_common_styles_are_understood(tmp_path: Path, style: str) -> None:
    texts = [gzip.compress((style.format(mate=mate) + "AC\n+\nFF\n").encode()) for mate in (1, 2)]
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
    assert "record 51" in problem.message


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
