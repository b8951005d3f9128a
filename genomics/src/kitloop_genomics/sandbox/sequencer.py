"""Paired reads of a person's haplotypes, as a sequencer would give them; everything is one array operation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

READ_BP = 150
_INSERT_MEAN_BP, _INSERT_SD_BP = 400.0, 80.0
_DUPLICATES = 0.03
# Binned base qualities, their usual share, and the error rate that each truly has (as its Phred value says).
_QUALITIES = np.array([37, 25, 11, 2], np.uint8)
_SHARES = np.array([0.905, 0.065, 0.0292, 0.0008])
_ERRORS = np.array([10**-3.7, 10**-2.5, 10**-1.1, 0.75])

_COMPLEMENT = np.arange(256, dtype=np.uint8)
_COMPLEMENT[np.frombuffer(b"ACGT", np.uint8)] = np.frombuffer(b"TGCA", np.uint8)


@dataclass(frozen=True, slots=True)
class Reads:
    """n pairs. bases and qualities of each end: (n, 150) uint8, ASCII bases and Phred values (not ASCII)."""

    bases: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    qualities: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    duplicates: int


def sequence_pairs(genome: list[NDArray[np.uint8]], pairs: int, rng: np.random.Generator) -> Reads:
    """Draw `pairs` read pairs evenly from `genome` (each chromosome twice, one array per haplotype).

    Inserts are normal with mean 400 and sd 80 bp, cut at 150 and 800. About 3 % of the pairs are copies of
    another pair's fragment with errors of their own. Errors are substitutions, 0.3 % of bases, and the quality
    values tell the truth about them.
    """
    lengths = np.array([len(sequence) for sequence in genome])
    source = rng.choice(len(genome), pairs, p=lengths / lengths.sum())
    insert = np.clip(np.round(rng.normal(_INSERT_MEAN_BP, _INSERT_SD_BP, pairs)), READ_BP, 800).astype(np.int64)
    start = np.floor(rng.random(pairs) * (lengths[source] - insert + 1)).astype(np.int64)
    flipped = rng.random(pairs) < 0.5
    copies = rng.random(pairs) < _DUPLICATES
    copies[0] = False
    if pairs:
        originals = rng.choice(np.flatnonzero(~copies), int(copies.sum()))
        for values in (source, insert, start, flipped):
            values[copies] = values[originals]
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate(genome), READ_BP)
    left = windows[offsets[source] + start]
    right = _COMPLEMENT[windows[offsets[source] + start + insert - READ_BP][:, ::-1]]
    first = np.where(flipped[:, None], right, left)
    second = np.where(flipped[:, None], left, right)
    one, two = _read(first, rng), _read(second, rng)
    return Reads((one[0], two[0]), (one[1], two[1]), int(copies.sum()))


def _read(bases: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    # One draw per base for its quality bin: a table of 65,536 entries is quicker than a weighted choice.
    table = np.repeat(np.arange(4), np.diff(np.round(np.concatenate([[0], np.cumsum(_SHARES)]) * 65_536)).astype(int))
    bins = table.astype(np.uint8)[rng.integers(0, 65_536, bases.shape, dtype=np.uint16)]
    chance = (_ERRORS * 2**32).astype(np.uint32)
    wrong = rng.integers(0, 2**32, bases.shape, dtype=np.uint32) < chance[bins]
    bases = bases.copy()
    codes = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), bases[wrong])
    shifted = (codes + rng.integers(1, 4, codes.shape)) % 4
    bases[wrong] = np.frombuffer(b"ACGT", np.uint8)[shifted]
    bases[bins == 3] = ord("N")
    return bases, _QUALITIES[bins]
