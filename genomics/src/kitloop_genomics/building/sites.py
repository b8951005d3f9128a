"""From a panel file's records to the biallelic sites of a bundle, each checked.

A record with several ALTs becomes a site for each, as `bcftools norm -m-` makes them: a haplotype with another ALT counts
as one without this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.building.record import Records, VariantSource
from kitloop_genomics.building.reference import Reference
from kitloop_genomics.bundle.genetic_map import GeneticMap
from kitloop_genomics.errors import PanelSourceError

# Why a record, or one of its ALTs, is left out; the order is that of the counts in a chunk.
LEFT_OUT = ("does_not_vary", "symbolic", "reference_unknown")
_BASES = re.compile("[ACGT]+")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_AT_ONCE = 256
_AGAIN = "Copy the file again: it is damaged"
_PHASE = "Phase the panel first: two phased alleles of every person at every site"


class Site(NamedTuple):  # a tuple, as tens of millions are made
    """One biallelic site. bits: its haplotypes, packed, 1 where one has ALT.  copies: how many have it."""

    id: str
    ref: str
    alt: str
    bits: bytes
    copies: int


class Place(NamedTuple):
    """What one record gives: sites to keep, and why others are left out."""

    chromosome: str
    position: int
    sites: tuple[Site, ...]
    left_out: tuple[str, ...]


@dataclass(slots=True)
class SiteReader:
    """Reads panel files one after the other.

    refuse: hears of each problem; what it doesn't raise is passed over.  after: by chromosome, the last position that
    is stored already; records up to there are not looked at.
    """

    reference: Reference
    genetic_map: GeneticMap
    refuse: Callable[[PanelSourceError], None]
    after: Callable[[str], float] = lambda name: 0.0
    begun: set[str] = field(default_factory=set)

    def places(self, source: VariantSource) -> Iterator[Place]:
        """Every record of `source` that isn't stored yet and has no problem, in order."""
        chromosome, usable, after, position = "", False, 0.0, 0
        batch = _Batch(source, "")
        for name, at, raw in source:
            if name != chromosome:
                yield from self._judged(batch)
                chromosome, usable, after, position = name, self._begins(source.path, name), self.after(name), 0
                batch = _Batch(source, name)
            if not usable or at <= after:
                position = at
            elif at < position:
                yield from self._judged(batch)
                remedy = "Sort it with `bcftools sort`"
                problem = f"stands after {name}:{position}"
                self.refuse(PanelSourceError(source.path, problem, remedy, place=f"{name}:{at}"))
            else:
                position = at
                batch.positions.append(at)
                batch.raws.append(raw)
                if len(batch.raws) == _AT_ONCE:
                    yield from self._judged(batch)
        yield from self._judged(batch)

    def _begins(self, path: Path, name: str) -> bool:
        """Whether a chromosome that begins here can be used."""
        remedy = ""
        if name in self.begun:
            problem, remedy = f"{name} stands in two places", "Give each chromosome once, with its records together"
        elif not _NAME.fullmatch(name):
            problem, remedy = f"the name {name} can't stand in a file's name", "Leave the sequence out of the panel"
        elif name not in self.reference.lengths:
            known = ", ".join(list(self.reference.lengths)[:3])
            problem = f"{name} is not in the FASTA, which has {known} …"
            remedy = "Use the FASTA that the panel was called against, or `bcftools annotate --rename-chrs`"
        elif name not in self.genetic_map.position:
            known = ", ".join(list(self.genetic_map.position)[:3]) or "none"
            problem = f"{name} has no rows in the genetic map, which has {known} …"
            remedy = "Add the map of this chromosome with another --map, or leave the chromosome out of the panel"
        if remedy:
            self.refuse(PanelSourceError(path, problem, remedy))
            return False
        self.begun.add(name)
        return True

    def _judged(self, batch: _Batch) -> Iterator[Place]:
        """What the batch's records give; it is empty after that, but for the alleles of its last position."""
        if not batch.raws:
            return
        places = [f"{batch.chromosome}:{at}" for at in batch.positions]
        try:
            taken = [(batch.positions, places, batch.source.decode(batch.raws, places))]
        except PanelSourceError:  # one by one, to know whose problem it is and to keep the others
            taken = []
            for at, place, raw in zip(batch.positions, places, batch.raws, strict=True):
                try:
                    taken.append(([at], [place], batch.source.decode([raw], [place])))
                except PanelSourceError as error:
                    yield from self._kept(batch, taken)
                    taken = []
                    self.refuse(error)
        yield from self._kept(batch, taken)
        batch.positions, batch.raws = [], []

    def _kept(self, batch: _Batch, taken: list[tuple[list[int], list[str], Records]]) -> Iterator[Place]:
        for positions, places, records in taken:
            unusable = _unusable(records)
            first_alts = _bits(records, slice(None), 1)
            for row, (at, place) in enumerate(zip(positions, places, strict=True)):
                if at != batch.last_position:
                    batch.last_position, batch.alleles_there = at, set()
                try:
                    if unusable[row]:
                        raise _problem(batch.source, records, row, place)
                    yield self._place(batch, at, place, records, row, first_alts)
                except PanelSourceError as error:
                    self.refuse(error)

    def _place(
        self, batch: _Batch, at: int, place: str, records: Records, row: int,
        first_alts: tuple[NDArray[np.uint8], NDArray[np.int64]],
    ) -> Place:  # fmt: skip
        name, ref, alts = batch.chromosome, records.refs[row], records.alts[row]
        truth = self.reference.bases(name, at, len(ref))
        if truth != ref:
            if _is_bases(ref) and (_is_bases(truth) or not truth):
                problem = f"its REF is {_short(ref)}, and the FASTA has {_short(truth) or 'nothing'} there"
                remedy = "Use the FASTA that the panel was called against; `bcftools norm -c ws` mends single records"
                raise PanelSourceError(batch.source.path, problem, remedy, place=place)
            return Place(name, at, (), ("reference_unknown",) * len(alts))
        sites, left_out = [], []
        for number, alt in enumerate(alts, 1):
            bits, copies = (first_alts[0][row], first_alts[1][row]) if number == 1 else _bits(records, row, number)
            if not _is_bases(alt):
                left_out.append("symbolic")
            elif copies in (0, 2 * records.first.shape[1]):
                left_out.append("does_not_vary")
            elif (ref, alt) in batch.alleles_there:
                problem = f"{_short(ref)}>{_short(alt)} stands there twice"
                remedy = "Keep one of them: `bcftools norm -d exact` does"
                raise PanelSourceError(batch.source.path, problem, remedy, place=place)
            else:
                batch.alleles_there.add((ref, alt))
                sites.append(Site(records.ids[row], ref, alt, bits.tobytes(), int(copies)))
        return Place(name, at, tuple(sites), tuple(left_out))


@dataclass(slots=True)
class _Batch:
    """Records of one chromosome that are taken apart together."""

    source: VariantSource
    chromosome: str
    positions: list[int] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    last_position: int = 0
    alleles_there: set[tuple[str, str]] = field(default_factory=set)


def _bits(records: Records, rows: int | slice, number: int) -> tuple[NDArray[np.uint8], Any]:
    """Packed alleles that are ALT `number`, and how many they are."""
    first, second = records.first[rows], records.second[rows]
    alleles = np.stack([first == number, second == number], axis=-1).reshape(*first.shape[:-1], -1)
    return np.packbits(alleles, axis=-1), np.count_nonzero(alleles, axis=-1)


def _unusable(records: Records) -> NDArray[np.bool_]:
    """(R,) where a genotype is missing, unphased or names an allele that isn't listed."""
    lowest, highest = np.minimum(records.first, records.second), np.maximum(records.first, records.second)
    listed = np.array([len(alts) for alts in records.alts])
    unphased = (records.unphased & (lowest != highest)).any(axis=1)
    return np.asarray((lowest.min(axis=1) < 0) | (highest.max(axis=1) > listed) | unphased)


def _problem(source: VariantSource, records: Records, row: int, place: str) -> PanelSourceError:
    first, second = records.first[row], records.second[row]
    # Of two alike alleles the order says nothing, so these may be unphased.
    kinds = (
        ((first < 0) | (second < 0), "no genotype", _PHASE),
        (np.maximum(first, second) > len(records.alts[row]), "an allele that the record doesn't list", _AGAIN),
        (records.unphased[row] & (first != second), "an unphased genotype", _PHASE),
    )
    which, what, remedy = next(kind for kind in kinds if kind[0].any())
    return PanelSourceError(source.path, f"{_people(source, which)} {what}", remedy, place=place)


def is_leftmost(ref: str, alt: str) -> bool:
    """Whether these alleles are as far to the left and as short as they can be, which is how `bcftools norm -f` names them."""
    return ref[-1] != alt[-1] and (min(len(ref), len(alt)) == 1 or ref[0] != alt[0])


def _is_bases(allele: str) -> bool:
    return allele in ("A", "C", "G", "T") or _BASES.fullmatch(allele) is not None


def _people(source: VariantSource, which: NDArray[np.bool_]) -> str:
    count = int(which.sum())
    first = source.people[int(np.flatnonzero(which)[0])]
    return f"{first} has" if count == 1 else f"{count} people, {first} first, have"


def _short(allele: str) -> str:
    return allele if len(allele) <= 12 else f"{allele[:10]}… ({len(allele)} bp)"
