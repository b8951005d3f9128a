"""Map read pairs with minimap2's short-read preset (Li 2018, 10.1093/bioinformatics/bty191) through mappy."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import mappy

from kitloop_genomics.alignment.pairing import Hit
from kitloop_genomics.intake.gzip_stream import GzipStream
from kitloop_genomics.intake.records import Batch, batches

_SLICE = 2_000


@dataclass(frozen=True, slots=True)
class MappedPair:
    """One pair as sequenced, with where each mate lies (None = nowhere)."""

    name: bytes
    bases: tuple[bytes, bytes]
    qualities: tuple[bytes, bytes]
    hits: tuple[Hit | None, Hit | None]


class Mapper:
    """An index of the reference in memory, and threads that share it."""

    def __init__(self, reference: Path, contigs: list[str], threads: int = 1) -> None:
        self._aligner = mappy.Aligner(str(reference), preset="sr")
        if not self._aligner:
            raise OSError(f"{reference} can't be indexed")
        self._contigs = {name: at for at, name in enumerate(contigs)}
        self._threads = threads

    def map_files(self, r1: Path, r2: Path) -> Iterator[MappedPair]:
        """Every pair in the files' order, whatever the number of threads. The files have passed intake."""
        slices = (
            part
            for one, two in zip(batches(GzipStream(r1)), batches(GzipStream(r2)), strict=True)
            for part in _slices(one, two)
        )
        if self._threads == 1:
            for part in slices:
                yield from self._map_slice(*part)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            waiting: deque[Future[list[MappedPair]]] = deque()
            for part in slices:
                waiting.append(pool.submit(self._map_slice, *part))
                if len(waiting) > 2 * self._threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def _map_slice(self, one: Batch, two: Batch) -> list[MappedPair]:
        buffer = mappy.ThreadBuffer()
        mapped = []
        fields = zip(one.names, one.bases, two.bases, one.qualities, two.qualities, strict=True)
        for name, bases1, bases2, quality1, quality2 in fields:
            hits: list[Hit | None] = [None, None]
            for found in self._aligner.map(bases1.decode(), seq2=bases2.decode(), buf=buffer, MD=False):
                mate = found.read_num - 1
                if found.is_primary and hits[mate] is None:
                    hits[mate] = self._hit(found, len((bases1, bases2)[mate]))
            mapped.append(MappedPair(name, (bases1, bases2), (quality1, quality2), (hits[0], hits[1])))
        return mapped

    def _hit(self, found: mappy.Alignment, length: int) -> Hit:
        reverse = found.strand < 0
        before, after = found.q_st, length - found.q_en
        return Hit(
            self._contigs[found.ctg], found.r_st, found.r_en, reverse, found.mapq, found.NM,
            tuple((size, kind) for size, kind in found.cigar), (after, before) if reverse else (before, after),
        )  # fmt: skip


def _slices(one: Batch, two: Batch) -> Iterator[tuple[Batch, Batch]]:
    for at in range(0, len(one.names), _SLICE):
        part = slice(at, at + _SLICE)
        yield (
            Batch(one.names[part], one.mates[part], one.bases[part], one.qualities[part]),
            Batch(two.names[part], two.mates[part], two.bases[part], two.qualities[part]),
        )
