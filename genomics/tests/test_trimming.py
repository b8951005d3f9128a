"""Adapters and poor ends are cut off, exactly where they begin; the kernel equals a slow plain version."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.intake.records import Batch
from kitloop_genomics.intake.trimming import Cut, trimmed

ADAPTERS = (b"AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC", b"AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTA")
COMPLEMENT = bytes.maketrans(b"ACGT", b"TGCA")
GOOD, POOR = b"F", b"#"


def _reverse(bases: bytes) -> bytes:
    return bases.translate(COMPLEMENT)[::-1]


def _sequence(length: int, rng: np.random.Generator) -> bytes:
    return rng.choice(np.frombuffer(b"ACGT", np.uint8), length).tobytes()


def _mates(fragment: bytes, rng: np.random.Generator, length: int = 100) -> tuple[bytes, bytes]:
    """What a sequencer gives of a fragment: where it is over, adapter and then anything follows."""
    ends = (fragment, _reverse(fragment))
    return tuple((end + adapter + _sequence(length, rng))[:length] for end, adapter in zip(ends, ADAPTERS, strict=True))


def _batch(*reads: bytes, qualities: list[bytes] | None = None) -> Batch:
    named = [b"r%d" % at for at in range(len(reads))]
    return Batch(named, [b""] * len(reads), list(reads), qualities or [GOOD * len(read) for read in reads])


def plain_lengths(one: bytes, two: bytes, quality_one: bytes, quality_two: bytes) -> tuple[list[int], list[int]]:
    """In the words of the definition: the longest fragment that both mates agree on, then the best end of each."""
    before_adapter = [len(one), len(two)]
    for insert in range(len(one) + len(two) - 30, 29, -1):
        shared = [at for at in range(insert) if at < len(one) and insert - 1 - at < len(two)]
        differences = sum(
            one[at : at + 1] not in (_reverse(two[insert - 1 - at : insert - at]),) or one[at] == ord("N")
            for at in shared
        )
        if len(shared) >= 30 and differences <= min(5, int(0.2 * len(shared))):
            before_adapter = [min(len(one), insert), min(len(two), insert)]
            break
    kept = []
    for length, quality in zip(before_adapter, (quality_one, quality_two), strict=True):
        sums = {length: 0}
        for at in range(length - 1, 0, -1):
            sums[at] = sums[at + 1] + 10 - (quality[at] - 33)
            if sums[at] < 0:
                break
        kept.append(max(sums, key=lambda at: (sums[at], at)))
    return before_adapter, kept


def test_the_kernel_equals_the_plain_version() -> None:
    rng = np.random.default_rng(5)
    reads: list[tuple[bytes, bytes]] = []
    for insert in [*range(20, 240, 9), 300, 400]:
        pair = _mates(_sequence(insert, rng), rng, int(rng.integers(60, 110)))
        noisy = []
        for read in pair:
            letters = np.frombuffer(read, np.uint8).copy()
            wrong = rng.random(len(letters)) < rng.choice([0, 0.02, 0.05])
            letters[wrong] = rng.choice(np.frombuffer(b"ACGTN", np.uint8), wrong.sum())
            noisy.append(letters.tobytes())
        reads.append((noisy[0], noisy[1]))
    qualities = [[bytes(rng.choice([35, 42, 44, 58, 70], len(read)).tolist()) for read in pair] for pair in reads]
    batches = [_batch(*(pair[mate] for pair in reads), qualities=[pair[mate] for pair in qualities]) for mate in (0, 1)]
    one, two, cut = trimmed(*batches)
    expected = [plain_lengths(*pair, *quality) for pair, quality in zip(reads, qualities, strict=True)]
    assert [list(lengths) for lengths in zip(map(len, one.bases), map(len, two.bases), strict=True)] == [
        kept for _, kept in expected
    ]
    assert cut.adapter_bases == sum(
        len(read) - length
        for pair, (ends, _) in zip(reads, expected, strict=True)
        for read, length in zip(pair, ends, strict=True)
    )
    assert 8 < cut.adapter_reads < 20
    assert cut.poor_bases > 20


def test_an_adapter_is_cut_off_both_mates_to_the_base() -> None:
    rng = np.random.default_rng(1)
    fragment = _sequence(70, rng)
    one, two, cut = trimmed(*map(_batch, _mates(fragment, rng)))
    assert (one.bases, two.bases) == ([fragment], [_reverse(fragment)])
    assert (one.qualities, two.qualities) == ([GOOD * 70], [GOOD * 70])
    assert cut == Cut(adapter_reads=2, adapter_bases=60, poor_bases=0)


@pytest.mark.parametrize("insert", [100, 101, 150, 171, 300])
def test_mates_that_overlap_without_an_adapter_are_left_whole(insert: int) -> None:
    rng = np.random.default_rng(insert)
    mates = _mates(_sequence(insert, rng), rng)
    one, two, cut = trimmed(*map(_batch, mates))
    assert (one.bases[0], two.bases[0]) == mates
    assert cut == Cut()


def test_a_poor_end_is_cut_off_and_a_poor_middle_is_not() -> None:
    read = _sequence(20, np.random.default_rng(2))
    quality = GOOD * 5 + POOR + GOOD * 9 + POOR * 5
    one, two, cut = trimmed(_batch(read, qualities=[quality]), _batch(read, qualities=[POOR * 20]))
    assert (one.bases[0], one.qualities[0]) == (read[:15], quality[:15])
    assert two.bases[0] == read[:1]
    assert cut == Cut(0, 0, 24)


def test_mates_of_different_lengths_keep_what_each_has_of_the_fragment() -> None:
    rng = np.random.default_rng(3)
    fragment = _sequence(80, rng)
    first, second = _mates(fragment, rng)
    one, two, cut = trimmed(_batch(first), _batch(second[:60]))
    assert (one.bases[0], two.bases[0]) == (fragment, second[:60])
    assert cut == Cut(1, 20, 0)
