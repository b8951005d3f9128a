"""Open a reference bundle for an analysis."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle import positions
from kitloop_genomics.bundle.manifest import Manifest, file_problems, read_manifest
from kitloop_genomics.bundle.panel import Panel, read_panel
from kitloop_genomics.bundle.sex_chromosomes import NONE, SexChromosomes, sex_chromosomes
from kitloop_genomics.by_chromosome import ByChromosome
from kitloop_genomics.errors import BundleError
from kitloop_genomics.traits import trait_file

KIND = "reference-bundle"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle; its panel is mapped into memory and read where it is used.

    contigs maps each sequence of the reference to its length in bp. thresholds is the parsed `thresholds.json`:
    `{"quality_controls": {key: number}, "quality_warnings": {key: number}, "sex": {"y_mappable": share},
    "scores": {key: {"unit", "risk_percentile_threshold"}}}`.
    """

    path: Path
    manifest: Manifest
    contigs: dict[str, int]
    panel: Panel
    thresholds: dict[str, Any]
    sex_chromosomes: SexChromosomes = NONE

    @property
    def reference(self) -> Path:
        return self.path / "reference.fa"

    @property
    def aligner_index(self) -> Path:
        """A minimap2 index made with `-x sr`, if the bundle has one: a big genome takes minutes to index anew."""
        index = self.path / "reference.mmi"
        return index if index.exists() else self.reference

    @property
    def score_files(self) -> list[Path]:
        return sorted((self.path / "scores").glob("*.txt"))

    @property
    def positions_file(self) -> Path:
        """Where sites of other genome builds are in this one; a bundle need not have it."""
        return self.path / positions.FILE_NAME

    @property
    def traits_file(self) -> Path:
        """The traits of single variants; a bundle need not have any."""
        return self.path / trait_file.FILE_NAME

    @property
    def autosomes(self) -> list[int]:
        """Which of the panel's chromosomes judge a person as a whole: those of which everybody has two, or all if there are none."""
        chromosomes = self.panel.chromosomes
        everybodys = [at for at, one in enumerate(chromosomes) if self.sex_chromosomes.is_autosome(one.name)]
        return everybodys or list(range(len(chromosomes)))

    @property
    def autosomal_panel(self) -> Panel:
        """The panel of those."""
        return replace(self.panel, chromosomes=tuple(self.panel.chromosomes[at] for at in self.autosomes))

    def copies(self, karyotype: str) -> ByChromosome[NDArray[np.uint8]]:
        """Per chromosome of the panel, (M,) how many copies a person of this karyotype has at each site."""
        chromosomes, special = self.panel.chromosomes, self.sex_chromosomes
        return ByChromosome(
            len(chromosomes), lambda at: special.copies(chromosomes[at].name, chromosomes[at].position, karyotype)
        )

    @property
    def effective_population_size(self) -> float | None:
        """What the panel's maker found to fit it, in place of the presets'."""
        return self.manifest.imputation.get("effective_population_size")

    @property
    def genome_length_bp(self) -> int:
        return sum(self.contigs.values())


def open_bundle(path: Path) -> Bundle:
    """Read a bundle. Sizes are compared with the manifest each time, checksums only by `check_bundle`.

    Raises `BundleError`, which names the file and the remedy.
    """
    manifest = read_manifest(path)
    if manifest.kind != KIND:
        raise BundleError(path, f"this folder holds '{manifest.kind}'", "Point to the folder `bundle` beside it")
    for problem in file_problems(path, manifest, checksums=False):
        raise problem
    contigs = read_contigs(path / "reference.fa.fai")
    return Bundle(
        path,
        manifest,
        contigs,
        read_panel(path),
        read_thresholds(path / "thresholds.json"),
        sex_chromosomes(path, manifest, contigs),
    )


def read_contigs(index: Path) -> dict[str, int]:
    """Name and length in bp of each sequence of a FASTA index."""
    try:
        rows = [line.split("\t") for line in index.read_text().splitlines()]
        return {row[0]: int(row[1]) for row in rows}
    except (OSError, ValueError, IndexError) as error:
        raise BundleError(index, f"the index can't be read ({error})", "Make it with `samtools faidx`") from error


def read_thresholds(path: Path) -> dict[str, Any]:
    """The parsed `thresholds.json`; a bundle without one can't give a verdict."""
    try:
        content = json.loads(path.read_text())
        controls = content["quality_controls"]
        content.setdefault("scores", {})
        numbers = [*controls.values(), *content.get("quality_warnings", {}).values(), *content.get("sex", {}).values()]
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers):
            raise TypeError("a threshold is not a number")
        sex = content.get("sex", {})
        if not set(sex) <= {"y_mappable"} or not 0 < sex.get("y_mappable", 1) <= 1:
            raise TypeError("sex may hold y_mappable alone, above 0 and at most 1")
    except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        remedy = 'Write {"quality_controls": {"bases_min": …}, "quality_warnings": {…}, "sex": {"y_mappable": …}, "scores": {…}}'
        raise BundleError(path, f"the thresholds can't be read ({error!r})", remedy) from error
    return dict(content)
