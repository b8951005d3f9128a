"""The fast likelihoods equal a slow plain version that goes through pysam's own pileup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pysam.samtools
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.likelihoods import pileup
from kitloop_genomics.likelihoods.likelihoods import likelihoods
from kitloop_genomics.likelihoods.pileup import observe


def plain_likelihoods(bam: Path, panel: PanelChromosome, sites: range) -> tuple[np.ndarray, np.ndarray]:
    """One site at a time, one read at a time, in the words of the definition."""
    result, depth = np.ones((len(sites), 3)), np.zeros(len(sites), int)
    with pysam.AlignmentFile(str(bam)) as file:
        for row, site in enumerate(sites):
            at = int(panel.position[site]) - 1
            ref, alt = chr(panel.ref[site]), chr(panel.alt[site])
            fragments: dict[str, list[tuple[float, int, str]]] = {}
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
                        seen = (10 ** (-quality / 10), read.mapping_quality, base)
                        fragments.setdefault(read.query_name, []).append(seen)
            for shown in fragments.values():
                show_alt, show_ref = 1.0, 1.0  # chance of the bases if the fragment carries ALT, or REF
                for error, _, base in shown:
                    show_alt *= 1 - error if base == alt else error / 3
                    show_ref *= 1 - error if base == ref else error / 3
                if abs(show_alt / show_ref - 1) < 1e-9:
                    continue
                # Given that it is one of the two; and the fragment may lie elsewhere.
                wrong = min(show_alt, show_ref) / (show_alt + show_ref)
                wrong = min(max(wrong + 10 ** (-max(mapq for _, mapq, _ in shown) / 10), 1e-4), 0.5)
                depth[row] += 1
                for copies in range(3):
                    alt_chance = copies / 2
                    see_alt = alt_chance * (1 - wrong) + (1 - alt_chance) * wrong
                    result[row, copies] *= see_alt if show_alt > show_ref else 1 - see_alt
    return result / result.max(axis=1, keepdims=True), depth


def test_likelihoods_equal_the_plain_version(finished: Finished, bundle: Bundle) -> None:
    chromosome = bundle.panel.chromosomes[0]
    bam = finished.out / "alignment.bam"
    found = likelihoods(observe(bam, bundle.panel.chromosomes)[0], len(chromosome.position))
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
    (found,) = observe(Path(bam), [panel])
    return list(zip(found.site.tolist(), found.is_alt.tolist(), strict=True))


def test_overlapping_mates_that_agree_count_once(tmp_path: Path, panel: PanelChromosome) -> None:
    one = _read("x", 10, "GGAGGCGGA", [30] * 9, "9M")
    two = _read("x", 11, "GAGGCGGA", [20] * 8, "8M")
    assert _observed(tmp_path, panel, one, two) == [(0, 0), (1, 1), (2, 0)]


def test_overlapping_mates_that_disagree_as_surely_count_not_at_all(tmp_path: Path, panel: PanelChromosome) -> None:
    one = _read("x", 10, "GGAGGCGGA", [30] * 9, "9M")
    two = _read("x", 10, "GGAGGAGGA", [30] * 9, "9M")
    assert _observed(tmp_path, panel, one, two) == [(0, 0), (2, 0)]


def test_of_overlapping_mates_that_disagree_the_surer_counts_for_less_than_alone(
    tmp_path: Path, panel: PanelChromosome
) -> None:
    one = _read("x", 10, "GGAGGC", [30] * 6, "6M")
    two = _read("x", 10, "GGAGGA", [15] * 6, "6M")
    alone = _read("y", 10, "GGAGGC", [30] * 6, "6M")
    assert _observed(tmp_path, panel, one, two, alone) == [(0, 0), (0, 0), (1, 1), (1, 1)]
    (found,) = observe(tmp_path / "x.bam", [panel])
    odds = [(1 - 10 ** (-quality / 10)) / (10 ** (-quality / 10) / 3) for quality in (30, 15)]
    contradicted, unopposed = 1 / (1 + odds[0] / odds[1]), 1 / (1 + odds[0])
    assert sorted(found.error[2:]) == pytest.approx([unopposed + 1e-6, contradicted + 1e-6])


def test_several_sequences_are_read_in_one_go_in_the_panels_order(tmp_path: Path, panel: PanelChromosome) -> None:
    sam, bam = tmp_path / "x.sam", tmp_path / "x.bam"
    names = ("chrUn", "chr1", "chrEmpty", "chr2")
    reads = "".join(_read(name, 10, "GGAGGCGGA", [30] * 9, "9M").replace("chr1", name) for name in (*names, "chr2"))
    reads += "nowhere\t4\t*\t0\t0\t*\t*\t0\t0\tA\tF\n"
    sam.write_text("@HD\tVN:1.6\tSO:coordinate\n" + "".join(f"@SQ\tSN:{name}\tLN:100\n" for name in names) + reads)
    pysam.samtools.view("-b", "-o", str(bam), str(sam), catch_stdout=False)
    chromosomes = [replace(panel, name=name) for name in ("chr2", "chr1", "chr3")]
    second, first, absent = observe(bam, chromosomes)
    assert (first.site.tolist(), first.is_alt.tolist()) == ([0, 1, 2], [0, 1, 0])
    assert second.site.tolist() == [0, 1, 2]  # twice the same name: one fragment
    assert len(absent.site) == 0


def test_a_bam_is_read_alike_however_little_fits_into_memory(
    finished: Finished, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bam = finished.out / "alignment.bam"
    whole = observe(bam, bundle.panel.chromosomes)
    monkeypatch.setattr(pileup, "_BLOCK", 70_001)
    monkeypatch.setattr(pileup, "_ROOM", 97)
    for one, other in zip(whole, observe(bam, bundle.panel.chromosomes), strict=True):
        assert (one.site == other.site).all()
        assert (one.error == other.error).all()


@pytest.mark.parametrize("share", [0.5, 0.001, 0])
def test_a_bam_that_breaks_off_is_refused(finished: Finished, bundle: Bundle, tmp_path: Path, share: float) -> None:
    whole = (finished.out / "alignment.bam").read_bytes()
    (tmp_path / "cut.bam").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(OSError, match=r"cut\.bam"):
        observe(tmp_path / "cut.bam", bundle.panel.chromosomes)


@pytest.mark.parametrize(
    "order", [(("chr1", 10), ("chr1", 16), ("chr1", 10)), (("chr1", 10), ("chr2", 10), ("chr1", 16))]
)
def test_a_bam_that_is_not_sorted_is_refused(
    tmp_path: Path, panel: PanelChromosome, monkeypatch: pytest.MonkeyPatch, order: tuple[tuple[str, int], ...]
) -> None:
    sam, bam = tmp_path / "x.sam", tmp_path / "unsorted.bam"
    reads = [_read(f"r{start}", start, "GGAGGCGGA", [30] * 9, "9M").replace("chr1", name) for name, start in order]
    sam.write_text("@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:100\n@SQ\tSN:chr2\tLN:100\n" + "".join(reads))
    pysam.samtools.view("-b", "-o", str(bam), str(sam), catch_stdout=False)
    monkeypatch.setattr(pileup, "_ROOM", 3)  # the second read has to wait for the first
    with pytest.raises(OSError, match=r"unsorted\.bam can't be read: its records aren't sorted by position\. Align"):
        observe(bam, [panel])


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
    found = likelihoods(observe(tmp_path / "x.bam", [panel])[0], 3)
    assert (found.genotype == 1).all()
    assert (found.depth == 0).all()
