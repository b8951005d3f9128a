"""How many X and Y chromosomes a sample has, from the depth on them beside that on the autosomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pysam.samtools

UNDETERMINED = "undetermined"
# Copies of X and Y of each karyotype that is born alive and not a mosaic.
KARYOTYPES = {"X0": (1, 0), "XX": (2, 0), "XY": (1, 1), "XXX": (3, 0), "XXY": (2, 1), "XYY": (1, 2), "XXYY": (2, 2)}
DECLARED = {"XX": ("XX", "X0", "XXX"), "XY": ("XY", "XXY", "XYY", "XXYY")}
_X, _Y = ("chrX", "X"), ("chrY", "Y")
_NOT_AUTOSOMES = {*_X, *_Y, "chrM", "MT", "M", "chrMT"}
_MIN_READS = 1_000  # on the autosomes: fewer leave it open
_FAR = 0.25  # copies: what is further from every karyotype is none of them, a mosaic perhaps
_SKIPPED = "0xF04"


@dataclass(frozen=True, slots=True)
class SexDepths:
    """Copies that the depth on each speaks for, the autosomes' two being two; None where the reference hasn't got it."""

    x_copies: float | None
    y_copies: float | None
    karyotype: str


def sex_of(bam: Path, reference: Path, contigs: dict[str, int], y_mappable: float = 1.0) -> SexDepths:
    """Count reads of mapping quality 10 and more, duplicates left out, per known base of X, Y and the autosomes.

    y_mappable: share of the known Y that reads can be placed on, which the bundle says (`sex` in its thresholds):
    much of a human Y is repeats. Undetermined where the reference has no X or no Y, or where there is little data.
    """
    x, y = (next((name for name in names if name in contigs), None) for names in (_X, _Y))
    if x is None or y is None:
        return SexDepths(None, None, UNDETERMINED)
    autosomes = [name for name in contigs if name not in _NOT_AUTOSOMES]
    known = known_bases(reference, [*autosomes, x, y])
    reads = {name: _reads(bam, name) for name in (*autosomes, x, y)}
    on_autosomes = sum(reads[name] for name in autosomes)
    length = sum(known[name] for name in autosomes)
    if on_autosomes < _MIN_READS or not known[x] or not known[y]:
        return SexDepths(None, None, UNDETERMINED)
    depth = on_autosomes / length / 2  # of one copy
    x_copies, y_copies = reads[x] / known[x] / depth, reads[y] / (known[y] * y_mappable) / depth
    return SexDepths(x_copies, y_copies, karyotype(x_copies, y_copies))


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
    with pysam.FastaFile(str(reference)) as fasta:
        found = {}
        for name in names:
            bases = fasta.fetch(name)
            found[name] = len(bases) - bases.count("N") - bases.count("n")
        return found


def _reads(bam: Path, name: str) -> int:
    return int(str(pysam.samtools.view("-c", "-q", "10", "-F", _SKIPPED, str(bam), name)))
