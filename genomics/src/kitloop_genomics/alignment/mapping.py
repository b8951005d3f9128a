"""Map read pairs with minimap2's short-read preset (Li 2018, 10.1093/bioinformatics/bty191) through mappy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mappy

from kitloop_genomics.alignment.index_file import check_index
from kitloop_genomics.alignment.pairing import Hit
from kitloop_genomics.errors import BundleError
from kitloop_genomics.intake.gzip_stream import GzipStream
from kitloop_genomics.intake.records import Batch, batches
from kitloop_genomics.intake.trimming import trimmed

_SLICE = 2_000


class MappedPair(NamedTuple):
    """One pair as sequenced, with where each mate lies (None = nowhere)."""

    name: bytes
    bases: tuple[bytes, bytes]
    qualities: tuple[bytes, bytes]
    hits: tuple[Hit | None, Hit | None]


class Mapper:
    """An index of the reference in memory, which threads may share.

    `reference` is a FASTA or a minimap2 index of it, with the sequences `contigs`: if not, `BundleError`.
    """

    def __init__(self, reference: Path, contigs: list[str], threads: int = 1) -> None:
        if reference.suffix == ".mmi":
            check_index(reference, contigs)
        self._aligner = mappy.Aligner(str(reference), preset="sr", n_threads=threads)
        if not self._aligner or sorted(self._aligner.seq_names) != sorted(contigs):
            problem = "is no FASTA, or holds other sequences than its index says"
            raise BundleError(reference, problem, "Put the reference back, and make its index with `samtools faidx`")
        self._contigs = {name: at for at, name in enumerate(contigs)}

    def map_pairs(self, one: Batch, two: Batch) -> Iterator[MappedPair]:
        """Every pair in its order."""
        buffer = mappy.ThreadBuffer()
        find, contigs = self._aligner.map, self._contigs
        fields = zip(one.names, one.bases, two.bases, one.qualities, two.qualities, strict=True)
        for name, bases1, bases2, quality1, quality2 in fields:
            hits: list[Hit | None] = [None, None]
            # The name decides between places that fit equally well, so that repeats share out their reads.
            for found in find(bases1, bases2, name, buffer):
                mate = found.read_num - 1
                if hits[mate] is None and found.is_primary:
                    before, after = found.q_st, len(bases2 if mate else bases1) - found.q_en
                    reverse = found.strand < 0
                    hits[mate] = Hit(
                        contigs[found.ctg], found.r_st, found.r_en, reverse, found.mapq, found.NM, found.cigar,
                        (after, before) if reverse else (before, after),
                    )  # fmt: skip
            yield MappedPair(name, (bases1, bases2), (quality1, quality2), (hits[0], hits[1]))


def read_slices(r1: Path, r2: Path) -> Iterator[tuple[Batch, Batch]]:
    """Both files side by side, 2,000 pairs at a time, adapters and poor ends cut off. They have passed intake."""
    for whole_one, whole_two in zip(batches(GzipStream(r1)), batches(GzipStream(r2)), strict=True):
        one, two, _ = trimmed(whole_one, whole_two)
        for at in range(0, len(one.names), _SLICE):
            part = slice(at, at + _SLICE)
            yield (
                Batch(one.names[part], one.mates[part], one.bases[part], one.qualities[part]),
                Batch(two.names[part], two.mates[part], two.bases[part], two.qualities[part]),
            )
