"""Millions of short texts as two arrays, so that a panel's names need not stand in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Texts(Sequence[str]):
    """K texts. end: (K,) int64, where each ends in `data` (UTF-8), its own line feed included."""

    end: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.end)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            return self._between(start, stop)[::step] if step > 0 else [self[one] for one in range(start, stop, step)]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self._between(at, at + 1)[0]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._between(start, min(start + _AT_ONCE, len(self)))

    def _between(self, start: int, stop: int) -> list[str]:
        if stop <= start:
            return []
        first = int(self.end[start - 1]) if start else 0
        return self.data[first : int(self.end[stop - 1])].tobytes().decode().split("\n")[:-1]


def as_arrays(texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """`end` and `data` of `Texts`. A text must not hold a line feed."""
    joined = "".join(f"{text}\n" for text in texts).encode()
    data = np.frombuffer(joined, np.uint8)
    return np.flatnonzero(data == ord("\n")).astype(np.int64) + 1, data
