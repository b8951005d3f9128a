"""What each sequenced fragment shows at each panel site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods.kernel import walk_records

MIN_MAPQ = 10
MIN_BASE_QUALITY = 10
SKIPPED = 0x4 | 0x100 | 0x200 | 0x400 | 0x800  # unmapped, secondary, failed, duplicate, supplementary
_BLOCK, _ROOM = 1 << 24, 1 << 20  # bytes and observations at a time
# The sequencer's qualities know nothing of errors made while copying or mapping, so no base is surer than 10,000 to 1.
_LEAST_ERROR, _MOST_ERROR = 1e-4, 0.5
_UNTOLD = 1e-6
_NO_BASE = 255
_BAM_CODES = np.full(256, _NO_BASE, np.uint8)
_BAM_CODES[np.frombuffer(b"ACGT", np.uint8)] = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Observations:
    """K observations of one chromosome, sorted by site; one per site and fragment.

    site: (K,) index into the panel's sites.  is_alt: (K,) uint8.  error: (K,) float64, chance that the allele seen
    is not the fragment's.  A base that is neither REF nor ALT is no observation.
    """

    site: NDArray[np.int64]
    is_alt: NDArray[np.uint8]
    error: NDArray[np.float64]


def observe(bam: Path, chromosomes: Sequence[PanelChromosome]) -> list[Observations]:
    """Read a BAM once, front to back: duplicates, mapq < 10 and base quality < 10 are skipped.

    Where the two mates of a fragment overlap, they are one observation, surer if they agree and less sure if not.
    Raises `OSError` for a BAM that can't be read or breaks off.
    """
    begins = np.concatenate([[0], np.cumsum([len(one.position) for one in chromosomes])]).astype(np.int64)
    parts: list[list[tuple[NDArray[Any], ...]]] = [[] for _ in chromosomes]
    try:
        for site, *columns in _walked(bam, chromosomes, begins):
            for at in np.unique(np.searchsorted(begins, site, side="right") - 1).tolist():
                inside = (site >= begins[at]) & (site < begins[at + 1])
                parts[at].append((site[inside] - begins[at], *(column[inside] for column in columns)))
    except OSError as error:
        raise OSError(f"{bam} can't be read: {error}. Align the sample again") from error
    return [_one_per_fragment(*map(np.concatenate, zip(*part, strict=True))) if part else _nothing() for part in parts]


def _walked(
    bam: Path, chromosomes: Sequence[PanelChromosome], begins: NDArray[np.int64]
) -> Iterator[tuple[NDArray[Any], ...]]:
    """Site (over all chromosomes), fragment, is_alt, base and mapping quality of what the records show, by blocks."""
    position = np.concatenate([one.position for one in chromosomes]).astype(np.int64) - 1
    ref, alt = (
        _BAM_CODES[np.concatenate(letters)]
        for letters in zip(*((one.ref, one.alt) for one in chromosomes), strict=True)
    )
    rank = {one.name: at for at, one in enumerate(chromosomes)}
    with pysam.BGZFile(str(bam), "rb") as file:  # type: ignore[call-arg]
        places = [rank.get(name) for name in _names(file)]
        first = np.array([0 if at is None else begins[at] for at in places], np.int64)
        last = np.array([0 if at is None else begins[at + 1] for at in places], np.int64)
        site, fragment = np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64)
        is_alt, quality, mapq = (np.empty(_ROOM, np.uint8) for _ in range(3))
        data = file.read(_BLOCK)
        while data:
            found, taken = walk_records(
                np.frombuffer(data, np.uint8), position, ref, alt, first, last, SKIPPED, MIN_MAPQ, MIN_BASE_QUALITY,
                site, fragment, is_alt, quality, mapq,
            )  # fmt: skip
            yield tuple(column[:found].copy() for column in (site, fragment, is_alt, quality, mapq))
            more = file.read(_BLOCK) if len(data) - taken < _BLOCK else b""
            if not taken and not more:
                raise OSError("it breaks off within a record")
            data = data[taken:] + more


def _names(file: pysam.BGZFile) -> list[str]:
    """Names of the reference sequences, from the header; `file` stands at the first record afterwards."""

    def number() -> int:
        return int.from_bytes(file.read(4), "little")

    if file.read(4) != b"BAM\1":
        raise OSError("it is not a BAM")
    file.read(number())
    names = []
    for _ in range(number()):
        names.append(file.read(number()).rstrip(b"\0").decode())
        file.read(4)
    return names


def _nothing() -> Observations:
    return Observations(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.float64))


def _one_per_fragment(
    site: NDArray[np.int64],
    fragment: NDArray[np.int64],
    is_alt: NDArray[np.uint8],
    quality: NDArray[np.uint8],
    mapq: NDArray[np.uint8],
) -> Observations:
    if not len(site):
        return _nothing()
    order = np.lexsort((fragment, site))
    site, fragment = site[order], fragment[order]
    is_alt, quality, mapq = is_alt[order], quality[order], mapq[order]
    # An error gives each of the three other bases alike, and one that is neither REF nor ALT was no observation.
    wrong = 10 ** (quality / -10.0) / 3
    error = wrong / (1 - 2 * wrong)
    odds = np.where(is_alt, 1.0, -1.0) * np.log((1 - error) / error)
    starts = np.flatnonzero(np.concatenate([[True], (site[1:] != site[:-1]) | (fragment[1:] != fragment[:-1])]))
    odds, mapq = np.add.reduceat(odds, starts), np.maximum.reduceat(mapq, starts)
    told = np.abs(odds) > _UNTOLD  # two mates that contradict each other as surely tell nothing
    # That the fragment lies elsewhere is no less likely because its mates agree.
    error = 1 / (1 + np.exp(np.abs(odds))) + 10 ** (mapq / -10.0)
    return Observations(
        site[starts][told], (odds > 0).astype(np.uint8)[told], np.clip(error, _LEAST_ERROR, _MOST_ERROR)[told]
    )
