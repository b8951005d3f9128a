"""One demo, one bundle in memory, one simulated person and one finished run, shared by all tests of a session.

Each is there a second time in short, with a fifth of the genome, for all that doesn't depend on its length.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pytest
from array_exports import Tables
from commands import call
from kitloop_genomics.arrays.export import Export, read_export
from kitloop_genomics.building import chromosome as chromosome_module
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.positions import read_positions
from kitloop_genomics.demo.build import Demo, build_demo
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.pipeline import analyse, analyse_array
from kitloop_genomics.result import Analysis
from kitloop_genomics.sandbox.array import SimulatedArray, simulate_array
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads
from panel_sources import DESCRIPTION, Small, small_panel
from sexed import Chromosome, build_sexed_bundle, simulate_genome


@dataclass(frozen=True)
class Finished:
    """A finished run: what `analyse` returned, and where its files are."""

    analysis: Analysis
    out: Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """As the command makes it."""
    demo = Demo(tmp_path_factory.mktemp("genomics") / "demo")
    assert call("panel", "demo", demo.path).stdout == f"bundle  {demo.bundle}\npeople  {demo.people}\n"
    return demo


@pytest.fixture(scope="session")
def bundle(demo: Demo) -> Bundle:
    return open_bundle(demo.bundle)


@pytest.fixture(scope="session")
def reads(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> SimulatedReads:
    return simulate_reads(demo, "kit-1", tmp_path_factory.mktemp("reads"))


@pytest.fixture(scope="session")
def finished(bundle: Bundle, reads: SimulatedReads, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    out = tmp_path_factory.mktemp("finished")
    analysis = analyse(bundle, reads.r1, reads.r2, sample_id="kit-1", out=out, truth=reads.truth_vcf)
    return Finished(analysis, out)


@pytest.fixture(scope="session")
def short_demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Two chromosomes of 400 kb, and the whole panel."""
    return build_demo(tmp_path_factory.mktemp("short") / "demo", seed=1, length_bp=400_000)


@pytest.fixture(scope="session")
def short_bundle(short_demo: Demo) -> Bundle:
    return open_bundle(short_demo.bundle)


@pytest.fixture(scope="session")
def short_reads(short_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> SimulatedReads:
    return simulate_reads(short_demo, "kit-1", tmp_path_factory.mktemp("short-reads"))


@pytest.fixture(scope="session")
def short_run(short_bundle: Bundle, short_reads: SimulatedReads, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """An unbroken run on one thread."""
    out = tmp_path_factory.mktemp("short-run")
    analysis = analyse(
        short_bundle, short_reads.r1, short_reads.r2, sample_id="kit-1", out=out, truth=short_reads.truth_vcf
    )
    return Finished(analysis, out)


@pytest.fixture(scope="session")
def true_dosages(bundle: Bundle, reads: SimulatedReads) -> list[Dosages]:
    """The simulated person's true genotypes in the shape of imputed ones, entirely sure."""
    with pysam.VariantFile(str(reads.truth_vcf)) as file:
        truth = np.array([sum(record.samples[0]["GT"]) for record in file])
    first = len(bundle.panel.chromosomes[0].position)
    return [
        Dosages(part.astype(np.float32), np.eye(3, dtype=np.float32)[part], part.astype(np.int8))
        for part in (truth[:first], truth[first:])
    ]


@pytest.fixture(scope="session")
def sexed_genome() -> dict[str, Chromosome]:
    return simulate_genome()


@pytest.fixture(scope="session")
def sexed_bundle(sexed_genome: dict[str, Chromosome], tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(build_sexed_bundle(sexed_genome, tmp_path_factory.mktemp("sexed")))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_panel(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def built(small: Small) -> Path:
    return build_bundle(small.folder / "built", small.sources, DESCRIPTION).path


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel of `small` in ten chunks instead of two."""
    monkeypatch.setattr(chromosome_module, "chunk_sites", lambda haplotypes: 64)


@pytest.fixture(scope="session")
def tables(bundle: Bundle) -> Tables:
    """Where the earlier build's sites are, by build and chromosome."""
    return read_positions(bundle.positions_file)


@pytest.fixture(scope="session")
def simulated(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> SimulatedArray:
    return simulate_array(demo, "kit-1", "23andme", tmp_path_factory.mktemp("array") / "genome.zip")


@pytest.fixture(scope="session")
def export(simulated: SimulatedArray) -> Export:
    return read_export(simulated.export)


@pytest.fixture(scope="session")
def finished_array(bundle: Bundle, simulated: SimulatedArray, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    out = tmp_path_factory.mktemp("array-out")
    announced = hashlib.sha256(simulated.export.read_bytes()).hexdigest().upper()
    analysis = analyse_array(
        bundle, simulated.export, sample_id="kit-1", out=out, array_sha256=announced, truth=simulated.truth_vcf
    )
    return Finished(analysis, out)
