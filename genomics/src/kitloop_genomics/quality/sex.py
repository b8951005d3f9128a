"""How many X and Y chromosomes a sample has, from the depth on them beside that on the autosomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pysam.samtools

from kitloop_genomics.bundle.sex_chromosomes import SexChromosomes

UNDETERMINED = "undetermined"
# Copies of X and Y of each karyotype that is born alive and not a mosaic.
KARYOTYPES = {"X0": (1, 0), "XX": (2, 0), "XY": (1, 1), "XXX": (3, 0), "XXY": (2, 1), "XYY": (1, 2), "XXYY": (2, 2)}
DECLARED = {"XX": ("XX", "X0", "XXX"), "XY": ("XY", "XXY", "XYY", "XXYY")}
_MITOCHONDRIA = {"chrM", "MT", "M", "chrMT"}  # hundreds of copies, whether the bundle names it or not
_MIN_READS = 1_000  # on the autosomes: fewer leave it open
_FAR = 0.25  # copies: what is further from every karyotype is none of them, a mosaic perhaps
_SKIPPED = "0xF04"


@dataclass(frozen=True, slots=True)
class SexDepths:
    """Copies that the depth on each speaks for, the autosomes' two being two; None where the reference hasn't got it."""

    x_copies: float | None
    y_copies: float | None
    karyotype: str


def sex_of(
    bam: Path, reference: Path, contigs: dict[str, int], special: SexChromosomes, y_mappable: float = 1.0
) -> SexDepths:
    """Count reads of mapping quality 10 and more, duplicates left out, per known base of X, Y and the autosomes.

    special: which sequences X and Y are; where they pair, X is left out, since everybody has two copies there.
    y_mappable: share of the known Y that reads can be placed on, which the bundle says (`sex` in its thresholds):
    much of a human Y is repeats. Undetermined where the reference has no X or no Y, or where there is little data.
    """
    x, y = special.x, special.y
    if x not in contigs or y not in contigs:
        return SexDepths(None, None, UNDETERMINED)
    autosomes = [name for name in contigs if special.is_autosome(name) and name not in _MITOCHONDRIA]
    unpaired = _outside(special.par, contigs[x])
    known = known_bases(reference, [*autosomes, y])
    on_autosomes, length = sum(_reads(bam, name) for name in autosomes), sum(known[name] for name in autosomes)
    known_x = sum(_known(reference, x, first, last) for first, last in unpaired)
    if on_autosomes < _MIN_READS or not known_x or not known[y]:
        return SexDepths(None, None, UNDETERMINED)
    depth = on_autosomes / length / 2  # of one copy
    reads_x = sum(_reads(bam, f"{x}:{first}-{last}") for first, last in unpaired)
    x_copies, y_copies = reads_x / known_x / depth, _reads(bam, y) / (known[y] * y_mappable) / depth
    return SexDepths(x_copies, y_copies, karyotype(x_copies, y_copies))


def _outside(par: tuple[tuple[int, int], ...], length_bp: int) -> list[tuple[int, int]]:
    """The stretches of X between those of `par`, 1-based and inclusive."""
    edges = [0, *(edge for first, last in sorted(par) for edge in (first, last)), length_bp + 1]
    return [
        (before + 1, after - 1) for before, after in zip(edges[::2], edges[1::2], strict=True) if after - before > 1
    ]


def karyotype(x_copies: float, y_copies: float) -> str:
    """The karyotype within a quarter of a copy of both, or `undetermined`."""
    found = np.array([x_copies, y_copies])
    best = min(KARYOTYPES, key=lambda name: float(np.abs(found - KARYOTYPES[name]).max()))
    return best if np.abs(found - KARYOTYPES[best]).max() <= _FAR else UNDETERMINED


def agrees(declared: str, found: str) -> bool | None:
    """Whether a karyotype is one of the declared sex ("XX" or "XY"); None where it is undetermined."""
    return None if found == UNDETERMINED else found in DECLARED[declared]


def known_bases(reference: Path, names: list[str]) -> dict[str, int]:
    """Bases of each sequence that are not N."""
    return {name: _known(reference, name) for name in names}


def _known(reference: Path, name: str, first: int = 1, last: int | None = None) -> int:
    with pysam.FastaFile(str(reference)) as fasta:
        bases = fasta.fetch(name, first - 1, last)
    return len(bases) - bases.count("N") - bases.count("n")


def _reads(bam: Path, region: str) -> int:
    return int(str(pysam.samtools.view("-c", "-q", "10", "-F", _SKIPPED, str(bam), region)))
