"""The phased panel: `panel.bcf` and `populations.tsv` as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from kitloop_genomics.bundle.genetic_map import GeneticMap
from kitloop_genomics.errors import BundleError

_FIXED_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class PanelChromosome:
    """M biallelic SNPs of one chromosome over N haplotypes (two per person, in the order of `Panel.people`).

    position: (M,) int64, 1-based, strictly increasing.  ref, alt: (M,) uint8, ASCII of A, C, G, T.
    ids: M strings.  haplotypes: (M, N) uint8, 0 = REF and 1 = ALT, nothing missing, C order.  cm: (M,) float64.
    """

    name: str
    position: NDArray[np.int64]
    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]
    ids: tuple[str, ...]
    haplotypes: NDArray[np.uint8]
    cm: NDArray[np.float64]

    @property
    def alt_frequency(self) -> NDArray[np.float64]:
        """(M,) share of ALT among the panel's haplotypes."""
        return np.asarray(self.haplotypes.mean(axis=1, dtype=np.float64))

    @property
    def genotypes(self) -> NDArray[np.uint8]:
        """(M, N/2) ALT count of each panel person, 0 to 2."""
        return self.haplotypes[:, 0::2] + self.haplotypes[:, 1::2]


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


def read_panel(bcf: Path, populations: Path, genetic_map: GeneticMap) -> Panel:
    """Decode the panel. `BundleError` for sites that aren't phased, complete, biallelic SNPs in order."""
    remedy = "The panel must hold phased biallelic SNPs without missing genotypes, sorted, with GT first in FORMAT"
    try:
        with pysam.VariantFile(str(bcf)) as file:
            people = tuple(file.header.samples)
            chromosomes = []
            for name, records in groupby(file, key=lambda record: str(record.chrom)):
                if name not in genetic_map.position:
                    raise BundleError(bcf, f"{name} has no genetic map", "Add its rows to map.tsv")
                chromosomes.append(_read_chromosome(name, records, len(people), genetic_map))
    except FileNotFoundError:
        raise BundleError(bcf, "the panel is missing", "Copy the bundle again from its source") from None
    except (OSError, ValueError) as error:
        raise BundleError(bcf, f"the panel can't be read ({error})", remedy) from error
    return Panel(people, _read_populations(populations, people), tuple(chromosomes))


def _read_chromosome(
    name: str, records: Iterator[pysam.VariantRecord], people: int, genetic_map: GeneticMap
) -> PanelChromosome:
    position, ref, alt, ids, rows = [], [], [], [], []
    for record in records:
        # The text of a record is far quicker to take apart than pysam's view of one sample at a time.
        fields = str(record).rstrip("\n").split("\t", _FIXED_COLUMNS)
        if len(fields[3]) != 1 or len(fields[4]) != 1 or len(fields) != _FIXED_COLUMNS + 1:
            raise ValueError(f"{name}:{fields[1]} is not a biallelic SNP with genotypes")
        text = fields[9]
        if fields[8] != "GT":
            text = "\t".join(entry.split(":", 1)[0] for entry in text.split("\t"))
        cells = np.frombuffer(text.encode() + b"\t", np.uint8)
        if cells.size != 4 * people:
            raise ValueError(f"{name}:{fields[1]} has genotypes other than phased pairs of 0 and 1")
        grid = cells.reshape(people, 4)
        alleles = grid[:, (0, 2)].reshape(-1) - ord("0")
        if (grid[:, 1] != ord("|")).any() or (alleles > 1).any():
            raise ValueError(f"{name}:{fields[1]} has unphased or missing genotypes")
        position.append(int(fields[1]))
        ids.append(fields[2])
        ref.append(ord(fields[3]))
        alt.append(ord(fields[4]))
        rows.append(alleles)
    at = np.array(position, np.int64)
    if (np.diff(at) <= 0).any():
        raise ValueError(f"{name} has sites out of order or twice")
    return PanelChromosome(
        name,
        at,
        np.array(ref, np.uint8),
        np.array(alt, np.uint8),
        tuple(ids),
        np.ascontiguousarray(np.array(rows, np.uint8)),
        genetic_map.centimorgans(name, at),
    )


def _read_populations(path: Path, people: tuple[str, ...]) -> tuple[Population, ...]:
    remedy = "One row per panel person under the header 'person\\tpopulation\\tname'"
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        raise BundleError(path, "the population labels are missing", remedy) from None
    index = {person: at for at, person in enumerate(people)}
    members: dict[tuple[str, str], list[int]] = {}
    seen = set()
    for line in lines[1:]:
        fields = line.split("\t")
        if len(fields) != 3 or fields[0] not in index:
            raise BundleError(path, f"the row '{line}' names no panel person", remedy)
        seen.add(fields[0])
        members.setdefault((fields[1], fields[2]), []).append(index[fields[0]])
    if len(seen) != len(people):
        raise BundleError(path, f"{len(people) - len(seen)} panel people have no population", remedy)
    return tuple(Population(key, name, np.array(sorted(at))) for (key, name), at in members.items())
