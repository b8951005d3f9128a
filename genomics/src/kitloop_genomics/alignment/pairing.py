"""From the aligner's hits of two mates to the fields of two SAM records (SAM specification, sections 1.4 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED, REVERSE, MATE_REVERSE, FIRST, LAST = 1, 2, 4, 8, 16, 32, 64, 128


class Hit(NamedTuple):  # a tuple, as there are two per pair and a dataclass takes five times as long to make
    """Where one read lies: 0-based `start` and exclusive `end` on sequence number `contig`.

    cigar: (length, operation) pairs of the aligned part; clips: soft-clipped bases before and after it, in the
    direction of the reference. edits is NM: mismatches, inserted and deleted bases.
    """

    contig: int
    start: int
    end: int
    reverse: bool
    mapq: int
    edits: int
    cigar: Sequence[Sequence[int]]
    clips: tuple[int, int]


@dataclass(frozen=True, slots=True)
class InsertRange:
    """Lengths of fragment, in bp, that count as normal for this library."""

    low: int
    high: int


def insert_range(lengths: list[int]) -> InsertRange:
    """The normal range from observed fragment lengths: the quartiles, three interquartile ranges to each side.

    With fewer than 50 observations there is no telling, and 1 to 1,000 bp is taken.
    """
    if len(lengths) < 50:
        return InsertRange(1, 1_000)
    ordered = sorted(lengths)
    lower, upper = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    reach = 3 * max(upper - lower, 20)
    return InsertRange(max(1, lower - reach), upper + reach)


def fragment_length(one: Hit | None, two: Hit | None) -> int | None:
    """Length in bp of the fragment if the mates face each other on one sequence, else None."""
    if one is None or two is None or one.contig != two.contig or one.reverse == two.reverse:
        return None
    forward, backward = (two, one) if one.reverse else (one, two)
    if forward.start > backward.start or forward.end > backward.end:
        return None
    return backward.end - forward.start


def is_proper(one: Hit | None, two: Hit | None, normal: InsertRange) -> bool:
    """Whether the mates face each other over a fragment of normal length."""
    length = fragment_length(one, two)
    return length is not None and normal.low <= length <= normal.high


def flags(own: Hit | None, mate: Hit | None, *, first: bool, proper: bool) -> int:
    """The FLAG of one record of a pair."""
    value = PAIRED | (FIRST if first else LAST)
    if proper:
        value |= PROPER
    if own is None:
        value |= UNMAPPED
    elif own.reverse:
        value |= REVERSE
    if mate is None:
        value |= MATE_UNMAPPED
    elif mate.reverse:
        value |= MATE_REVERSE
    return value


def template_length(own: Hit | None, mate: Hit | None) -> int:
    """TLEN as samtools and minimap2 have it: from this read's 5' end to its mate's; 0 unless both lie on one sequence."""
    if own is None or mate is None or own.contig != mate.contig:
        return 0
    return (mate.end if mate.reverse else mate.start) - (own.end if own.reverse else own.start)
