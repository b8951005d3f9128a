"""The phased panel as a run uses it: what the sites are, and haplotypes that are read where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.columns import read_columns
from kitloop_genomics.bundle.haplotypes import StoredHaplotypes
from kitloop_genomics.bundle.texts import Texts
from kitloop_genomics.errors import BundleError

FOLDER = "panel"
INDEX = "index.json"
SCHEMA = "kitloop-panel/1"
PEOPLE_HEADER = "person\tpopulation\tname"
_AT_ONCE = 65_536  # sites that are objects in memory
_REBUILD = "Build the bundle again with `kitloop-genomics panel build`, or copy it again from its source"


@dataclass(frozen=True, slots=True)
class OtherAlleles:
    """site: (K,) int64, rising indices of sites.  texts: REF and ALT of each, a tab between them."""

    site: NDArray[np.int64]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class PanelChromosome:
    """M biallelic sites of one chromosome over N haplotypes (two per person, in the order of `Panel.people`).

    position: (M,) int64, 1-based, never falling.  ref, alt: (M,) uint8, ASCII of A, C, G, T, both 0 at a site that
    a read's one base can't tell: an insertion, a deletion, several bases, or one of several single-base ALTs.
    ids: M strings.  haplotypes: (M, N) uint8, 0 = REF and 1 = ALT, nothing missing, C order, or the same in files.
    cm: (M,) float64.  stored_copies: (M, 1 + P) haplotypes with ALT, of all people and of each population; counted
    from the haplotypes where it isn't given.  others: the alleles where `ref` and `alt` are 0.
    """

    name: str
    position: NDArray[np.int64]
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    ids: Sequence[str]
    haplotypes: NDArray[np.uint8] | StoredHaplotypes
    cm: NDArray[np.float64]
    stored_copies: NDArray[np.unsignedinteger[Any]] | None = None
    others: OtherAlleles | None = None

    @property
    def readable(self) -> NDArray[np.bool_]:
        """(M,) where the base that a read shows tells REF from ALT."""
        return np.asarray(self.ref != 0)

    def alleles(self, first: int, last: int) -> tuple[list[str], list[str]]:
        """REF and ALT of the sites `first` to `last`."""
        refs, alts = (list(one[first:last].tobytes().decode("latin-1")) for one in (self.ref, self.alt))
        if self.others is not None:
            low, high = np.searchsorted(self.others.site, (first, last)).tolist()
            pairs = self.others.texts[low:high]
            for site, pair in zip(self.others.site[low:high].tolist(), pairs, strict=True):
                refs[site - first], alts[site - first] = pair.split("\t")
        return refs, alts

    def variants(self) -> Iterator[tuple[int, str, str]]:
        """Position, REF and ALT of each site."""
        for first in range(0, len(self.position), _AT_ONCE):
            here = slice(first, first + _AT_ONCE)
            refs, alts = self.alleles(first, first + len(self.position[here]))
            yield from zip(self.position[here].tolist(), refs, alts, strict=True)

    def sites_at(self, position: int) -> range:
        """The sites at a 1-based position: none, one, or one for each ALT there."""
        return range(*(int(np.searchsorted(self.position, position, side)) for side in ("left", "right")))

    @property
    def alt_frequency(self) -> NDArray[np.float64]:
        """(M,) share of ALT among the panel's haplotypes."""
        if self.stored_copies is not None:
            return np.asarray(self.stored_copies[:, 0] / self.haplotypes.shape[1])
        return np.asarray(np.asarray(self.haplotypes).mean(axis=1, dtype=np.float64))

    def copies_in(self, populations: Sequence[Population]) -> NDArray[np.int64]:
        """(M, P) haplotypes with ALT in each of the panel's populations."""
        if self.stored_copies is not None:
            return self.stored_copies[:, 1:].astype(np.int64)
        genotypes = self.genotypes
        return np.stack([genotypes[:, one.members].sum(axis=1, dtype=np.int64) for one in populations], axis=1)

    def packed(self, first: int, last: int) -> NDArray[np.uint8]:
        """(last - first, ceil(N/8)) haplotypes of the sites `first` to `last` as bits, the first in the highest bit."""
        if isinstance(self.haplotypes, StoredHaplotypes):
            return self.haplotypes.packed(first, last)
        return np.packbits(self.haplotypes[first:last], axis=1)

    def genotypes_at(self, sites: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(len(sites), N/2) ALT count of each panel person, 0 to 2, at sites in rising order."""
        if isinstance(self.haplotypes, StoredHaplotypes):
            alleles = np.unpackbits(self.haplotypes.rows(sites), axis=1, count=self.haplotypes.haplotypes)
        else:
            alleles = self.haplotypes[sites]
        return np.asarray(alleles[:, 0::2] + alleles[:, 1::2])

    @property
    def genotypes(self) -> NDArray[np.uint8]:
        """(M, N/2) ALT count of each panel person at all sites: for small panels."""
        return self.genotypes_at(np.arange(len(self.position)))


@dataclass(frozen=True, slots=True)
class Population:
    """One population of the panel: `members` are indices into `Panel.people`."""

    key: str
    name: str
    members: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """The whole panel. `people` are sample names; `populations` are in order of first appearance."""

    people: tuple[str, ...]
    populations: tuple[Population, ...]
    chromosomes: tuple[PanelChromosome, ...]

    @property
    def sites(self) -> int:
        return sum(len(chromosome.position) for chromosome in self.chromosomes)


def read_panel(folder: Path) -> Panel:
    """The panel of the bundle in `folder`, mapped and not read. `BundleError` if a part is missing or doesn't fit."""
    people, populations = read_populations(folder / "populations.tsv")
    path = folder / FOLDER / INDEX
    try:
        content = json.loads(path.read_text())
        if content.pop("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        described = [(str(one["name"]), list(one["chunks"])) for one in content["chromosomes"]]
        haplotypes = int(content["haplotypes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(path, f"the panel's index can't be read ({error})", _REBUILD) from error
    if haplotypes != 2 * len(people):
        problem = f"names {len(people)} people, and the panel has {haplotypes} haplotypes"
        raise BundleError(folder / "populations.tsv", problem, "One row per panel person, in the panel's order")
    chromosomes = [_chromosome(path.parent, name, chunks, haplotypes, len(populations)) for name, chunks in described]
    return Panel(people, populations, tuple(chromosomes))


def _chromosome(folder: Path, name: str, chunks: list[Any], haplotypes: int, populations: int) -> PanelChromosome:
    path = folder / f"{name}.sites"
    columns = read_columns(path)
    start = np.concatenate([[0], np.cumsum([int(sites) for sites in chunks])])
    files = tuple(folder / chunk_name(name, number) for number in range(len(chunks)))
    try:
        found = PanelChromosome(
            name, columns["position"], columns["ref"], columns["alt"], Texts(columns["id_end"], columns["id"]),
            StoredHaplotypes(files, start, haplotypes), columns["cm"], columns["copies"],
            OtherAlleles(columns["other"], Texts(columns["other_end"], columns["other_text"])),
        )  # fmt: skip
    except KeyError as error:
        raise BundleError(path, f"has no column {error}", _REBUILD) from error
    if len(found.position) != start[-1] or columns["copies"].shape[1] != 1 + populations:
        raise BundleError(path, "doesn't fit the panel's index and populations", _REBUILD)
    return found


def chunk_name(chromosome: str, number: int) -> str:
    return f"{chromosome}.{number:05d}.haplotypes"


def read_populations(path: Path) -> tuple[tuple[str, ...], tuple[Population, ...]]:
    """The people in the order of the panel's columns, and their populations."""
    remedy = f"One row per panel person under the header {PEOPLE_HEADER!r}"
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise BundleError(path, f"the population labels can't be read ({error})", remedy) from error
    people: list[str] = []
    members: dict[tuple[str, str], list[int]] = {}
    for line in lines[1:]:
        fields = line.split("\t")
        if len(fields) != 3:
            raise BundleError(path, f"the row '{line}' hasn't three columns", remedy)
        members.setdefault((fields[1], fields[2]), []).append(len(people))
        people.append(fields[0])
    if len(set(people)) != len(people):
        raise BundleError(path, "names a person twice", remedy)
    return tuple(people), tuple(Population(key, name, np.array(at)) for (key, name), at in members.items())
