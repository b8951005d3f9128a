"""What each sequenced fragment shows at each panel site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods.kernel import walk_reads

MIN_MAPQ = 10
MIN_BASE_QUALITY = 10
_SKIPPED = 0x4 | 0x100 | 0x200 | 0x400 | 0x800  # unmapped, secondary, failed, duplicate, supplementary


@dataclass(frozen=True, slots=True)
class Observations:
    """K observations of one chromosome, sorted by site; one per site and fragment.

    site: (K,) index into the panel's sites.  is_alt: (K,) uint8.  error: (K,) float64, chance that the allele seen
    is not the fragment's.  A base that is neither REF nor ALT is no observation.
    """

    site: NDArray[np.int64]
    is_alt: NDArray[np.uint8]
    error: NDArray[np.float64]


def observe(bam: Path, panel: PanelChromosome) -> Observations:
    """Read one chromosome of a BAM: duplicates, mapq < 10 and base quality < 10 are skipped.

    Where the two mates of a fragment overlap, they are one observation: if they agree the better of the two counts,
    if they disagree neither does.
    """
    names: dict[str, int] = {}
    start, fragment, mapq, bases, qualities, operations = [], [], [], [], [], []
    with pysam.AlignmentFile(str(bam)) as file:
        for record in file.fetch(panel.name):
            if record.flag & _SKIPPED or record.mapping_quality < MIN_MAPQ:
                continue
            start.append(record.reference_start)
            fragment.append(names.setdefault(record.query_name or "", len(names)))
            mapq.append(record.mapping_quality)
            bases.append(record.query_sequence or "")
            qualities.append(bytes(record.query_qualities or b""))
            operations.append(record.cigartuples or [])
    if not start:
        return Observations(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.float64))
    site, owner, is_alt, quality, map_quality = walk_reads(
        panel.position - 1,
        panel.ref,
        panel.alt,
        np.array(start, np.int64),
        np.array(mapq, np.int64),
        np.frombuffer("".join(bases).encode(), np.uint8),
        np.frombuffer(b"".join(qualities), np.uint8),
        _ends([len(one) for one in bases]),
        np.array([pair for one in operations for pair in one], np.int64).reshape(-1, 2),
        _ends([len(one) for one in operations]),
        MIN_BASE_QUALITY,
    )
    phred = quality.astype(np.float64)
    error = np.clip(10 ** (-phred / 10) + 10 ** (-map_quality / 10.0), 1e-5, 0.5)
    return _one_per_fragment(site, np.array(fragment, np.int64)[owner], is_alt, error)


def _ends(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _one_per_fragment(
    site: NDArray[np.int64], fragment: NDArray[np.int64], is_alt: NDArray[np.uint8], error: NDArray[np.float64]
) -> Observations:
    order = np.lexsort((error, fragment, site))  # the better of two mates comes first
    site, fragment, is_alt, error = site[order], fragment[order], is_alt[order], error[order]
    same = (site[1:] == site[:-1]) & (fragment[1:] == fragment[:-1])
    disagree = same & (is_alt[1:] != is_alt[:-1])
    keep = np.ones(len(site), bool)
    keep[1:] &= ~same
    keep[:-1] &= ~disagree
    return Observations(site[keep], is_alt[keep], error[keep])
