"""Is a bundle whole and consistent? All problems at once, each with its file and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam

from kitloop_genomics.bundle.manifest import file_problems, read_manifest
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.errors import BundleError, ScoringFileError
from kitloop_genomics.scores.catalog_file import read_scoring_file
from kitloop_genomics.traits.trait_file import read_traits


def check_bundle(path: Path) -> list[BundleError]:
    """Every problem of a bundle, or an empty list. Checks checksums first: the rest needs intact files."""
    try:
        manifest = read_manifest(path)
    except BundleError as error:
        return [error]
    problems = file_problems(path, manifest, checksums=True)
    if problems:
        return problems
    try:
        bundle = open_bundle(path)
    except BundleError as error:
        return [error]
    checks: list[Callable[[Bundle], list[BundleError]]] = [
        _reference,
        _sites,
        _frequencies,
        _positions,
        _scores,
        _traits,
    ]
    return [problem for check in checks for problem in check(bundle)]


def _reference(bundle: Bundle) -> list[BundleError]:
    """The panel's REF alleles are the reference's bases."""
    problems = []
    with pysam.FastaFile(str(bundle.reference)) as fasta:
        for chromosome in bundle.panel.chromosomes:
            if chromosome.name not in bundle.contigs:
                remedy = "Use a panel and a reference of the same build and naming"
                problems.append(BundleError(bundle.reference, f"has no sequence {chromosome.name}", remedy))
                continue
            wrong = _wrong_refs(chromosome, fasta.fetch(chromosome.name).upper())
            if wrong:
                problems.append(
                    BundleError(
                        bundle.path / "panel",
                        f"{wrong} sites of {chromosome.name} have a REF that is not the reference's base",
                        "The panel is of another build: use the reference that it was called against",
                    )
                )
    return problems


def _wrong_refs(chromosome: PanelChromosome, text: str) -> int:
    sequence = np.frombuffer(text.encode(), np.uint8)
    of_base = np.flatnonzero(chromosome.readable)
    position = chromosome.position[of_base]
    inside = position <= len(sequence)
    wrong = int((~inside).sum()) + int((sequence[position[inside] - 1] != chromosome.ref[of_base][inside]).sum())
    if chromosome.others is not None:
        places = chromosome.position[chromosome.others.site].tolist()
        refs = (pair.split("\t")[0] for pair in chromosome.others.texts)
        wrong += sum(not text.startswith(ref, at - 1) for at, ref in zip(places, refs, strict=True))
    return wrong


def _sites(bundle: Bundle) -> list[BundleError]:
    """There is something to impute, and populations to compare with."""
    problems = []
    if bundle.panel.sites == 0:
        problems.append(BundleError(bundle.path / "panel", "holds no sites", "Use a panel with sites"))
    if len(bundle.panel.populations) < 2:
        where = bundle.path / "populations.tsv"
        problems.append(BundleError(where, "has fewer than two populations", "Label at least two populations"))
    return problems


def _frequencies(bundle: Bundle) -> list[BundleError]:
    """Each site varies in the panel; one that does not can't be imputed."""
    fixed = sum(int(((row.alt_frequency == 0) | (row.alt_frequency == 1)).sum()) for row in bundle.panel.chromosomes)
    if not fixed:
        return []
    remedy = "Build the bundle again with `kitloop-genomics panel build`, which leaves them out"
    return [BundleError(bundle.path / "panel", f"{fixed} sites don't vary in the panel", remedy)]


def _positions(bundle: Bundle) -> list[BundleError]:
    """What the position table points to is in the reference."""
    try:
        tables = read_positions(bundle.positions_file)
    except BundleError as error:
        return [error]
    problems = []
    for build, chromosomes in tables.items():
        for name, table in chromosomes.items():
            length = np.array([bundle.contigs.get(target, 0) for target in table.names])[table.chromosome]
            outside = int(((table.to_position < 1) | (table.to_position > length)).sum())
            if outside:
                problem = f"{outside} sites of chromosome {name} of build {build} lead outside the reference"
                remedy = "Make it for this reference: its targets must be the build of the bundle"
                problems.append(BundleError(bundle.positions_file, problem, remedy))
    return problems


def _scores(bundle: Bundle) -> list[BundleError]:
    """Every scoring file can be read."""
    problems = []
    for path in bundle.score_files:
        try:
            read_scoring_file(path)
        except ScoringFileError as error:
            where = f"line {error.line}: " if error.line else ""
            problems.append(BundleError(path, f"{where}{error.problem}", error.remedy))
    return problems


def _traits(bundle: Bundle) -> list[BundleError]:
    """Every trait can be read, and stands on the reference with one of its alleles."""
    try:
        traits = read_traits(bundle.traits_file)
    except BundleError as error:
        return [error]
    problems = []
    with pysam.FastaFile(str(bundle.reference)) as fasta:
        for trait in traits:
            inside = trait.position <= bundle.contigs.get(trait.chromosome, 0)
            base = fasta.fetch(trait.chromosome, trait.position - 1, trait.position).upper() if inside else ""
            if base not in (trait.other_allele, trait.effect_allele):
                problem = f"the trait {trait.key} has neither allele at its place in the reference"
                remedy = "Give its position and alleles in the bundle's build, on the forward strand"
                problems.append(BundleError(bundle.traits_file, problem, remedy))
    return problems
