"""Pairing by SAM's rules, and BAM files that other programs accept."""

from __future__ import annotations

from pathlib import Path

import pysam
import pysam.samtools
import pytest
from conftest import Finished
from kitloop_genomics.alignment.bam import align
from kitloop_genomics.alignment.mapping import MappedPair
from kitloop_genomics.alignment.pairing import (
    Hit,
    InsertRange,
    flags,
    fragment_length,
    insert_range,
    is_proper,
    template_length,
)
from kitloop_genomics.alignment.records import header, records
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.intake.records import MAX_READ_BP
from kitloop_genomics.sandbox.reads import SimulatedReads

NORMAL = InsertRange(100, 800)


def _hit(start: int, *, reverse: bool = False, contig: int = 0) -> Hit:
    return Hit(contig, start, start + 150, reverse, 60, 0, ((150, 0),), (0, 0))


def test_mates_that_face_each_other_are_a_proper_pair() -> None:
    one, two = _hit(1_000), _hit(1_250, reverse=True)
    assert flags(one, two, first=True, proper=is_proper(one, two, NORMAL)) == 99
    assert flags(two, one, first=False, proper=is_proper(two, one, NORMAL)) == 147
    assert template_length(one, two) == 400
    assert template_length(two, one) == -400


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (_hit(1_000), _hit(9_000, reverse=True)),
        (_hit(1_000, reverse=True), _hit(1_250)),
        (_hit(1_000), _hit(1_250)),
        (_hit(1_000), _hit(1_250, reverse=True, contig=1)),
    ],
    ids=["too far apart", "facing away", "same direction", "two chromosomes"],
)
def test_other_pairs_are_not_proper(one: Hit, two: Hit) -> None:
    assert not is_proper(one, two, NORMAL)
    assert not is_proper(two, one, NORMAL)


def test_an_unmapped_mate_is_flagged_on_both_sides() -> None:
    one = _hit(1_000, reverse=True)
    assert flags(one, None, first=True, proper=is_proper(one, None, NORMAL)) == 1 + 8 + 16 + 64
    assert flags(None, one, first=False, proper=is_proper(None, one, NORMAL)) == 1 + 4 + 32 + 128
    assert flags(None, None, first=True, proper=is_proper(None, None, NORMAL)) == 1 + 4 + 8 + 64
    assert template_length(one, None) == 0


def test_mates_at_one_place_have_template_lengths_of_opposite_sign() -> None:
    one, two = _hit(1_000), _hit(1_000, reverse=True)
    assert (template_length(one, two), template_length(two, one)) == (150, -150)
    assert fragment_length(one, two) == 150


def test_mates_that_reach_past_each_other_are_measured_between_their_starts() -> None:
    forward, backward = _hit(1_050), _hit(1_000, reverse=True)
    assert (template_length(forward, backward), template_length(backward, forward)) == (100, -100)


def _pair(name: str, one: Hit | None, two: Hit | None) -> MappedPair:
    bases, quality = b"ACGTN" * 30, bytes(range(35, 65)) * 5
    return MappedPair(name.encode(), (bases, bases[:149].lower()), (quality, quality[:149]), (one, two))


CLIPPED = Hit(0, 500, 640, True, 37, 3, ((60, 0), (1, 1), (50, 0), (2, 2), (28, 0)), (4, 6))
SHORT = Hit(0, 250, 399, False, 60, 0, ((149, 0),), (0, 0))
PAIRS = (
    _pair("facing", _hit(1_000), SHORT._replace(start=1_200, end=1_349, reverse=True)),
    _pair("clipped", SHORT._replace(cigar=((150, 0),)), CLIPPED),
    _pair("far", _hit(9_000_000), SHORT),
    _pair("elsewhere", _hit(70_000), SHORT._replace(contig=1)),
    _pair("alone", _hit(1_000, reverse=True), None),
    _pair("alone-second", None, SHORT),
    _pair("nowhere", None, None),
    MappedPair(b"long", (b"A" * MAX_READ_BP,) * 2, (b"~" * MAX_READ_BP, b"F" * MAX_READ_BP), (None, None)),
)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "written.bam"
    with pysam.BGZFile(str(path), "wb0") as out:
        out.write(header({"chr1": 10_000_000, "chr2": 5_000}, "kit-1"))
        out.write(b"".join(records(pair, NORMAL) for pair in PAIRS))
    return path


def test_records_are_read_back_as_they_were_meant(written: Path) -> None:
    with pysam.AlignmentFile(str(written)) as file:
        assert (file.references, file.lengths) == (("chr1", "chr2"), (10_000_000, 5_000))
        found = {(record.query_name, record.is_read1): record for record in file.fetch(until_eof=True)}
    assert len(found) == 2 * len(PAIRS)
    record = found["clipped", False]
    assert record.to_string().split("\t")[1:9] == ["147", "chr1", "501", "37", "4S60M1I50M2D28M6S", "=", "251", "-390"]
    assert record.query_sequence == ("ACGTN" * 30)[:149].translate(str.maketrans("ACGT", "TGCA"))[::-1]
    assert list(record.query_qualities) == [value - 33 for value in (bytes(range(35, 65)) * 5)[:149]][::-1]
    assert dict(record.get_tags()) == {"NM": 3, "RG": "1", "MQ": 60, "MC": "150M", "ms": 5 * sum(range(15, 32))}
    unmapped = found["alone", False]
    assert (unmapped.is_unmapped, unmapped.reference_start, unmapped.cigarstring) == (True, 1_000, None)
    assert found["nowhere", True].reference_id == -1
    assert found["far", True].bin == 4681 + (9_000_000 >> 14)


def test_samtools_fixmate_has_nothing_to_add(written: Path, tmp_path: Path) -> None:
    fixed = str(tmp_path / "fixed.bam")
    pysam.samtools.fixmate("--no-PG", "-m", str(written), fixed, catch_stdout=False)
    assert pysam.samtools.view("-h", "--no-PG", fixed) == pysam.samtools.view("-h", "--no-PG", str(written))


def test_the_normal_insert_is_learnt_from_the_data() -> None:
    learnt = insert_range([400 + at % 101 - 50 for at in range(2_000)])
    assert 150 < learnt.low < 350
    assert 450 < learnt.high < 650
    assert insert_range([400] * 49) == InsertRange(1, 1_000)


def test_samtools_accepts_the_bam_and_finds_nearly_all_pairs_proper(finished: Finished) -> None:
    bam = str(finished.out / "alignment.bam")
    assert pysam.samtools.quickcheck("-v", bam) == ""
    counts = {line.split(" in total")[0].split(" ", 3)[-1]: line for line in pysam.samtools.flagstat(bam).splitlines()}
    assert any("26666 + 0 paired in sequencing" in line for line in counts.values())
    proper = next(line for line in counts.values() if "properly paired" in line)
    assert int(proper.split()[0]) >= 0.99 * 26_666
    duplicates = next(line for line in counts.values() if "primary duplicates" in line)
    assert 0.02 < int(duplicates.split()[0]) / 26_666 < 0.04


def test_records_are_sorted_indexed_and_agree_with_their_mates(finished: Finished) -> None:
    with pysam.AlignmentFile(str(finished.out / "alignment.bam")) as file:
        assert file.header.to_dict()["HD"]["SO"] == "coordinate"
        assert file.header.to_dict()["RG"][0]["SM"] == "kit-1"
        assert "PG" not in file.header.to_dict()
        everything = list(file.fetch(until_eof=True))
        assert file.has_index()
        assert sum(1 for _ in file.fetch("chr2", 500_000, 510_000)) > 30
    assert len(everything) == 26_666
    places = [(record.reference_id, record.reference_start) for record in everything]
    assert places == sorted(places)
    pairs: dict[str, list[pysam.AlignedSegment]] = {}
    for record in everything:
        pairs.setdefault(record.query_name or "", []).append(record)
    for one, two in pairs.values():
        assert {one.is_read1, two.is_read1} == {True, False}
        assert one.next_reference_start == two.reference_start
        assert two.next_reference_start == one.reference_start
        assert one.template_length == -two.template_length
        assert one.mate_is_reverse == two.is_reverse
        assert one.get_tag("MC") == (two.cigarstring or "*")


def test_nm_counts_the_differences_to_the_reference(finished: Finished, bundle: Bundle) -> None:
    with (
        pysam.AlignmentFile(str(finished.out / "alignment.bam")) as file,
        pysam.FastaFile(str(bundle.reference)) as fasta,
    ):
        checked = 0
        for record in file.fetch("chr1", 700_000, 720_000):
            if record.cigarstring != "150M":
                continue
            reference = fasta.fetch("chr1", record.reference_start, record.reference_start + 150)
            differences = sum(a != b for a, b in zip(record.query_sequence or "", reference, strict=True))
            assert record.get_tag("NM") == differences
            checked += 1
        assert checked > 50


def test_threads_do_not_change_the_bytes(
    bundle: Bundle, reads: SimulatedReads, finished: Finished, tmp_path: Path
) -> None:
    bam = tmp_path / "two.bam"
    align(
        reads.r1, reads.r2, bam, reference=bundle.reference, contigs=bundle.contigs, sample_id="kit-1", threads=2
    )  # fmt: skip
    assert bam.read_bytes() == (finished.out / "alignment.bam").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two.bam", "two.bam.bai"]
