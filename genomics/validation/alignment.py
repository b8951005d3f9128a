"""Our SAM records beside those of the minimap2 program on the same reads."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pysam
from kitloop_genomics.alignment.bam import write_pairs
from kitloop_genomics.bundle.open import Bundle

from validation.measured import Measured, measured, missing

GROUP = "alignment and minimap2"
_SURE_MAPQ = 10


def compare_alignment(r1: Path, r2: Path, bundle: Bundle, work: Path) -> list[Measured]:
    """Over primary records: on the same strand of the same place, among all and among those that both have at mapq 10 or more.

    Of the latter, those alike in FLAG, CIGAR, mate's place, TLEN and NM; and how many pairs we call proper.
    """
    program = shutil.which("minimap2")
    if program is None:
        return missing(GROUP, "minimap2 is not installed")
    ours, theirs = work / "ours.bam", work / "theirs.sam"
    write_pairs(r1, r2, ours, reference=bundle.reference, contigs=bundle.contigs, sample_id="x")
    with theirs.open("wb") as out:
        words = [program, "-t", "1", "-ax", "sr", str(bundle.reference), str(r1), str(r2)]
        subprocess.run(words, stdout=out, stderr=subprocess.DEVNULL, check=True)
    one, other = _records(ours), _records(theirs)
    pairs = [(one[key], other[key]) for key in other]
    sure = [(a, b) for a, b in pairs if min(a.mapping_quality, b.mapping_quality) >= _SURE_MAPQ]

    def share(alike: list[bool]) -> float:
        return sum(alike) / len(alike)

    return measured(
        GROUP,
        {
            "records": len(one) / len(other),
            "same place": share([_place(a) == _place(b) for a, b in pairs]),
            "same place, both sure": share([_place(a) == _place(b) for a, b in sure]),
            "both sure": len(sure) / len(pairs),
            "same FLAG": share([a.flag == b.flag for a, b in sure]),
            "same CIGAR": share([a.cigarstring == b.cigarstring for a, b in sure]),
            "same mate and TLEN": share([_mate(a) == _mate(b) for a, b in sure]),
            "same NM": share([a.get_tag("NM") == b.get_tag("NM") for a, b in sure]),
            "properly paired": share([record.is_proper_pair for record in one.values()]),
        },
    )


def _records(path: Path) -> dict[tuple[str | None, bool], pysam.AlignedSegment]:
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        every = file.fetch(until_eof=True)
        return {(one.query_name, one.is_read1): one for one in every if not (one.is_secondary or one.is_supplementary)}


def _place(record: pysam.AlignedSegment) -> tuple[int, int, bool]:
    return record.reference_id, record.reference_start, record.is_reverse


def _mate(record: pysam.AlignedSegment) -> tuple[int, int, int]:
    return record.next_reference_id, record.next_reference_start, record.template_length
