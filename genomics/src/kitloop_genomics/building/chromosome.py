"""Writes one chromosome of the panel, chunk by chunk; what is whole on the disk is not written again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.building.sites import LEFT_OUT, Place
from kitloop_genomics.bundle.columns import Columns, read_columns, write_columns
from kitloop_genomics.bundle.genetic_map import GeneticMap
from kitloop_genomics.bundle.haplotypes import chunk_sites, write_chunk
from kitloop_genomics.bundle.panel import chunk_name
from kitloop_genomics.bundle.texts import as_arrays

_BLOCK = 4_096


@dataclass(slots=True)
class ChromosomeWriter:
    """Takes the places of one chromosome in order, from the one after `after` on.

    folder: the bundle's `panel`.  parts: where the site columns of single chunks are until the chromosome is whole.
    haplotypes: their number, N.  members: (P, ceil(N/8)) uint8, bits of the haplotypes of each population.
    A chunk ends before a new position, so that the sites of one position stand in one chunk.
    """

    folder: Path
    parts: Path
    name: str
    genetic_map: GeneticMap
    haplotypes: int
    members: NDArray[np.uint8]
    after: int = 0
    chunks: list[int] = field(default_factory=list)
    chunk_sites: int = 0
    _sites: list[tuple[int, str, str, str]] = field(default_factory=list)
    _bits: bytearray = field(default_factory=bytearray)
    _left_out: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Find what an earlier build has left."""
        self.chunk_sites = chunk_sites(self.haplotypes)
        while (path := self._part(len(self.chunks))).exists():
            position = read_columns(path)["position"]
            self.chunks.append(len(position))
            self.after = int(position[-1])

    def add(self, place: Place) -> None:
        if len(self._sites) >= self.chunk_sites and place.position > self._sites[-1][0]:
            self._write_chunk()
        if place.left_out:
            self._left_out.update(place.left_out)
        for site in place.sites:
            self._sites.append((place.position, site.id, site.ref, site.alt))
            self._bits += site.bits

    def finish(self) -> None:
        """The chromosome's site columns, joined from those of its chunks. Nothing is written for one without sites."""
        if self._sites:
            self._write_chunk()
        if not self.chunks:
            return
        parts = [read_columns(self._part(number)) for number in range(len(self.chunks))]
        columns: dict[str, list[NDArray[Any]]] = {
            name: [part[name] for part in parts] for name in ("position", "ref", "alt", "cm", "copies", "id")
        }
        columns["id_end"] = _shifted(parts, "id_end", "id")
        columns["other"] = _shifted(parts, "other", "position")
        columns["other_end"] = _shifted(parts, "other_end", "other_text")
        columns["other_text"] = [part["other_text"] for part in parts]
        rest = np.array([self._left_out[reason] for reason in LEFT_OUT])
        columns["left_out"] = [np.sum([part["left_out"] for part in parts], axis=0) + rest]
        columns["chunks"] = [np.array(self.chunks)]
        write_columns(self.folder / f"{self.name}.sites", columns)
        for number in range(len(self.chunks)):
            self._part(number).unlink()

    def _part(self, number: int) -> Path:
        return self.parts / f"{self.name}.{number:05d}.sites"

    def _write_chunk(self) -> None:
        number = len(self.chunks)
        positions, names, refs, alts = zip(*self._sites, strict=True)
        position = np.array(positions, np.int64)
        packed = np.frombuffer(self._bits, np.uint8).reshape(len(position), -1)
        copies = self._copies(packed)
        id_end, ids = as_arrays(list(names))
        ref, alt = _one_base(refs), _one_base(alts)
        readable = _alone(position, (ref != 0) & (alt != 0))
        other = np.flatnonzero(~readable)
        other_end, other_text = as_arrays([f"{refs[at]}\t{alts[at]}" for at in other.tolist()])
        write_chunk(self.folder / chunk_name(self.name, number), packed, copies[:, 0].astype(np.int64), self.haplotypes)
        # Last: where it is, the chunk is whole.
        write_columns(
            self._part(number),
            {
                "position": [position],
                "ref": [np.where(readable, ref, 0).astype(np.uint8)],
                "alt": [np.where(readable, alt, 0).astype(np.uint8)],
                "other": [other],
                "other_end": [other_end],
                "other_text": [other_text],
                "cm": [self.genetic_map.centimorgans(self.name, position)],
                "copies": [copies],
                "id_end": [id_end],
                "id": [ids],
                "left_out": [np.array([self._left_out[reason] for reason in LEFT_OUT])],
            },
        )
        self.chunks.append(len(position))
        self.after = positions[-1]
        self._sites, self._bits, self._left_out = [], bytearray(), Counter()

    def _copies(self, packed: NDArray[np.uint8]) -> NDArray[np.unsignedinteger[Any]]:
        """(S, 1 + P) haplotypes with ALT, of all people and of each population."""
        number = np.uint16 if self.haplotypes < 2**16 else np.uint32
        copies = np.empty((len(packed), 1 + len(self.members)), number)
        for start in range(0, len(packed), _BLOCK):
            rows = packed[start : start + _BLOCK]
            for at, mask in enumerate(self.members, 1):
                copies[start : start + _BLOCK, at] = np.bitwise_count(rows & mask).sum(axis=1, dtype=number)
        copies[:, 0] = copies[:, 1:].sum(axis=1)  # each person is in one population
        return copies


def _one_base(texts: Sequence[str]) -> NDArray[np.uint8]:
    """(S,) ASCII of alleles of one base, 0 for longer ones."""
    return np.array([ord(text) if len(text) == 1 else 0 for text in texts], np.uint8)


def _alone(position: NDArray[np.int64], single: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S,) the single-base sites that are the only one at their position.

    A read of one ALT would be left out at the site of another, and so speak for the wrong genotype.
    """
    _, place = np.unique(position, return_inverse=True)
    return np.asarray(single & (np.bincount(place, weights=single)[place] == 1))


def _shifted(parts: list[Columns], number: str, counted: str) -> list[NDArray[Any]]:
    """Numbers of places in `counted`, from the first part's beginning on."""
    before = np.cumsum([0, *(len(part[counted]) for part in parts)])
    return [part[number] + first for part, first in zip(parts, before[:-1], strict=True)]
