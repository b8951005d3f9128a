"""What there is of each chromosome, without holding more than one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class ByChromosome(Sequence[T], Generic[T]):
    """One entry per chromosome, made by `make(number)` when it is asked for and kept until another one is.

    A genome's sites take gigabytes where a chromosome's take a tenth, and most readers go from the first to the last.
    """

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count, self._make = count, make
        self._last: tuple[int, T] | None = None

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        if isinstance(at, slice):
            return [self[one] for one in range(self._count)[at]]
        number = range(self._count)[at]
        last = self._last
        if last is None or last[0] != number:
            self._last = last = None  # gone before another is made
            self._last = last = (number, self._make(number))
        return last[1]
