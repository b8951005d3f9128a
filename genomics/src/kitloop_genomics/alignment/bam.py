"""From FASTQ to a BAM that other programs can use: sorted, mates fixed, duplicates marked, indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pysam
import pysam.samtools

from kitloop_genomics.alignment.mapping import MappedPair, Mapper
from kitloop_genomics.alignment.pairing import InsertRange, fragment_length, insert_range
from kitloop_genomics.alignment.records import header, records

_MIN_MAPQ_FOR_INSERT = 20
_LEARN_FROM_PAIRS = 10_000


@dataclass(frozen=True, slots=True)
class AlignmentCounts:
    """Primary records only. bases_* count bases of reads; a duplicate's bases are in none of them.

    insert_mean_bp and insert_sd_bp are over proper pairs, 0 if there are none.
    """

    reads: int
    mapped: int
    proper: int
    duplicates: int
    bases_dedup: int
    bases_dedup_mapped: int
    aligned_bases_dedup: int
    insert_mean_bp: float
    insert_sd_bp: float


def align(
    r1: Path, r2: Path, bam: Path, *, reference: Path, contigs: dict[str, int], sample_id: str, threads: int = 1
) -> None:
    """Write `bam` and its index `bam` + `.bai`. Intermediate files stand beside it and are removed."""
    mapper = Mapper(reference, list(contigs), threads)
    pairs, normal = _learn_insert(mapper.map_files(r1, r2))
    unsorted, fixed, ordered = (bam.with_suffix(f".{part}.bam") for part in ("unsorted", "fixed", "sorted"))
    head = header(contigs, sample_id)
    with pysam.AlignmentFile(str(unsorted), "wb0", header=head) as out:
        for pair in pairs:
            for record in records(pair, normal, head):
                out.write(record)
    extra = str(threads - 1)
    pysam.samtools.fixmate("--no-PG", "-m", "-u", "-@", extra, str(unsorted), str(fixed), catch_stdout=False)
    unsorted.unlink()
    prefix = str(bam.with_suffix(".sorting"))
    pysam.samtools.sort(
        "--no-PG", "-m", "256M", "-l", "0", "-@", extra, "-T", prefix, "-o", str(ordered), str(fixed),
        catch_stdout=False,
    )  # fmt: skip
    fixed.unlink()
    pysam.samtools.markdup(
        "--no-PG", "-@", extra, "-T", str(bam.with_suffix(".marking")), str(ordered), str(bam), catch_stdout=False
    )
    ordered.unlink()
    pysam.samtools.index("-@", extra, str(bam), catch_stdout=False)


def _learn_insert(pairs: Iterator[MappedPair]) -> tuple[Iterable[MappedPair], InsertRange]:
    """What length of fragment is normal, from the first pairs that both map well."""
    first = list(islice(pairs, _LEARN_FROM_PAIRS))
    lengths = []
    for pair in first:
        one, two = pair.hits
        if one and two and min(one.mapq, two.mapq) >= _MIN_MAPQ_FOR_INSERT:
            length = fragment_length(one, two)
            if length is not None:
                lengths.append(length)
    return chain(first, pairs), insert_range(lengths)


def count_alignments(bam: Path) -> AlignmentCounts:
    """Count what is in a BAM made by `align`."""
    reads = mapped = proper = duplicates = bases_dedup = bases_mapped = aligned = 0
    inserts = total = squares = 0
    with pysam.AlignmentFile(str(bam)) as file:
        for record in file.fetch(until_eof=True):
            reads += 1
            mapped += not record.is_unmapped
            proper += record.is_proper_pair
            if record.is_proper_pair and record.template_length > 0:
                inserts += 1
                total += record.template_length
                squares += record.template_length**2
            if record.is_duplicate:
                duplicates += 1
                continue
            bases_dedup += record.query_length
            if not record.is_unmapped:
                bases_mapped += record.query_length
                aligned += record.query_alignment_length
    mean = total / inserts if inserts else 0.0
    deviation = max(squares / inserts - mean**2, 0.0) ** 0.5 if inserts else 0.0
    return AlignmentCounts(
        reads, mapped, proper, duplicates, bases_dedup, bases_mapped, aligned, round(mean, 2), round(deviation, 2)
    )
