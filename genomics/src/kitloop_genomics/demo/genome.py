"""An invented genome sequence: GC content that drifts, and repeats that have grown apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BASES = np.frombuffer(b"ACGT", np.uint8)
_ISOCHORE_BP = 20_000
_REPEAT_SHARE = 0.1


def sequence(length_bp: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(length_bp,) ASCII bases. GC is 41 % on average (30 to 55 % by 20 kb stretch).

    About a tenth of it are copies of ten repeat families of 300 to 1,200 bp, each copy 8 to 20 % diverged, so that
    an aligner meets ambiguous places, but mostly resolvable ones.
    """
    stretches = -(-length_bp // _ISOCHORE_BP)
    gc = np.repeat(np.clip(rng.normal(0.41, 0.05, stretches), 0.30, 0.55), _ISOCHORE_BP)[:length_bp]
    strong = rng.random(length_bp) < gc
    second = rng.integers(0, 2, length_bp)
    codes = np.where(strong, 1 + second, 3 * second).astype(np.uint8)  # C or G, else A or T
    families = [rng.integers(0, 4, int(rng.integers(300, 1_200))).astype(np.uint8) for _ in range(10)]
    filled = 0
    while filled < _REPEAT_SHARE * length_bp:
        family = families[int(rng.integers(len(families)))]
        copy = _diverged(family, float(rng.uniform(0.08, 0.20)), rng)
        if rng.random() < 0.5:
            copy = 3 - copy[::-1]
        at = int(rng.integers(0, length_bp - len(copy)))
        codes[at : at + len(copy)] = copy
        filled += len(copy)
    return BASES[codes]


def _diverged(family: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    changed = rng.random(len(family)) < share
    shift = rng.integers(1, 4, len(family)).astype(np.uint8)
    return np.where(changed, (family + shift) % 4, family).astype(np.uint8)


def other_alleles(ref: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """An ALT for each REF base (ASCII): the transition two times out of three, else one of the transversions."""
    transition = np.zeros(256, np.uint8)
    first, second = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for base, partner, others in (("A", "G", "CT"), ("G", "A", "CT"), ("C", "T", "AG"), ("T", "C", "AG")):
        transition[ord(base)] = ord(partner)
        first[ord(base)], second[ord(base)] = ord(others[0]), ord(others[1])
    transversion = np.where(rng.random(len(ref)) < 0.5, first[ref], second[ref])
    return np.where(rng.random(len(ref)) < 2 / 3, transition[ref], transversion).astype(np.uint8)


def fasta(sequences: dict[str, NDArray[np.uint8]], note: str) -> bytes:
    """FASTA text in lines of 60 bases."""
    body = []
    for name, bases in sequences.items():
        header = f">{name} {note}\n".encode()
        text = bases.tobytes()
        body += [header, *(text[at : at + 60] + b"\n" for at in range(0, len(text), 60))]
    return b"".join(body)
