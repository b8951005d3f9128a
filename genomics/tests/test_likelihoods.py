"""The fast likelihoods equal a slow plain version that goes through pysam's own pileup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam
import pysam.samtools
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods.likelihoods import likelihoods
from kitloop_genomics.likelihoods.pileup import observe


def plain_likelihoods(bam: Path, panel: PanelChromosome, sites: range) -> tuple[np.ndarray, np.ndarray]:
    """One site at a time, one read at a time, in the words of the definition."""
    result, depth = np.ones((len(sites), 3)), np.zeros(len(sites), int)
    with pysam.AlignmentFile(str(bam)) as file:
        for row, site in enumerate(sites):
            at = int(panel.position[site]) - 1
            ref, alt = chr(panel.ref[site]), chr(panel.alt[site])
            fragments: dict[str, list[tuple[float, str]]] = {}
            for read in file.fetch(panel.name, at, at + 1):
                if read.is_unmapped or read.is_secondary or read.is_supplementary or read.is_duplicate:
                    continue
                if read.mapping_quality < 10:
                    continue
                for query, place in read.get_aligned_pairs(matches_only=True):
                    if place != at:
                        continue
                    base, quality = read.query_sequence[query], read.query_qualities[query]
                    if quality >= 10 and base in (ref, alt):
                        error = 10 ** (-quality / 10) + 10 ** (-read.mapping_quality / 10)
                        seen = (min(max(error, 1e-5), 0.5), base)
                        fragments.setdefault(read.query_name, []).append(seen)
            for shown in fragments.values():
                if len({base for _, base in shown}) == 2:
                    continue
                error, base = min(shown)
                depth[row] += 1
                for copies in range(3):
                    alt_chance = copies / 2
                    show_alt = alt_chance * (1 - error) + (1 - alt_chance) * error
                    result[row, copies] *= show_alt if base == alt else 1 - show_alt
    return result / result.max(axis=1, keepdims=True), depth


def test_likelihoods_equal_the_plain_version(finished: Finished, bundle: Bundle) -> None:
    chromosome = bundle.panel.chromosomes[0]
    bam = finished.out / "alignment.bam"
    found = likelihoods(observe(bam, chromosome), len(chromosome.position))
    sites = range(2_000, 4_000)
    expected, depth = plain_likelihoods(bam, chromosome, sites)
    assert (found.depth[sites] == depth).all()
    np.testing.assert_allclose(found.genotype[sites], np.maximum(expected, 1e-10), rtol=1e-5)
    assert 0.5 < depth.mean() < 1.5


def _read(name: str, start: int, sequence: str, qualities: list[int], cigar: str, flag: int = 0) -> str:
    quality = "".join(chr(33 + value) for value in qualities)
    return f"{name}\t{flag}\tchr1\t{start}\t60\t{cigar}\t*\t0\t0\t{sequence}\t{quality}\n"


@pytest.fixture
def panel() -> PanelChromosome:
    positions = np.array([12, 15, 18], np.int64)
    letters = np.array([ord("A")] * 3, np.uint8), np.array([ord("C")] * 3, np.uint8)
    return PanelChromosome("chr1", positions, *letters, ("a", "b", "c"), np.zeros((3, 2), np.uint8), np.zeros(3))


def _observed(folder: Path, panel: PanelChromosome, *reads: str) -> list[tuple[int, int]]:
    sam, bam = folder / "x.sam", str(folder / "x.bam")
    sam.write_text("@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:100\n" + "".join(reads))
    pysam.samtools.sort("-o", bam, str(sam), catch_stdout=False)
    pysam.samtools.index(bam)
    found = observe(Path(bam), panel)
    return list(zip(found.site.tolist(), found.is_alt.tolist(), strict=True))


def test_overlapping_mates_that_agree_count_once(tmp_path: Path, panel: PanelChromosome) -> None:
    one = _read("x", 10, "GGAGGCGGA", [30] * 9, "9M")
    two = _read("x", 11, "GAGGCGGA", [20] * 8, "8M")
    assert _observed(tmp_path, panel, one, two) == [(0, 0), (1, 1), (2, 0)]


def test_overlapping_mates_that_disagree_count_not_at_all(tmp_path: Path, panel: PanelChromosome) -> None:
    one = _read("x", 10, "GGAGGCGGA", [30] * 9, "9M")
    two = _read("x", 10, "GGAGGAGGA", [37] * 9, "9M")
    assert _observed(tmp_path, panel, one, two) == [(0, 0), (2, 0)]


def test_insertions_deletions_and_clips_are_stepped_over(tmp_path: Path, panel: PanelChromosome) -> None:
    # Two clipped bases, three aligned (10-12), two inserted, one deleted (13), then 14-18.
    read = _read("x", 10, "TTGGATTGCGGA", [30] * 12, "2S3M2I1D5M")
    assert _observed(tmp_path, panel, read) == [(0, 0), (1, 1), (2, 0)]


def test_a_deleted_site_is_not_seen(tmp_path: Path, panel: PanelChromosome) -> None:
    read = _read("x", 10, "GGAGGGA", [30] * 7, "4M2D3M")
    assert _observed(tmp_path, panel, read) == [(0, 0), (2, 0)]


def test_poor_bases_other_alleles_and_duplicates_are_not_seen(tmp_path: Path, panel: PanelChromosome) -> None:
    poor = _read("x", 10, "GGAGGCGGT", [30, 30, 9, 30, 30, 10, 30, 30, 30], "9M")
    duplicate = _read("y", 10, "GGAGGCGGA", [30] * 9, "9M", flag=1024)
    assert _observed(tmp_path, panel, poor, duplicate) == [(1, 1)]


def test_a_chromosome_without_reads_gives_even_likelihoods(tmp_path: Path, panel: PanelChromosome) -> None:
    assert _observed(tmp_path, panel) == []
    found = likelihoods(observe(tmp_path / "x.bam", panel), 3)
    assert (found.genotype == 1).all()
    assert (found.depth == 0).all()
