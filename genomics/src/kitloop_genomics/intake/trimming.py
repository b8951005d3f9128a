"""Cut off what isn't the sample's: adapters, found where mates overlap, and the poor end of a read.

Adapters as fastp finds them (Chen et al. 2018, 10.1093/bioinformatics/bty560): where a fragment is shorter than its reads,
each read is the other's reverse complement up to the fragment's end, and adapter follows. Nothing about the adapter's
sequence has to be known. Poor ends as BWA and cutadapt do (Li and Durbin 2009, 10.1093/bioinformatics/btp324).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled
from kitloop_genomics.intake.records import Batch

MIN_OVERLAP_BP = 30
MAX_DIFFERENCES, MAX_DIFFERENCE_SHARE = 5, 0.2  # as fastp
MIN_END_QUALITY = 10  # bases below it don't count at the panel's sites either
_WORD = np.uint64(4**MIN_OVERLAP_BP - 1)
_CODES = np.full(256, 4, np.uint8)
for _letters in (b"ACGT", b"acgt"):
    _CODES[np.frombuffer(_letters, np.uint8)] = range(4)


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut off both files' reads: bases of adapter, reads that had one, and bases of poor ends."""

    adapter_reads: int = 0
    adapter_bases: int = 0
    poor_bases: int = 0

    def __add__(self, other: Cut) -> Cut:
        return Cut(
            self.adapter_reads + other.adapter_reads,
            self.adapter_bases + other.adapter_bases,
            self.poor_bases + other.poor_bases,
        )


def trimmed(one: Batch, two: Batch) -> tuple[Batch, Batch, Cut]:
    """Both mates' batches (as many records in each) without adapters and poor ends. One base at least is left of a read."""
    ends = [np.concatenate([[0], np.cumsum([len(bases) for bases in batch.bases])]) for batch in (one, two)]
    text = [np.frombuffer(b"".join(batch.bases), np.uint8) for batch in (one, two)]
    quality = [np.frombuffer(b"".join(batch.qualities), np.uint8) for batch in (one, two)]
    fragment, kept = lengths_to_keep(text[0], text[1], quality[0], quality[1], ends[0], ends[1], _CODES)
    whole = np.column_stack([np.diff(end) for end in ends])
    cut = Cut(int((fragment < whole).sum()), int((whole - fragment).sum()), int((fragment - kept).sum()))
    return _shortened(one, whole[:, 0], kept[:, 0]), _shortened(two, whole[:, 1], kept[:, 1]), cut


def _shortened(batch: Batch, whole: NDArray[np.int64], kept: NDArray[np.int64]) -> Batch:
    bases, qualities = batch.bases.copy(), batch.qualities.copy()
    for at in np.flatnonzero(kept < whole).tolist():
        bases[at], qualities[at] = bases[at][: kept[at]], qualities[at][: kept[at]]
    return Batch(batch.names, batch.mates, bases, qualities)


@compiled
def lengths_to_keep(
    one: NDArray[np.uint8],
    two: NDArray[np.uint8],
    quality_one: NDArray[np.uint8],
    quality_two: NDArray[np.uint8],
    ends_one: NDArray[np.int64],
    ends_two: NDArray[np.int64],
    codes: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n, 2) bases of each pair's mates before an adapter, and (n, 2) before an adapter or a poor end.

    Reads lie end to end, read r from ends[r] to ends[r + 1]; qualities are letters (Phred + 33).
    """
    pairs = len(ends_one) - 1
    longest = 0
    for pair in range(pairs):
        longest = max(longest, ends_one[pair + 1] - ends_one[pair], ends_two[pair + 1] - ends_two[pair])
    words_one, words_two = np.empty(longest, np.uint64), np.empty(longest, np.uint64)
    fragment, kept = np.empty((pairs, 2), np.int64), np.empty((pairs, 2), np.int64)
    for pair in range(pairs):
        start1, start2 = ends_one[pair], ends_two[pair]
        length1, length2 = ends_one[pair + 1] - start1, ends_two[pair + 1] - start2
        fragment[pair, 0], fragment[pair, 1] = length1, length2
        _pack(codes, one[start1 : start1 + length1], words_one, False)
        _pack(codes, two[start2 : start2 + length2], words_two, True)
        # Longest fragments first: two mates that overlap without reaching past each other have no adapter.
        for insert in range(length1 + length2 - MIN_OVERLAP_BP, MIN_OVERLAP_BP - 1, -1):
            # The mates share `overlap` bases of a fragment of `insert`, from `first` of R1 on.
            first = max(0, insert - length2)
            overlap = min(length1, insert) - first
            if overlap < MIN_OVERLAP_BP:
                continue
            unlike = words_one[first] ^ words_two[max(0, length2 - insert)]
            if _differing(unlike) > MAX_DIFFERENCES:
                continue
            allowed = min(MAX_DIFFERENCES, int(overlap * MAX_DIFFERENCE_SHARE))
            differences = 0
            for at in range(first, first + overlap):
                differences += codes[one[start1 + at]] + codes[two[start2 + insert - 1 - at]] != 3
            if differences <= allowed:
                fragment[pair, 0], fragment[pair, 1] = min(length1, insert), min(length2, insert)
                break
        for mate in range(2):
            quality, start = (quality_one, start1) if mate == 0 else (quality_two, start2)
            best, here, keep = 0, 0, fragment[pair, mate]
            for at in range(fragment[pair, mate] - 1, 0, -1):
                here += 33 + MIN_END_QUALITY - quality[start + at]
                if here < 0:
                    break
                if here > best:
                    best, keep = here, at
            kept[pair, mate] = keep
    return fragment, kept


@compiled
def _pack(codes: NDArray[np.uint8], read: NDArray[np.uint8], words: NDArray[np.uint64], complement: bool) -> None:
    """Into words[k] goes a read's bases k to k + 29 at two bits each, of its reverse complement if `complement`.

    Letters that are no base pass for one, so that words differ at no more bases than their reads do.
    """
    length = len(read)
    word = np.uint64(0)
    for at in range(length):
        code = (3 - codes[read[length - 1 - at]]) & 3 if complement else codes[read[at]] & 3
        word = ((word << np.uint64(2)) | np.uint64(code)) & _WORD
        if at >= MIN_OVERLAP_BP - 1:
            words[at - MIN_OVERLAP_BP + 1] = word


@compiled
def _differing(unlike: np.uint64) -> int:
    """How many pairs of bits in `unlike` aren't both 0."""
    pairs = (unlike | (unlike >> np.uint64(1))) & np.uint64(0x5555555555555555)
    fours = (pairs & np.uint64(0x3333333333333333)) + ((pairs >> np.uint64(2)) & np.uint64(0x3333333333333333))
    eights = (fours + (fours >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((eights * np.uint64(0x0101010101010101)) >> np.uint64(56))
