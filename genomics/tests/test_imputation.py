"""The exact imputer equals one that writes the model out in full; chunks, ligation and the VCF keep what it says."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pysam
import pysam.bcftools
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation import chunks
from kitloop_genomics.imputation.chunks import impute_all
from kitloop_genomics.imputation.exact import Parameters, impute_exactly
from kitloop_genomics.imputation.ligation import ligate
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.sandbox.reads import SimulatedReads


def plain_impute(panel: PanelChromosome, genotype: np.ndarray, parameters: Parameters) -> np.ndarray:
    """(M, 3) posterior by forward-backward over all N² ordered pairs, with the full N x N switch matrix."""
    sites, n = panel.haplotypes.shape
    e = parameters.mismatch
    show = np.array([[1 - e, e], [e, 1 - e]])  # copied allele, shown allele
    given_pair = np.zeros((sites, n, n, 3))  # P(reads, true genotype | pair)
    for m in range(sites):
        for i in range(n):
            for j in range(n):
                for x in range(2):
                    for y in range(2):
                        chance = show[panel.haplotypes[m, i], x] * show[panel.haplotypes[m, j], y]
                        given_pair[m, i, j, x + y] += chance * genotype[m, x + y]
    emission = given_pair.sum(axis=3)
    forward, backward = np.zeros((sites, n, n)), np.ones((sites, n, n))
    switch = []
    for m in range(sites):
        distance = (panel.cm[m] - panel.cm[m - 1]) / 100 if m else np.inf
        r = 1 - np.exp(-4 * parameters.effective_population_size * distance / n)
        switch.append((1 - r) * np.eye(n) + r / n)
    forward[0] = emission[0] / n**2
    for m in range(1, sites):
        forward[m] = emission[m] * (switch[m].T @ forward[m - 1] @ switch[m])
        forward[m] /= forward[m].sum()
    for m in range(sites - 2, -1, -1):
        backward[m] = switch[m + 1] @ (emission[m + 1] * backward[m + 1]) @ switch[m + 1].T
        backward[m] /= backward[m].sum()
    pair = forward * backward
    posterior = np.einsum("mij,mijg->mg", pair / np.maximum(emission, 1e-300), given_pair)
    return posterior / posterior.sum(axis=1, keepdims=True)


def _panel(sites: int, haplotypes: int, seed: int, cm_per_site: float = 0.01) -> PanelChromosome:
    rng = np.random.default_rng(seed)
    alleles = (rng.random((sites, haplotypes)) < rng.uniform(0.1, 0.9, (sites, 1))).astype(np.uint8)
    cm = np.cumsum(rng.exponential(cm_per_site, sites))
    letters = np.full(sites, ord("A"), np.uint8), np.full(sites, ord("C"), np.uint8)
    return PanelChromosome("chr1", np.arange(1, sites + 1), *letters, ("x",) * sites, alleles, cm)


def _likelihoods(sites: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    seen = rng.uniform(1e-4, 1, (sites, 3))
    seen[rng.random(sites) < 0.4] = 1
    return (seen / seen.max(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("sites", "haplotypes"), [(1, 2), (2, 4), (7, 3), (12, 6), (30, 9)])
def test_the_fast_imputer_equals_the_plain_one(sites: int, haplotypes: int, seed: int) -> None:
    panel, seen = _panel(sites, haplotypes, seed), _likelihoods(sites, seed + 100)
    parameters = Parameters(effective_population_size=[100.0, 10_000.0][seed % 2], mismatch=[1e-3, 0.05][seed % 2])
    found = impute_exactly(panel, seen, parameters)
    expected = plain_impute(panel, seen.astype(float), parameters)
    np.testing.assert_allclose(found.gp, expected, atol=2e-5)
    np.testing.assert_allclose(found.dosage, expected @ [0, 1, 2], atol=5e-5)
    assert (found.gt == found.gp.argmax(axis=1)).all()


def test_without_reads_the_dosage_is_the_panel_frequency() -> None:
    panel = _panel(40, 20, 1)
    parameters = Parameters(mismatch=1e-6)
    found = impute_exactly(panel, np.ones((40, 3), np.float32), parameters)
    np.testing.assert_allclose(found.dosage, 2 * panel.alt_frequency, atol=1e-3)


def test_a_person_of_the_panel_is_recovered_from_sparse_reads() -> None:
    panel = _panel(200, 20, 2, cm_per_site=0.0005)
    truth = panel.haplotypes[:, 3] + panel.haplotypes[:, 11]
    seen = np.ones((200, 3), np.float32)
    for site in range(0, 200, 5):
        seen[site] = 1e-3
        seen[site, truth[site]] = 1
    assert (impute_exactly(panel, seen, Parameters()).gt == truth).mean() > 0.97


def test_strong_reads_win_over_the_panel() -> None:
    panel = replace(_panel(21, 10, 3), haplotypes=np.zeros((21, 10), np.uint8))
    seen = np.ones((21, 3), np.float32)
    seen[10] = [1e-10, 1e-5, 1]
    assert impute_exactly(panel, seen, Parameters()).gt[10] == 2


def test_thousands_of_contradictory_sites_stay_finite() -> None:
    panel = _panel(3_000, 30, 4, cm_per_site=0.0)
    seen = np.full((3_000, 3), 1e-10, np.float32)
    seen[np.arange(3_000), np.random.default_rng(5).integers(0, 3, 3_000)] = 1
    found = impute_exactly(panel, seen, Parameters())
    assert np.isfinite(found.gp).all()
    np.testing.assert_allclose(found.gp.sum(axis=1), 1, atol=1e-5)


def test_swapping_ref_and_alt_mirrors_the_result() -> None:
    panel, seen = _panel(30, 8, 6), _likelihoods(30, 7)
    mirrored = impute_exactly(
        replace(panel, haplotypes=1 - panel.haplotypes), np.ascontiguousarray(seen[:, ::-1]), Parameters()
    )
    np.testing.assert_allclose(mirrored.gp[:, ::-1], impute_exactly(panel, seen, Parameters()).gp, atol=2e-5)


def test_the_same_input_gives_the_same_output_to_the_last_bit() -> None:
    panel, seen = _panel(100, 40, 8), _likelihoods(100, 9)
    assert (
        impute_exactly(panel, seen, Parameters()).gp.tobytes() == impute_exactly(panel, seen, Parameters()).gp.tobytes()
    )


@pytest.mark.parametrize(("sites", "cm_per_site"), [(1, 0.1), (5, 20.0), (20_000, 0.002), (90_001, 1e-5), (9, 0.0)])
def test_chunks_cover_every_site_once_and_overlap(sites: int, cm_per_site: float) -> None:
    cm = cm_per_site * np.arange(sites)
    cut = chunks.chunks(cm)
    kept = [site for chunk in cut for site in range(chunk.core_start, chunk.core_end)]
    assert kept == list(range(sites))
    assert all(0 <= chunk.start <= chunk.core_start < chunk.core_end <= chunk.end <= sites for chunk in cut)
    assert max(chunk.core_end - chunk.core_start for chunk in cut) <= chunks.CORE_SITES
    for before, after in pairwise(cut):
        assert cm[before.end - 1] - cm[after.start] <= 2 * chunks.BUFFER_CM + 1e-9


def test_chunks_and_threads_hardly_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(10)
    ancestors = (rng.random((600, 6)) < 0.4).astype(np.uint8)
    mosaic = np.repeat(rng.integers(0, 6, (6, 40)), 100, axis=0)
    mosaic[:, :24] = np.arange(24) % 6  # some unbroken, or phase could not be known from one block to the next
    panel = replace(_panel(600, 40, 10), haplotypes=np.take_along_axis(ancestors, mosaic, axis=1))
    truth = ancestors[:, 0] + ancestors[:, 1]
    seen = np.ones((600, 3), np.float32)
    seen[::3] = 0.01
    seen[np.arange(0, 600, 3), truth[::3]] = 1
    (whole,) = impute_all((panel,), [seen], sample="a", effective_population_size=300)
    monkeypatch.setattr(chunks, "CORE_SITES", 200)
    (cut,) = impute_all((panel,), [seen], sample="a", effective_population_size=300)
    (threaded,) = impute_all((panel,), [seen], sample="a", effective_population_size=300, threads=3)
    # Other seeds draw other pairs, so the two differ a little; without buffers or with a shift they differ a lot.
    assert (cut.gt == whole.gt).mean() > 0.95
    assert np.abs(cut.dosage - whole.dosage).mean() < 0.05
    assert threaded.gp.tobytes() == cut.gp.tobytes()
    assert threaded.phased is not None
    assert cut.phased is not None
    assert threaded.phased.tobytes() == cut.phased.tobytes()
    # The two true chromosomes come out whole: ligation has turned each stretch to fit the one before.
    heterozygous = truth == 1
    agree = cut.phased[heterozygous, 0] == ancestors[heterozygous, 0]
    assert max(agree.mean(), 1 - agree.mean()) > 0.97


def test_a_stretch_whose_sides_are_exchanged_is_turned_on_its_overlap() -> None:
    rng = np.random.default_rng(12)
    phased = (rng.random((100, 2)) < 0.5).astype(np.uint8)
    gp = np.eye(3, dtype=np.float32)[phased.sum(axis=1)]

    def part(start: int, end: int, core: tuple[int, int], turned: bool) -> tuple[chunks.Chunk, Dosages]:
        sides = phased[start:end, ::-1] if turned else phased[start:end]
        inside = gp[start:end]
        return chunks.Chunk(start, end, *core), Dosages(inside @ [0, 1, 2], inside, inside.argmax(axis=1), sides)

    joined = ligate([part(0, 45, (0, 35), False), part(25, 80, (35, 70), True), part(60, 100, (70, 100), True)])
    assert joined.phased is not None
    assert joined.phased.tolist() == phased.tolist()
    assert joined.gp.tolist() == gp.tolist()
    assert joined.phase_set is not None
    assert set(joined.phase_set.tolist()) == {0}


def test_a_phase_set_begins_where_an_overlap_does_not_tell_how_the_sides_go_on() -> None:
    phased = np.tile(np.array([0, 1], np.uint8), (60, 1))
    phased[18:22] = 1  # the first overlap is homozygous
    other = phased.copy()
    other[38:40] = (1, 0)  # and the second says as much for either way

    def part(sides: np.ndarray, start: int, end: int, core: tuple[int, int]) -> tuple[chunks.Chunk, Dosages]:
        gp = np.eye(3, dtype=np.float32)[sides[start:end].sum(axis=1)]
        return chunks.Chunk(start, end, *core), Dosages(gp @ [0, 1, 2], gp, gp.argmax(axis=1), sides[start:end])

    joined = ligate([part(phased, 0, 22, (0, 20)), part(phased, 18, 42, (20, 40)), part(other, 38, 60, (40, 60))])
    assert joined.phase_set is not None
    assert joined.phase_set.tolist() == [0] * 20 + [20] * 20 + [40] * 20
    apart = ligate([part(phased, 0, 30, (0, 30)), part(phased, 30, 60, (30, 60))])
    assert apart.phase_set is not None
    assert apart.phase_set.tolist() == [0] * 30 + [30] * 30


def test_the_vcf_holds_every_panel_site_as_bcftools_reads_it(short_run: Finished, short_bundle: Bundle) -> None:
    path = str(short_run.out / "imputed.vcf.gz")
    region = pysam.bcftools.view("-H", "-r", "chr2:1-50000", path).splitlines()
    assert len(region) == (short_bundle.panel.chromosomes[1].position <= 50_000).sum()
    rows = 0
    with pysam.VariantFile(path) as file, pysam.FastaFile(str(short_bundle.reference)) as fasta:
        assert list(file.header.samples) == ["kit-1"]
        reference = {name: fasta.fetch(name) for name in short_bundle.contigs}
        ids = [name for row in short_bundle.panel.chromosomes for name in row.ids]
        for record, name in zip(file, ids, strict=True):
            call = record.samples["kit-1"]
            gp, (dosage,) = call["GP"], call["DS"] if isinstance(call["DS"], tuple) else (call["DS"],)
            assert reference[record.chrom].startswith(record.ref, record.pos - 1)
            assert record.id == name
            assert name.startswith("rs99")
            assert sum(gp) == pytest.approx(1, abs=2e-4)
            assert dosage == pytest.approx(gp[1] + 2 * gp[2], abs=3e-4)
            assert call.phased
            assert sum(call["GT"]) == int(np.argmax(gp)) or sorted(gp)[-1] - sorted(gp)[-2] < 2e-4
            assert 0 < record.info["RAF"][0] < 1
            assert record.info["AF"][0] == pytest.approx(dosage / 2, abs=1e-3)
            rows += 1
    assert rows == short_bundle.panel.sites


@pytest.mark.parametrize("index", ["imputed.vcf.gz.tbi", "imputed.vcf.gz.csi"])
def test_either_index_finds_a_region(finished: Finished, index: str) -> None:
    with pysam.VariantFile(str(finished.out / "imputed.vcf.gz"), index_filename=str(finished.out / index)) as file:
        found = [record.pos for record in file.fetch("chr2", 1_000_000, 1_010_000)]
    assert found
    assert all(1_000_000 < position <= 1_010_000 for position in found)


def test_stated_confidence_is_the_share_that_is_right(
    finished: Finished, reads: SimulatedReads, bundle: Bundle
) -> None:
    with pysam.VariantFile(str(finished.out / "imputed.vcf.gz")) as file:
        gp = np.array([record.samples[0]["GP"] for record in file])
    with pysam.VariantFile(str(reads.truth_vcf)) as file:
        truth = np.array([sum(record.samples[0]["GT"]) for record in file])
    right, confidence = gp.argmax(axis=1) == truth, gp.max(axis=1)
    assert right.mean() == pytest.approx(confidence.mean(), abs=0.01)
    unsure = confidence < 0.9
    assert unsure.sum() > 50
    assert right[unsure].mean() == pytest.approx(confidence[unsure].mean(), abs=0.15)
