"""Insertions, deletions and several ALTs: split as bcftools does, imputed through their haplotypes, and no SNP moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pysam
import pysam.bcftools
import pytest
from conftest import Finished
from kitloop_genomics.arrays.alleles import compare as compare_calls
from kitloop_genomics.arrays.placing import Placed
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.panel import OtherAlleles, Panel, PanelChromosome
from kitloop_genomics.imputation import chunks as chunks_module
from kitloop_genomics.imputation.chunks import impute_all
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.imputation.vcf import information
from kitloop_genomics.likelihoods.pileup import observe
from kitloop_genomics.sandbox.reads import SimulatedReads
from kitloop_genomics.scores.catalog_file import ScoreVariant
from kitloop_genomics.scores.matching import match
from kitloop_genomics.traits.call import TraitReader
from kitloop_genomics.traits.trait_file import Trait
from panel_sources import DESCRIPTION, Small, as_bcf


def _with_others(lines: list[str], sequence: str) -> list[str]:
    """Records 10 to 14 become two ALTs, the same and an insertion, a deletion, two bases, and a SNP beside an insertion."""
    header = sum(line.startswith("#") for line in lines)
    rows = [line.rstrip("\n").split("\t") for line in lines[header:]]
    for row, (length, person) in zip(
        rows[10:], [(1, "2|1"), (1, "3|2"), (4, "1|0"), (2, "0|1"), (1, "1|2")], strict=False
    ):
        at = int(row[1])
        row[3] = sequence[at - 1 : at - 1 + length]
        row[9] = person
    for number, form in enumerate(["{0},{1}", "{0},{1},{ref}GG", "{first}", "{0}{1}", "{2},{ref}ACGT"], 10):
        ref = rows[number][3]
        rows[number][4] = form.format(*(base for base in "ACGT" if base != ref[0]), ref=ref, first=ref[0])
    return [*lines[:header], *("\t".join(row) + "\n" for row in rows)]


@pytest.fixture(scope="module")
def split(small: Small) -> Bundle:
    with pysam.FastaFile(str(small.sources.fasta)) as fasta:
        sequence = fasta.fetch("chr1")
    sources = small.with_lines(lambda lines: _with_others(lines, sequence), "others.vcf")
    built = build_bundle(small.folder / "out", sources, DESCRIPTION)
    in_bcf = build_bundle(small.folder / "bcf", replace(sources, variants=(as_bcf(sources.variants[0]),)), DESCRIPTION)
    for name in ("chr1.sites", "chr1.00000.haplotypes"):
        assert (built.path / "panel" / name).read_bytes() == (in_bcf.path / "panel" / name).read_bytes()
    return open_bundle(built.path)


def test_records_are_split_as_bcftools_does(small: Small, split: Bundle) -> None:
    text = str(pysam.bcftools.norm("-m-", str(small.folder / "others.vcf")))
    rows = [line.split("\t") for line in text.splitlines() if line.startswith("chr1\t")]
    found = split.panel.chromosomes[0]
    assert found.position.tolist() == [int(row[1]) for row in rows]
    assert list(zip(*found.alleles(0, len(rows)), strict=True)) == [(row[3], row[4]) for row in rows]
    assert list(found.ids) == [row[2] for row in rows]
    alleles = np.array([[int(one) for cell in row[9:] for one in cell.split("|")] for row in rows], np.uint8)
    assert (np.asarray(found.haplotypes) == alleles).all()
    assert check_bundle(split.path) == []


def test_only_single_bases_alone_at_their_place_are_read(split: Bundle) -> None:
    found = split.panel.chromosomes[0]
    kinds = [
        ((ref, alt), bool(readable))
        for ref, alt, readable in zip(*found.alleles(10, 19), found.readable[10:19], strict=True)
    ]
    lengths = [(len(ref), len(alt), readable) for (ref, alt), readable in kinds]
    assert lengths == [
        (1, 1, False), (1, 1, False),  # two single-base ALTs
        (1, 1, False), (1, 1, False), (1, 3, False),  # the same and an insertion
        (4, 1, False), (2, 2, False),  # a deletion, two bases
        (1, 1, True), (1, 5, False),  # a SNP that an insertion stands beside
    ]  # fmt: skip
    assert found.readable.sum() == 300 - 5 + 1
    assert found.sites_at(int(found.position[10])) == range(10, 12)
    assert found.sites_at(int(found.position[10]) + 1) == range(12, 12) or found.position[12] == found.position[10] + 1


def _population(seed: int, sites: int = 700, haplotypes: int = 60) -> tuple[PanelChromosome, np.ndarray]:
    """A panel of mosaics of eight founders, and the likelihoods of a person of the same kind, seen at every second site."""
    rng = np.random.default_rng(seed)
    founders = (rng.random((sites, 8)) < rng.uniform(0.1, 0.9, (sites, 1))).astype(np.uint8)
    copied = rng.integers(0, 8, (sites // 70, haplotypes + 2))[np.arange(sites) // 70]
    alleles = np.take_along_axis(founders, copied, axis=1)
    panel = PanelChromosome(
        "chr1", np.arange(1, sites + 1) * 300, np.full(sites, ord("A"), np.uint8), np.full(sites, ord("G"), np.uint8),
        ("x",) * sites, np.ascontiguousarray(alleles[:, :haplotypes]), np.arange(sites) * 0.02,
    )  # fmt: skip
    copies = alleles[:, haplotypes] + alleles[:, haplotypes + 1]
    likelihood = np.where(np.arange(3) == copies[:, None], 1.0, 0.05).astype(np.float32)
    likelihood[rng.random(sites) < 0.5] = 1
    return panel, likelihood


def _insert(
    panel: PanelChromosome, likelihood: np.ndarray, at: np.ndarray
) -> tuple[PanelChromosome, np.ndarray, np.ndarray]:
    """The panel with an insertion after each of the sites `at`, carried by those who carry the SNP; where the SNPs are now."""
    alleles = np.insert(panel.haplotypes, at + 1, panel.haplotypes[at], axis=0)
    snp = np.delete(np.arange(len(alleles)), at + 1 + np.arange(len(at)))
    others = np.setdiff1d(np.arange(len(alleles)), snp)
    ref, alt = (np.insert(one, at + 1, 0) for one in (panel.ref, panel.alt))
    more = PanelChromosome(
        panel.name, np.insert(panel.position, at + 1, panel.position[at] + 7), ref, alt, ("x",) * len(alleles), alleles,
        np.insert(panel.cm, at + 1, panel.cm[at]), None, OtherAlleles(others, ["A\tAC"] * len(others)),
    )  # fmt: skip
    return more, np.insert(likelihood, at + 1, 1, axis=0).astype(np.float32), snp


@pytest.mark.parametrize("seed", [1, 2])
def test_no_snp_moves_when_other_variants_are_there(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks_module, "CORE_SITES", 300)  # several stretches, whose edges must not move either
    panel, likelihood = _population(seed)
    rng = np.random.default_rng(seed)
    at = np.sort(rng.choice(np.arange(1, 699), 90, replace=False))
    more, seen, snp = _insert(panel, likelihood, at)
    (alone,) = impute_all((panel,), [likelihood], sample="s")
    (beside,) = impute_all((more,), [seen], sample="s")
    assert (beside.gp[snp] == alone.gp).all()
    assert (beside.gt[snp] == alone.gt).all()
    assert (beside.phased[snp] == alone.phased).all()
    # An insertion that goes with a SNP is imputed like a SNP there that no read shows.
    others = np.setdiff1d(np.arange(len(seen)), snp)
    unread = (likelihood[at] == 1).all(axis=1)
    agree = (beside.gt[others] == alone.gt[at]).mean()
    assert agree > 0.95
    assert unread.sum() > 20


def test_the_demo_s_insertions_deletions_and_third_alleles_are_imputed(
    bundle: Bundle, reads: SimulatedReads, finished: Finished
) -> None:
    known = {}
    with pysam.VariantFile(str(reads.truth_vcf)) as file:
        for record in file:
            known[(record.chrom, record.pos, record.ref, record.alts[0])] = sum(record.samples[0]["GT"])
    other = sum(int((~row.readable).sum()) for row in bundle.panel.chromosomes)
    assert other == 47
    with pysam.VariantFile(str(finished.out / "imputed.vcf.gz")) as file:
        records = list(file)
    places = [(record.chrom, record.pos) for record in records]
    assert places == sorted(places)
    assert len(records) == bundle.panel.sites
    readable = np.concatenate([row.readable for row in bundle.panel.chromosomes])
    told = [
        (known[(one.chrom, one.pos, one.ref, one.alts[0])], sum(one.samples[0]["GT"]), one.samples[0]["DS"][0])
        for one in (records[at] for at in np.flatnonzero(~readable))
    ]
    assert len(told) == other
    truth, called, dosage = np.array(told, float).T
    assert truth.sum() >= 5
    assert (truth == called).mean() > 0.9
    assert np.corrcoef(truth, dosage)[0, 1] ** 2 > 0.8
    for row in bundle.panel.chromosomes:  # of no read does one say anything of them
        (seen,) = observe(finished.out / "alignment.bam", [row])
        assert row.readable[seen.site].all()


def test_information_is_what_the_posterior_settles_of_the_panel_s_variance() -> None:
    gp = np.array([[1, 0, 0], [0.25, 0.5, 0.25], [0.81, 0.18, 0.01], [0.5, 0.5, 0], [0.3, 0.1, 0.6]], np.float32)
    found = information(gp, np.array([0.3, 0.5, 0.1, 0.5, 0.5]))
    # Certain: 1; what the frequency alone says: 0; half open: 1 - 0.25 / 0.5; more open than expected: not below 0.
    assert found.tolist() == pytest.approx([1, 0, 0, 0.5, 0], abs=1e-6)


def test_the_vcf_states_information_and_its_denominator(finished: Finished) -> None:
    with pysam.VariantFile(str(finished.out / "imputed.vcf.gz")) as file:
        assert "2 RAF (1 - RAF)" in file.header.info["INFO"].description
        for record in list(file)[::997]:
            gp, raf = record.samples[0]["GP"], record.info["RAF"][0]
            variance = gp[1] + 4 * gp[2] - (gp[1] + 2 * gp[2]) ** 2
            expected = min(max(1 - variance / (2 * raf * (1 - raf)), 0), 1)
            assert record.info["INFO"][0] == pytest.approx(expected, abs=0.011)


def test_array_calls_find_the_snp_beside_an_insertion_and_pass_over_two_alts(split: Bundle) -> None:
    panel = split.panel.chromosomes[0]
    two_alts, beside = int(panel.position[10]), int(panel.position[17])
    ref, alt = (ord(one[0]) for one in panel.alleles(17, 18))
    placed = Placed(np.array([two_alts, beside]), np.array([ref, ref], np.uint8), np.array([ref, alt], np.uint8))
    found = compare_calls(placed, panel)
    assert found.site.tolist() == [17]
    assert found.plus.tolist() == [1]


def test_scores_and_traits_take_the_site_whose_alleles_they_name(split: Bundle) -> None:
    panel = split.panel
    row = panel.chromosomes[0]
    refs, alts = row.alleles(0, 20)

    def variant(site: int, effect: str, other: str | None) -> ScoreVariant:
        return ScoreVariant("1", int(row.position[site]), effect, other, 1.0, True)

    chosen = (
        variant(14, alts[14], refs[14]),  # an insertion that two SNPs stand beside
        variant(15, refs[15], alts[15]),  # a deletion, its long allele counted
        variant(18, alts[18], None),  # an insertion without its REF, beside a SNP
        variant(16, "ACGTACGT", "A"),
    )
    found = match(chosen, panel.chromosomes)
    assert found.chromosomes[0].site.tolist() == [14, 15]
    assert found.chromosomes[0].effect_is_alt.tolist() == [True, False]
    assert found.left_out == {"other_alleles": 2}
    gp = np.zeros((len(row.position), 3), np.float32)
    gp[:, 0] = 1
    gp[11] = (0, 0, 1)
    dosages = [Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gp.argmax(axis=1).astype(np.int8))]
    trait = Trait("T", "t", "", "", "chr1", int(row.position[11]), refs[11], alts[11], ("none", "one", "two"), 0.95)
    people = Panel(panel.people, panel.populations, (row,))
    assert _outcome(trait, people, dosages) == "two"
    assert _outcome(replace(trait, effect_allele=alts[10]), people, dosages) == "none"


def _outcome(trait: Trait, panel: Panel, dosages: list[Dosages]) -> str | None:
    return read_by(TraitReader(trait, panel), panel.chromosomes, dosages).result().outcome
