"""An export as evidence at the panel's sites, in the form that imputation takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.frequencies import population_frequencies
from kitloop_genomics.arrays.alleles import Compared, Counts, compare, settle, turned_share
from kitloop_genomics.arrays.errors import DOWNLOAD_AGAIN, ExportMismatchError, ExportTooSparseError
from kitloop_genomics.arrays.export import Export
from kitloop_genomics.arrays.placing import Placed, place, ways
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.bundle.positions import PositionTable
from kitloop_genomics.by_chromosome import ByChromosome
from kitloop_genomics.likelihoods.likelihoods import Likelihoods

ALLELE_ERROR = (
    0.001  # chance that one allele of a call is wrong: repeats of consumer arrays differ by 0.1 to 0.3 % of calls
)
MIN_SITES = 50  # fewer can't show whether the positions are the panel's
MIN_MATCH_RATE = 0.4
MAX_STRANGE_RATE = 0.05
MAX_MIXED_STRANDS = 0.15


@dataclass(frozen=True, slots=True)
class Calls:
    """found: per chromosome of the panel, (M, 3) likelihoods; `depth` is 1 where the array has a call and 0 elsewhere.

    sites: of the panel with a usable call.  build: of the export, as it was read: stated in the file or found by trying.
    turned: share of the calls whose strand shows that had to be turned.
    """

    found: Sequence[Likelihoods]
    sites: int
    counts: Counts
    build: int | None
    turned: float

    def as_json(self) -> dict[str, Any]:
        return {"build": self.build, "sites_used": self.sites, **self.counts.as_json()}


def calls(export: Export, panel: Panel, bundle_build: str, tables: dict[int, dict[str, PositionTable]]) -> Calls:
    """Place the export's calls on the panel and check that they belong there.

    A file that names no build is read in each way that the bundle offers, and the one with most panel sites counts.
    Raises `ExportBuildError`, `ExportTooSparseError` and `ExportMismatchError`.
    """
    names = [chromosome.name for chromosome in panel.chromosomes]
    tried = [(_compared(place(export.sites, way, names), panel), way) for way in ways(export, bundle_build, tables)]
    compared, way = max(tried, key=lambda one: sum(len(part.site) for part in one[0]))
    counts = sum((part.counts for part in compared), Counts())
    turned = turned_share(compared)
    _check(export, counts, turned)
    settled = [settle(part, chromosome, turned) for part, chromosome in zip(compared, panel.chromosomes, strict=True)]
    counts = sum((here for _, _, here in settled), Counts())

    def likelihoods(at: int) -> Likelihoods:
        site, copies, _ = settled[at]
        genotype = np.ones((len(panel.chromosomes[at].position), 3), np.float32)
        genotype[site] = error_model()[copies]
        depth = np.zeros(len(genotype), np.int32)
        depth[site] = 1
        return Likelihoods(genotype, depth)

    return Calls(
        ByChromosome(len(settled), likelihoods), sum(len(site) for site, _, _ in settled), counts, way.build, turned
    )


def error_model() -> NDArray[np.float32]:
    """(3, 3) chance of each call (row) given the true copies of ALT (column), scaled so that the largest of a row is 1."""
    e, f = ALLELE_ERROR, 1 - ALLELE_ERROR
    given_truth = np.array([[f * f, 2 * e * f, e * e], [e * f, f * f + e * e, e * f], [e * e, 2 * e * f, f * f]])
    given_call = given_truth.T
    return np.asarray(given_call / given_call.max(axis=1, keepdims=True), np.float32)


def heterozygosity_ratio(found: Sequence[Likelihoods], panel: Panel, share: NDArray[np.float64]) -> float | None:
    """Heterozygous calls as a multiple of what a person of this ancestry should have; None without any call.

    `share` is (P,), as in `Ancestry`. About 1 for one person, less where parents are related, and up to 2 for the DNA
    of two people on one array.
    """
    seen = expected = 0.0
    for likelihood, chromosome in zip(found, panel.chromosomes, strict=True):
        at = np.flatnonzero(likelihood.depth > 0)
        frequency = population_frequencies(panel, chromosome, at) @ share
        seen += float((likelihood.genotype[at].argmax(axis=1) == 1).sum())
        expected += float((2 * frequency * (1 - frequency)).sum())
    return seen / expected if expected else None


def _compared(placed: dict[str, Placed], panel: Panel) -> list[Compared]:
    nothing = Placed(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint8))
    return [compare(placed.get(chromosome.name, nothing), chromosome) for chromosome in panel.chromosomes]


def _check(export: Export, counts: Counts, turned: float) -> None:
    if counts.inside < MIN_SITES:
        problem = f"only {counts.inside} of its calls lie within the reference panel, and {MIN_SITES} are the least"
        raise ExportTooSparseError(export.path, problem, "Use a complete export of an autosomal array")
    remedy = f"{DOWNLOAD_AGAIN}; if it stays so, the file is of another genome build or species than it says"
    if counts.match_rate < MIN_MATCH_RATE:
        problem = f"only {counts.match_rate:.0%} of its positions are sites of the reference panel"
        raise ExportMismatchError(export.path, problem, remedy)
    if counts.strange_rate > MAX_STRANGE_RATE:
        problem = f"{counts.strange_rate:.0%} of its calls have alleles that nobody in the reference panel has"
        raise ExportMismatchError(export.path, problem, remedy)
    if MAX_MIXED_STRANDS < turned < 1 - MAX_MIXED_STRANDS:
        raise ExportMismatchError(export.path, f"{turned:.0%} of its calls are on the wrong strand of DNA", remedy)
