"""Mapped pairs as SAM records."""

from __future__ import annotations

import pysam

from kitloop_genomics.alignment.mapping import MappedPair
from kitloop_genomics.alignment.pairing import Hit, InsertRange, flags, template_length

READ_GROUP = "1"
_SOFT_CLIP = 4
_COMPLEMENT = bytes.maketrans(b"ACGTacgt", b"TGCAtgca")


def header(contigs: dict[str, int], sample_id: str) -> pysam.AlignmentHeader:
    """A header without program lines: these would hold paths, and the same data should give the same bytes."""
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "unsorted", "GO": "query"},
            "SQ": [{"SN": name, "LN": length} for name, length in contigs.items()],
            "RG": [{"ID": READ_GROUP, "SM": sample_id, "LB": sample_id, "PL": "ILLUMINA"}],
        }
    )


def records(
    pair: MappedPair, normal: InsertRange, head: pysam.AlignmentHeader
) -> tuple[pysam.AlignedSegment, pysam.AlignedSegment]:
    """The two records of a pair. An unmapped read takes its mate's position, as the specification recommends."""
    return _record(pair, 0, normal, head), _record(pair, 1, normal, head)


def _record(pair: MappedPair, at: int, normal: InsertRange, head: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    own, mate = pair.hits[at], pair.hits[1 - at]
    reverse = own is not None and own.reverse
    bases, quality = pair.bases[at], pair.qualities[at]
    record = pysam.AlignedSegment(head)
    record.query_name = pair.name.decode()
    record.flag = flags(own, mate, first=at == 0, normal=normal)
    place, other = own or mate, mate or own
    if place is not None and other is not None:
        record.reference_id, record.reference_start = place.contig, place.start
        record.next_reference_id, record.next_reference_start = other.contig, other.start
    record.query_sequence = (bases.translate(_COMPLEMENT)[::-1] if reverse else bases).decode()
    record.query_qualities_str = (quality[::-1] if reverse else quality).decode()
    record.template_length = template_length(own, mate, first=at == 0)
    if own is not None:
        record.mapping_quality = own.mapq
        record.cigartuples = _cigar(own)
        record.set_tag("NM", own.edits, "i")
    record.set_tag("RG", READ_GROUP, "Z")
    return record


def _cigar(hit: Hit) -> list[tuple[int, int]]:
    before, after = hit.clips
    body = [(kind, size) for size, kind in hit.cigar]
    return [(_SOFT_CLIP, before)] * (before > 0) + body + [(_SOFT_CLIP, after)] * (after > 0)
