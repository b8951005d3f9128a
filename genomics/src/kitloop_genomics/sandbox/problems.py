"""Labelled bad data, for scenarios in which a sample must fail quality control."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from kitloop_genomics.sandbox.fastq_text import gzipped, record_bytes

LOW_DEPTH_X = 0.02
CONTAMINANT_SHARE = 0.3


class Problem(StrEnum):
    """What is wrong with the simulated data; the values are those of `--problem`."""

    LOW_DEPTH = "low-depth"  # 0.02x, whatever depth was asked for
    CONTAMINATED = "contaminated"  # 30 % of the pairs are another person's
    TRUNCATED = "truncated"  # R1 breaks off in the middle of its compressed stream
    MISPAIRED = "mispaired"  # R2 lacks a record from its middle, so later reads face strangers
    EMPTY = "empty"  # both files are valid gzip of nothing
    NOT_GZIP = "not-gzip"  # plain text under a .gz name


def packed(texts: tuple[bytes, bytes], problem: Problem | None) -> tuple[bytes, bytes]:
    """The bytes of the two files, damaged as `problem` says."""
    damage = _DAMAGE.get(problem) if problem is not None else None
    return damage(*texts) if damage else (gzipped(texts[0]), gzipped(texts[1]))


def _truncated(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    whole = gzipped(first)
    return whole[: len(whole) * 6 // 10], gzipped(second)


def _mispaired(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    size = record_bytes(second) if second else 0
    middle = len(second) // (2 * size) * size if size else 0
    return gzipped(first), gzipped(second[:middle] + second[middle + size :])


def _empty(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    return gzipped(b""), gzipped(b"")


def _not_gzip(first: bytes, second: bytes) -> tuple[bytes, bytes]:
    return first, second


_DAMAGE: dict[Problem, Callable[[bytes, bytes], tuple[bytes, bytes]]] = {
    Problem.TRUNCATED: _truncated,
    Problem.MISPAIRED: _mispaired,
    Problem.EMPTY: _empty,
    Problem.NOT_GZIP: _not_gzip,
}
