"""From FASTQ to a BAM that other programs can use: sorted, mates fixed, duplicates marked, indexed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pysam
import pysam.samtools

from kitloop_genomics.alignment.mapping import MappedPair, Mapper, read_slices
from kitloop_genomics.alignment.pairing import InsertRange, fragment_length, insert_range
from kitloop_genomics.alignment.records import header, records
from kitloop_genomics.intake.records import Batch
from kitloop_genomics.writing import writing

Part = TypeVar("Part")
Done = TypeVar("Done")
_MIN_MAPQ_FOR_INSERT = 20
_LEARN_FROM_PAIRS = 4_000


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
    r1: Path,
    r2: Path,
    bam: Path,
    *,
    reference: Path,
    contigs: dict[str, int],
    sample_id: str,
    threads: int = 1,
    tell: Callable[[int], None] = lambda pairs: None,
) -> None:
    """Write `bam` and its index `bam` + `.bai`. Intermediate files stand beside it and are removed.

    `tell` hears now and then how many pairs are mapped.
    """
    unsorted, ordered = (bam.with_suffix(f".{part}.bam") for part in ("unsorted", "sorted"))
    write_pairs(r1, r2, unsorted, reference=reference, contigs=contigs, sample_id=sample_id, threads=threads, tell=tell)
    extra = str(threads - 1)
    prefix = str(bam.with_suffix(".sorting"))
    with writing(ordered):
        pysam.samtools.sort(
            "--no-PG", "-m", "256M", "-l", "0", "-@", extra, "-T", prefix, "-o", str(ordered), str(unsorted),
            catch_stdout=False,
        )  # fmt: skip
    unsorted.unlink()
    # Level 4 takes half the time of the usual 6 for 6 % more bytes.
    with writing(bam):
        pysam.samtools.markdup(
            "--no-PG", "-@", extra, "-T", str(bam.with_suffix(".marking")), "--output-fmt-option", "level=4",
            "--write-index", str(ordered), f"{bam}##idx##{bam}.bai", catch_stdout=False,
        )  # fmt: skip
    ordered.unlink()


def write_pairs(
    r1: Path,
    r2: Path,
    bam: Path,
    *,
    reference: Path,
    contigs: dict[str, int],
    sample_id: str,
    threads: int = 1,
    tell: Callable[[int], None] = lambda pairs: None,
) -> None:
    """Map every pair and write `bam`, uncompressed, in the files' order, mates' fields filled in."""
    mapper = Mapper(reference, list(contigs), threads)
    slices = read_slices(r1, r2)
    first: list[MappedPair] = []
    while len(first) < _LEARN_FROM_PAIRS and (part := next(slices, None)):
        first += mapper.map_pairs(*part)
    normal = _normal_insert(first)

    # Pairs become bytes one by one: thousands of them at a time would keep Python's garbage collector busy.
    def encoded(part: tuple[Batch, Batch]) -> tuple[int, bytes]:
        return len(part[0].names), b"".join(records(pair, normal) for pair in mapper.map_pairs(*part))

    # htslib's 0 is "not compressed", and the index is no use while writing; pysam's stub knows neither.
    with writing(bam), pysam.BGZFile(str(bam), "wb0") as out:  # type: ignore[call-arg]
        out.write(header(contigs, sample_id))
        out.write(b"".join(records(pair, normal) for pair in first))
        mapped = len(first)
        tell(mapped)
        first.clear()
        for pairs, block in _in_order(encoded, slices, threads):
            out.write(block)
            mapped += pairs
            tell(mapped)


def _in_order(work: Callable[[Part], Done], parts: Iterable[Part], threads: int) -> Iterator[Done]:
    """What `work` gives for each part, in the order of the parts, some at a time."""
    if threads == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Done]] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _normal_insert(pairs: list[MappedPair]) -> InsertRange:
    """What length of fragment is normal, from pairs that map well."""
    lengths = []
    for one, two in (pair.hits for pair in pairs):
        if one and two and min(one.mapq, two.mapq) >= _MIN_MAPQ_FOR_INSERT:
            length = fragment_length(one, two)
            if length is not None:
                lengths.append(length)
    return insert_range(lengths)


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
