"""What each sequenced fragment shows at each panel site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods.kernel import walk_records

MIN_MAPQ = 10
MIN_BASE_QUALITY = 10
SKIPPED = 0x4 | 0x100 | 0x200 | 0x400 | 0x800  # unmapped, secondary, failed, duplicate, supplementary
_BLOCK, _LOW, _ROOM = 1 << 24, 1 << 16, 1 << 20  # bytes read at once, and left when more are; observations of one walk
# The sequencer's qualities know nothing of errors made while copying or mapping, so no base is surer than 10,000 to 1.
_LEAST_ERROR, _MOST_ERROR = 1e-4, 0.5
_UNTOLD = 1e-6
_UNSORTED, _BREAKS_OFF = "its records aren't sorted by position", "it breaks off within a record"
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


NOTHING = Observations(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.float64))


class _Columns(NamedTuple):
    """What each base shows: site, number of the fragment, whether it is ALT, base and mapping quality."""

    site: NDArray[Any]
    fragment: NDArray[Any]
    is_alt: NDArray[Any]
    quality: NDArray[Any]
    mapq: NDArray[Any]


def observe(bam: Path, chromosomes: Sequence[PanelChromosome]) -> list[Observations]:
    """What `observations` gives, of every chromosome at once."""
    found = dict(observations(bam, chromosomes))
    return [found.get(at, NOTHING) for at in range(len(chromosomes))]


def observations(bam: Path, chromosomes: Sequence[PanelChromosome]) -> Iterator[tuple[int, Observations]]:
    """Read a BAM once, front to back, and give each chromosome that it has records of, by number, as soon as it is behind.

    Duplicates, mapq < 10 and base quality < 10 are skipped. Where the two mates of a fragment overlap, they are one
    observation, surer if they agree and less sure if not. Raises `OSError` for a BAM that can't be read, breaks off or
    isn't sorted by position.
    """
    rank = {one.name: at for at, one in enumerate(chromosomes)}
    done = set()
    try:
        with pysam.BGZFile(str(bam), "rb") as file:  # type: ignore[call-arg]
            names, records = _names(file), _Records(file)
            while (contig := records.number(4)) is not None:
                if contig in done:
                    raise OSError(_UNSORTED)
                done.add(contig)
                at = rank.get(names[contig]) if contig >= 0 else None
                parts = list(_parts(records, contig, _sites(None if at is None else chromosomes[at])))
                if at is not None:
                    yield at, Observations(*map(np.concatenate, zip(*parts, strict=True)))
    except OSError as error:
        raise OSError(f"{bam} can't be read: {error}. Align the sample again") from error


class _Records:
    """The records of a BAM, read in blocks; `rest` begins with the first that isn't taken yet."""

    def __init__(self, file: pysam.BGZFile) -> None:
        self._file, self._data, self._at = file, file.read(_BLOCK), 0
        self.room = _Columns(
            np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64), *(np.empty(_ROOM, np.uint8) for _ in range(3))
        )

    @property
    def rest(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._data, np.uint8, offset=self._at)

    def number(self, at: int) -> int | None:
        """The number that stands `at` bytes into the next record; None behind the last."""
        number = self._data[self._at + at : self._at + at + 4]
        if len(number) < 4 and self._at < len(self._data):
            raise OSError(_BREAKS_OFF)
        return int.from_bytes(number, "little", signed=True) if number else None

    def take(self, size: int) -> None:
        """Go on by `size` bytes; 0 asks for more of a record than was read."""
        self._at += size
        if not size or len(self._data) - self._at < _LOW:
            more = self._file.read(_BLOCK)
            if not size and not more:
                raise OSError(_BREAKS_OFF)
            self._data, self._at = self._data[self._at :] + more, 0


def _sites(chromosome: PanelChromosome | None) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Positions, 0-based, and BAM's codes of REF and ALT; nothing of a sequence that isn't in the panel."""
    if chromosome is None:
        return np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint8)
    return chromosome.position.astype(np.int64) - 1, _BAM_CODES[chromosome.ref], _BAM_CODES[chromosome.alt]


def _parts(
    records: _Records, contig: int, sites: tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]
) -> Iterator[tuple[NDArray[Any], ...]]:
    """The columns of `Observations`, of a stretch at a time: what lies before the next record is complete."""
    position, begin, waiting = sites[0], 0, _Columns(*(column[:0] for column in records.room))
    while records.number(4) == contig:
        found, taken = walk_records(
            records.rest, contig, *sites, SKIPPED, MIN_MAPQ, MIN_BASE_QUALITY, *records.room
        )  # fmt: skip
        records.take(taken)
        following = records.number(8) if records.number(4) == contig else None
        end = len(position) if following is None else int(np.searchsorted(position, following))
        if end < begin or (found and records.room.site[:found].min() < begin):
            raise OSError(_UNSORTED)
        begin = end
        here = _Columns(*(np.concatenate([one, more[:found]]) for one, more in zip(waiting, records.room, strict=True)))
        whole = here.site < begin
        waiting = _Columns(*(column[~whole] for column in here))
        yield _one_per_fragment(_Columns(*(column[whole] for column in here)))


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


def _one_per_fragment(shown: _Columns) -> tuple[NDArray[Any], ...]:
    """site, is_alt and error of each fragment at each site."""
    order = np.lexsort((shown.fragment, shown.site))
    site, fragment, is_alt, quality, mapq = (column[order] for column in shown)
    # An error gives each of the three other bases alike, and one that is neither REF nor ALT was no observation.
    wrong = 10 ** (quality / -10.0) / 3
    error = wrong / (1 - 2 * wrong)
    odds = np.where(is_alt, 1.0, -1.0) * np.log((1 - error) / error)
    starts = np.flatnonzero((np.diff(site, prepend=-1) != 0) | (np.diff(fragment, prepend=0) != 0))
    if len(starts):
        odds, mapq = np.add.reduceat(odds, starts), np.maximum.reduceat(mapq, starts)
    told = np.abs(odds) > _UNTOLD  # two mates that contradict each other as surely tell nothing
    # That the fragment lies elsewhere is no less likely because its mates agree.
    error = 1 / (1 + np.exp(np.abs(odds))) + 10 ** (mapq / -10.0)
    return site[starts][told], (odds > 0).astype(np.uint8)[told], np.clip(error, _LEAST_ERROR, _MOST_ERROR)[told]
