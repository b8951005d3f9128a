"""Polygenic scores: the file format, matching, values, percentiles and what is not reported."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Finished
from kitloop_genomics.ancestry.estimate import Ancestry
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.sandbox.reads import SimulatedReads
from kitloop_genomics.scores.catalog_file import ScoreVariant, ScoringFile, read_scoring_file
from kitloop_genomics.scores.matching import match
from kitloop_genomics.scores.reference import reference
from kitloop_genomics.scores.score import OF_ARRAY, OF_READS, Doubt, Score, Unreported, percentile, score

HEADER = "###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_id=TEST1\n#pgs_name=Test\n#trait_reported=Tests\n"


def _write(folder: Path, table: str, header: str = HEADER) -> Path:
    path = folder / "score.txt"
    path.write_text(header + table)
    return path


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    table = (
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
        "rs1\t1\t100\ta\tG\t0.5\nrs2\t2\t200\tC\tT\t-1e-3\n"
    )
    found = read_scoring_file(_write(tmp_path, table, HEADER + "#genome_build=GRCh38\n"))
    assert (found.key, found.name, found.description, found.build) == ("TEST1", "Test", "Tests", "GRCh38")
    assert found.variants == (
        ScoreVariant("1", 100, "A", "G", 0.5, True),
        ScoreVariant("2", 200, "C", "T", -1e-3, True),
    )


def test_harmonised_columns_win(tmp_path: Path) -> None:
    table = (
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\t"
        "hm_source\thm_rsID\thm_chr\thm_pos\thm_inferOtherAllele\n"
        "rs1\t1\t100\tA\tG\t0.5\tENSEMBL\trs1\t1\t150\t\n"
        "rs2\t1\t200\tA\t\t0.5\tENSEMBL\trs2\t1\t250\tC\n"
        "rs3\t1\t300\tA\tG\t0.5\tUnknown\t\t\t\t\n"
    )
    header = HEADER + "#genome_build=hg19\n#HmPOS_build=GRCh38\n"
    found = read_scoring_file(_write(tmp_path, table, header))
    assert found.build == "GRCh38"
    assert [(row.chromosome, row.position, row.other_allele) for row in found.variants] == [
        ("1", 150, "G"),
        ("1", 250, "C"),
        (None, 0, "G"),
    ]


def test_a_gzipped_file_without_an_id_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt.gz"
    path.write_bytes(gzip.compress(b"chr_name\tchr_position\teffect_allele\teffect_weight\n1\t5\tA\t1\n"))
    found = read_scoring_file(path)
    assert found.key == "mine"
    assert found.build is None
    assert found.variants == (ScoreVariant("1", 5, "A", None, 1.0, True),)


def test_rows_that_are_not_additive_are_marked(tmp_path: Path) -> None:
    table = "chr_name\tchr_position\teffect_allele\teffect_weight\tis_recessive\n1\t5\tA\t1\tTrue\n1\t6\tA\t1\tFalse\n"
    assert [row.additive for row in read_scoring_file(_write(tmp_path, table)).variants] == [False, True]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "no table"),
        ("chr_name\tchr_position\teffect_allele\n1\t5\tA\n", "effect_weight"),
        ("rsID\teffect_allele\teffect_weight\nrs1\tA\t1\n", "columns of a position"),
        ("chr_name\tchr_position\teffect_allele\teffect_weight\n1\t5\tA\tlots\n", "line 7"),
        ("chr_name\tchr_position\teffect_allele\teffect_weight\n1\tfive\tA\t1\n", "line 7"),
        ("chr_name\tchr_position\teffect_allele\teffect_weight\n1\t5\tA\tnan\n", "finite"),
    ],
)
def test_an_unreadable_file_says_why(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_scoring_file(_write(tmp_path, table))


def _panel() -> Panel:
    """Two people, four sites: A/G at 10, C/T at 20, A/T at 30, G/C at 40."""
    haplotypes = np.array([[0, 1, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 1]], np.uint8)
    chromosome = PanelChromosome(
        "chr1",
        np.array([10, 20, 30, 40]),
        np.frombuffer(b"ACAG", np.uint8),
        np.frombuffer(b"GTTC", np.uint8),
        ("a", "b", "c", "d"),
        haplotypes,
        np.zeros(4),
    )
    return Panel(("p", "q"), (Population("all", "All", np.array([0, 1])),), (chromosome,))


def _variant(position: int, effect: str, other: str | None, weight: float = 1.0, chromosome: str = "1") -> ScoreVariant:
    return ScoreVariant(chromosome, position, effect, other, weight, True)


@pytest.mark.parametrize(
    ("variant", "effect_is_alt"),
    [
        (_variant(10, "G", "A"), True),
        (_variant(10, "A", "G"), False),
        (_variant(10, "C", "T"), True),
        (_variant(10, "T", "C"), False),
        (_variant(10, "G", None), True),
        (_variant(10, "C", None), True),
        (_variant(10, "G", "A", chromosome="chr1"), True),
    ],
)
def test_alleles_match_on_either_strand(variant: ScoreVariant, effect_is_alt: bool) -> None:
    found = match((variant,), _panel().chromosomes)
    assert found.used == 1
    assert found.chromosomes[0].effect_is_alt.tolist() == [effect_is_alt]


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        (_variant(30, "A", "T"), "ambiguous_strand"),
        (_variant(40, "C", "G"), "ambiguous_strand"),
        (_variant(10, "G", "T"), "other_alleles"),
        (_variant(10, "GA", "G"), "other_alleles"),
        (_variant(11, "G", "A"), "not_in_panel"),
        (_variant(10, "G", "A", chromosome="2"), "not_in_panel"),
        (ScoreVariant(None, 0, "G", "A", 1.0, True), "not_in_panel"),
        (ScoreVariant("1", 10, "G", "A", 1.0, False), "not_additive"),
    ],
)
def test_what_cannot_be_used_is_counted_by_reason(variant: ScoreVariant, reason: str) -> None:
    found = match((variant,), _panel().chromosomes)
    assert (found.used, found.total, found.left_out) == (0, 1, {reason: 1})


def test_a_variant_given_twice_is_used_once() -> None:
    found = match((_variant(10, "G", "A", 1.0), _variant(10, "G", "A", 5.0)), _panel().chromosomes)
    assert found.chromosomes[0].weight.tolist() == [1.0]
    assert found.left_out == {"duplicate": 1}


def _file(*variants: ScoreVariant, build: str | None = None) -> ScoringFile:
    return ScoringFile("T", "Test", "", build, {}, variants)


def _dosages(alt: list[float]) -> list[Dosages]:
    dosage = np.array(alt, np.float32)
    gp = np.stack([1 - dosage / 2, np.zeros(4, np.float32), dosage / 2], axis=1)
    return [Dosages(dosage, gp, gp.argmax(axis=1).astype(np.int8))]


def test_the_value_is_weight_times_copies_of_the_effect_allele() -> None:
    file = _file(_variant(10, "G", "A", 2.0), _variant(20, "C", "T", 10.0))
    found = score(file, _panel(), _dosages([2, 0, 0, 0]), "demo")
    assert isinstance(found, Score)
    assert found.value == pytest.approx(2 * 2 + 10 * 2)
    # Person p carries one G and two C, person q two G and one C.
    assert found.panel_scores.tolist() == [22.0, 14.0]
    assert found.percentile == 100.0


NO_DOUBT = Doubt(0.0, 1.0)


@pytest.mark.parametrize("doubt", [OF_READS, OF_ARRAY])
def test_what_imputation_is_sure_of_is_believed_less_than_wholly(doubt: Doubt) -> None:
    panel = _two_populations()
    certain = [
        Dosages(np.full(40, 2, np.float32), np.eye(3, dtype=np.float32)[np.full(40, 2)], np.full(40, 2, np.int8))
    ]
    found = score(_file(_variant(10, "G", "A")), panel, certain, "demo", _ancestry(0.25, 0.75), doubt=doubt)
    assert isinstance(found, Score)
    copies = panel.chromosomes[0].genotypes[9]
    p = 0.25 * copies[:60].mean() / 2 + 0.75 * copies[60:].mean() / 2
    chances = doubt.astray * np.array([(1 - p) ** 2, 2 * p * (1 - p), p**2]) + (1 - doubt.astray) * np.array([0, 0, 1])
    mean = chances @ [0, 1, 2]
    weight = found.value / 2
    expected = doubt.wider * weight * (chances @ [0, 1, 4] - mean**2) ** 0.5
    assert found.standard_error == pytest.approx(expected, rel=1e-5)
    assert found.value == 2 * weight


def test_certain_dosages_give_a_band_of_no_width() -> None:
    found = score(_file(_variant(10, "G", "A")), _panel(), _dosages([2, 0, 0, 0]), "demo", doubt=NO_DOUBT)
    assert isinstance(found, Score)
    assert found.standard_error == 0
    assert found.percentile_low == found.percentile == found.percentile_high == 75.0


def test_a_score_that_all_people_have_alike_has_no_place_among_them() -> None:
    found = score(_file(_variant(10, "G", "A", 0.0)), _panel(), _dosages([2, 0, 0, 0]), "demo")
    assert isinstance(found, Unreported)
    assert found.reason == "too_uncertain"


def test_nothing_is_reported_below_three_quarters_matched() -> None:
    good, bad = _variant(10, "G", "A", 2.0), _variant(99, "G", "A")
    other = _variant(20, "C", "T")
    exactly = score(_file(good, other, _variant(20, "C", "T"), bad), _panel(), _dosages([0, 0, 0, 0]), "demo")
    assert isinstance(exactly, Unreported)
    assert exactly.reason == "low_match_rate"
    assert exactly.matching.rate == 0.5
    assert isinstance(score(_file(good, other), _panel(), _dosages([0, 0, 0, 0]), "demo"), Score)
    assert isinstance(score(_file(), _panel(), _dosages([0, 0, 0, 0]), "demo"), Unreported)


def test_a_score_of_another_build_is_not_reported() -> None:
    file = _file(_variant(10, "G", "A"), build="GRCh37")
    found = score(file, _panel(), _dosages([0, 0, 0, 0]), "GRCh38")
    assert isinstance(found, Unreported)
    assert found.reason == "wrong_build"


def test_percentiles_count_ties_half() -> None:
    among = np.array([1.0, 2.0, 2.0, 3.0])
    assert [percentile(value, among) for value in (0, 1, 2, 2.5, 3, 9)] == [0, 12.5, 50, 75, 87.5, 100]


def test_scores_from_likely_genotypes_follow_the_true_ones(
    finished: Finished, bundle: Bundle, reads: SimulatedReads, true_dosages: list[Dosages]
) -> None:
    truth = json.loads(reads.truth_json.read_text())["ancestry"]["populations"]
    ancestry = _ancestry(*(row["proportion"] for row in truth))
    for path, reported in zip(bundle.score_files, finished.analysis.scores, strict=True):
        best = score(read_scoring_file(path), bundle.panel, true_dosages, bundle.manifest.build, ancestry)
        assert isinstance(best, Score)
        assert reported["reported"]
        assert reported["adjusted_for_ancestry"]
        assert reported["match_rate"] > 0.95
        assert reported["value"] == pytest.approx(best.value, abs=3 * reported["standard_error"])
        assert reported["standard_error"] < 0.3 * best.panel_scores.std()
        assert reported["percentile"] == pytest.approx(best.percentile, abs=12)
        assert 0 <= reported["percentile_low"] <= reported["percentile"] <= reported["percentile_high"] <= 100
        assert sum(reported["distribution"]["counts"]) == 200
        assert len(reported["distribution"]["bin_edges"]) == len(reported["distribution"]["counts"]) + 1


def _ancestry(*share: float, replicates: list[list[float]] | None = None) -> Ancestry:
    shares = np.array(share)
    return Ancestry(shares, shares, shares, 0, 0, np.array(replicates) if replicates else shares[None])


def _two_populations(seed: int = 4) -> Panel:
    """60 people of each of two populations, 40 sites: ALT has 20 % in the first and 60 % in the second."""
    rng = np.random.default_rng(seed)
    haplotypes = np.concatenate([rng.random((40, 120)) < 0.2, rng.random((40, 120)) < 0.6], axis=1).astype(np.uint8)
    chromosome = PanelChromosome(
        "chr1", np.arange(1, 41), np.full(40, ord("A"), np.uint8), np.full(40, ord("G"), np.uint8),
        tuple("x" * 40), haplotypes, np.zeros(40),
    )  # fmt: skip
    groups = (Population("a", "A", np.arange(60)), Population("b", "B", np.arange(60, 120)))
    return Panel(tuple(f"p{at}" for at in range(120)), groups, (chromosome,))


def plain_expected(panel_scores: list[float], groups: list[list[int]], share: list[float]) -> list[float]:
    """The slow version of `Reference.expected`, one person at a time."""
    means = [sum(panel_scores[at] for at in group) / len(group) for group in groups]
    squares = [sum((panel_scores[at] - mean) ** 2 for at in group) for group, mean in zip(groups, means, strict=True)]
    average = sum(squares) / (sum(map(len, groups)) - len(groups))
    variances = [(own + 20 * average) / (len(group) + 19) for own, group in zip(squares, groups, strict=True)]
    mean = sum(weight * one for weight, one in zip(share, means, strict=True))
    spread = sum(weight * one for weight, one in zip(share, variances, strict=True)) ** 0.5
    found = [0.0] * len(panel_scores)
    for group, own_mean, own in zip(groups, means, variances, strict=True):
        for at in group:
            found[at] = mean + spread * (panel_scores[at] - own_mean) / own**0.5
    return found


@pytest.mark.parametrize("share", [[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]])
def test_the_reference_of_a_mixed_person_is_that_of_the_slow_version(share: list[float]) -> None:
    panel = _two_populations()
    scores = np.random.default_rng(1).normal(size=120) * np.repeat([1.0, 3.0], 60) + np.repeat([0.0, 10.0], 60)
    found = reference(scores, panel).expected(np.array(share))
    groups = [population.members.tolist() for population in panel.populations]
    assert found.tolist() == pytest.approx(plain_expected(scores.tolist(), groups, share))


def test_a_person_is_compared_with_their_own_ancestry() -> None:
    panel = _two_populations()
    file = _file(*(_variant(at, "G", "A") for at in range(1, 41)))
    # 16 copies of 80: what the first population has on average, and very few in the second.
    typical = [
        Dosages(np.full(40, 0.4, np.float32), np.tile(np.float32([0.6, 0.4, 0]), (40, 1)), np.zeros(40, np.int8))
    ]
    certain = [Dosages(typical[0].dosage, np.eye(3, dtype=np.float32)[np.zeros(40, int)], typical[0].gt)]
    found = {
        name: score(file, panel, certain, "demo", ancestry)
        for name, ancestry in {"first": _ancestry(1, 0), "second": _ancestry(0, 1), "all": None}.items()
    }
    percentiles = {name: one.percentile for name, one in found.items() if isinstance(one, Score)}
    assert 35 < percentiles["first"] < 65
    assert percentiles["second"] == 0
    assert 15 < percentiles["all"] < 35
    assert [one.adjusted for one in found.values() if isinstance(one, Score)] == [True, True, False]


def test_uncertain_ancestry_widens_the_band() -> None:
    panel = _two_populations()
    file = _file(*(_variant(at, "G", "A") for at in range(1, 41)))
    sure = [
        Dosages(np.full(40, 0.5, np.float32), np.eye(3, dtype=np.float32)[np.zeros(40, int)], np.zeros(40, np.int8))
    ]
    narrow = score(file, panel, sure, "demo", _ancestry(0.9, 0.1), doubt=NO_DOUBT)
    wide = score(
        file, panel, sure, "demo", _ancestry(0.9, 0.1, replicates=[[0.87, 0.13], [0.93, 0.07]]), doubt=NO_DOUBT
    )
    assert isinstance(narrow, Score)
    assert isinstance(wide, Score)
    assert narrow.percentile_low == narrow.percentile == narrow.percentile_high == wide.percentile
    assert wide.percentile_low < wide.percentile < wide.percentile_high
    assert wide.standard_error == 0


def test_a_score_that_the_data_leave_open_is_not_reported() -> None:
    panel = _two_populations()
    file = _file(*(_variant(at, "G", "A") for at in range(1, 41)))
    for doubt, reported in ((0.001, True), (0.5, False)):
        gp = np.tile(np.float32([doubt / 2, 1 - doubt, doubt / 2]), (40, 1))
        found = score(
            file, panel, [Dosages(np.ones(40, np.float32), gp, np.ones(40, np.int8))], "demo", _ancestry(1, 0)
        )
        assert isinstance(found, Score) == reported
        if isinstance(found, Unreported):
            assert found.reason == "too_uncertain"


@pytest.mark.parametrize(
    ("stated", "own", "reported"),
    [("hg38", "GRCh38", True), ("GRCh37", "GRCh38", False), ("NR", "GRCh38", True), ("hg19", "GRCh37", True),
     ("kitloop-demo-1", "kitloop-demo-1", True), ("GRCh38", "kitloop-demo-1", False)],
)  # fmt: skip
def test_names_of_one_build_are_the_same(stated: str, own: str, reported: bool) -> None:
    found = score(_file(_variant(10, "G", "A"), build=stated), _panel(), _dosages([2, 0, 0, 0]), own)
    assert isinstance(found, Score) == reported
