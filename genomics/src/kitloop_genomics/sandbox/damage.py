"""The two files of simulated reads, damaged as a problem says."""

from __future__ import annotations

from collections.abc import Callable

from kitloop_genomics.sandbox.fastq_text import gzipped, record_bytes
from kitloop_genomics.sandbox.problems import Problem


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
