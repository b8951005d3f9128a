"""What a bundle is built from, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kitloop_genomics.building.bcf_binary import MAGIC, BcfBinary
from kitloop_genomics.building.people import Labels, check_people, read_labels
from kitloop_genomics.building.record import VariantSource
from kitloop_genomics.building.stream import PanelStream, readable
from kitloop_genomics.building.vcf_text import VcfText
from kitloop_genomics.bundle.sex_chromosomes import stated
from kitloop_genomics.errors import InputError, PanelSourceError
from kitloop_genomics.writing import sha256_of


@dataclass(frozen=True, slots=True)
class PanelSources:
    """Files. variants: VCF or BCF, one or several, each chromosome in one of them.  maps: in any form of `maps`."""

    fasta: Path
    variants: tuple[Path, ...]
    maps: tuple[Path, ...]
    populations: Path
    scores: tuple[Path, ...] = ()
    traits: Path | None = None
    positions: Path | None = None
    thresholds: Path | None = None

    def files(self) -> list[Path]:
        more = [path for path in (self.traits, self.positions, self.thresholds) if path is not None]
        return [self.fasta, *self.variants, *self.maps, self.populations, *self.scores, *more]

    def fingerprint(self) -> list[list[Any]]:
        """Path, size and time of change of each file: is it the one that an earlier build has read from?"""
        return [[str(p.absolute()), p.stat().st_size, p.stat().st_mtime_ns] for p in self.files()]

    def people(self) -> tuple[Labels, tuple[str, ...]]:
        """The population table, and the panel's people in the order of its columns, each of whom it names."""
        for path in self.files():
            if not path.is_file():
                raise PanelSourceError(path, "is not there", "Give the path of a file")
        labels = read_labels(self.populations)
        found = []
        for path in self.variants:
            with open_variants(path) as source:
                found.append((path, source.people))
        return labels, check_people(self.populations, labels, found)


@dataclass(frozen=True, slots=True)
class Description:
    """What the manifest says. licences: by the name of a source file.  created_by: beside tool and version.

    sex_chromosomes: as in the manifest, empty where they go by their usual names.
    """

    id: str
    version: str
    build: str
    species: str
    license: str
    licences: dict[str, str] = field(default_factory=dict)
    effective_population_size: float | None = None
    created_by: dict[str, Any] = field(default_factory=dict)
    sex_chromosomes: dict[str, Any] = field(default_factory=dict)

    def of_sources(self, sources: PanelSources) -> list[dict[str, Any]]:
        """Name, size, SHA-256 and licence of each source; reads them whole."""
        return [
            {"name": path.name, "size": path.stat().st_size, "sha256": sha256_of(path)}
            | ({"licence": self.licences[path.name]} if path.name in self.licences else {})
            for path in sources.files()
        ]

    def check(self, sources: PanelSources) -> None:
        names = [path.name for path in sources.files()]
        for name in self.licences:
            if name not in names:
                raise InputError(f"the licence of {name} is given, and no source has this name: {', '.join(names)}")

    def check_sequences(self, lengths: dict[str, int]) -> None:
        """`InputError` where `sex_chromosomes` don't fit a reference of sequences of these lengths in bp."""
        try:
            stated(self.sex_chromosomes, self.build, lengths)
        except ValueError as error:
            remedy = "Give --x, --y and --mitochondrial the FASTA's names, and --par positions of X, as 10001-2781479"
            raise InputError(f"the sex chromosomes can't be used: {error}. {remedy}") from error


@contextmanager
def open_variants(path: Path) -> Iterator[VariantSource]:
    """The reader for what the file is, whatever it is called."""
    with PanelStream(path) as stream:
        with readable(path):
            binary = stream.peek(len(MAGIC))[: len(MAGIC)] == MAGIC
        yield BcfBinary(path, stream) if binary else VcfText(path, stream)
