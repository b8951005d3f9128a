"""Records of a panel file, before they are judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Alleles = NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Records:
    """R records. first, second: (R, people) alleles of each person, 0 REF, 1 and up the ALTs, negative where there is none.

    unphased: (R, people) bool.  A person with one allele, as men have on X, has it twice.
    """

    ids: list[str]
    refs: list[str]
    alts: list[list[str]]
    first: Alleles
    second: Alleles
    unphased: NDArray[np.bool_]


class VariantSource(Protocol):
    """A VCF or BCF file, read once from its start. All of it raises `PanelSourceError`."""

    path: Path
    people: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[str, int, bytes]]:
        """Chromosome, 1-based position and what `decode` takes, record by record; to pass one over costs little."""

    def decode(self, raws: list[bytes], places: list[str]) -> Records:
        """Take records apart, many at once for speed's sake; `places` are their names in errors."""

    def bytes_read(self) -> int:
        """Of the file as it lies on the disk."""
