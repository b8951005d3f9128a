"""Traits and scores on X, Y and the mitochondrion: told for as many chromosomes as the person has, or why they aren't."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.bundle.sex_chromosomes import SexChromosomes
from kitloop_genomics.errors import BundleError
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.scores.catalog_file import ScoreVariant, ScoringFile
from kitloop_genomics.scores.score import Doubt, Score, score
from kitloop_genomics.traits.call import TraitCall, TraitReader
from kitloop_genomics.traits.trait_file import SCHEMA, Trait, read_traits

SEX = SexChromosomes("chrX", "chrY", "chrM", ((1, 15),))
RECESSIVE = ("not shown", "not shown", "shown")
DOMINANT = ("not shown", "shown", "shown")
NAMES = ("chr1", "chrX", "chrY", "chrM")
POSITION = np.array([10, 20, 30])


def _panel() -> Panel:
    """Four people, of whom the first has two copies of every ALT, the second one, and the others none."""
    alleles = np.tile(np.array([1, 1, 1, 0, 0, 0, 0, 0], np.uint8), (3, 1))
    chromosomes = tuple(
        PanelChromosome(
            name, POSITION, np.frombuffer(b"AAC", np.uint8), np.frombuffer(b"GGT", np.uint8), ("a", "b", "c"),
            alleles, np.zeros(3),
        )
        for name in NAMES
    )  # fmt: skip
    return Panel(tuple("pqrs"), (Population("all", "All", np.arange(4)),), chromosomes)


def _imputed(karyotype: str, posterior: tuple[float, ...]) -> list[Dosages]:
    """A person whose every place has this posterior, with as many chromosomes as the karyotype has."""
    found = []
    for name in NAMES:
        copies = SEX.copies(name, POSITION, karyotype)
        gp = np.zeros((3, 3), np.float32)
        gp[copies == 2, :] = posterior if len(posterior) == 3 else (1, 0, 0)
        gp[copies == 1, :2] = posterior if len(posterior) == 2 else (1, 0)
        found.append(Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gp.argmax(axis=1).astype(np.int8), copies=copies))
    return found


def _told(
    karyotype: str,
    posterior: tuple[float, ...],
    outcomes: tuple[str, str, str],
    *,
    chromosome: str = "chrX",
    position: int = 20,
    of_one: tuple[str, str] | None = None,
) -> TraitCall:
    trait = Trait("T", "Test", "", "", chromosome, position, "A", "G", outcomes, 0.95, of_one)
    panel, imputed = _panel(), _imputed(karyotype, posterior)
    reader = TraitReader(trait, panel, sex_chromosomes=SEX, karyotype=karyotype)
    return read_by(reader, panel.chromosomes, imputed).result()


@pytest.mark.parametrize(
    ("karyotype", "posterior", "outcomes", "outcome", "genotype"),
    [
        ("XY", (0.01, 0.99), RECESSIVE, "shown", "G"),  # one copy of one shows what two of two do
        ("XY", (0.99, 0.01), RECESSIVE, "not shown", "A"),
        ("XX", (0.0, 0.99, 0.01), RECESSIVE, "not shown", "A/G"),
        ("XX", (0.0, 0.01, 0.99), RECESSIVE, "shown", "G/G"),
        ("X0", (0.01, 0.99), RECESSIVE, "shown", "G"),
        ("XXY", (0.0, 0.99, 0.01), RECESSIVE, "not shown", "A/G"),
        ("XY", (0.01, 0.99), DOMINANT, "shown", "G"),
        ("XX", (0.01, 0.5, 0.49), DOMINANT, "shown", None),
    ],
)
def test_a_trait_on_x_is_read_from_as_many_chromosomes_as_there_are(
    karyotype: str, posterior: tuple[float, ...], outcomes: tuple[str, str, str], outcome: str, genotype: str | None
) -> None:
    found = _told(karyotype, posterior, outcomes)
    assert (found.reason, found.outcome) == (None, outcome)
    shown = found.as_json()
    assert (shown["genotype"], shown["chromosome_copies"]) == (genotype, len(posterior) - 1)


def test_a_single_copy_may_have_outcomes_of_its_own() -> None:
    assert _told("XY", (0.02, 0.98), ("none", "carrier", "shown"), of_one=("clear", "affected")).outcome == "affected"
    assert _told("XX", (0.0, 1.0, 0.0), ("none", "carrier", "shown"), of_one=("clear", "affected")).outcome == "carrier"


def test_an_unsure_single_copy_is_not_told() -> None:
    found = _told("XY", (0.06, 0.94), RECESSIVE)
    assert (found.reason, found.as_json()["chromosome_copies"]) == ("low_confidence", None)


@pytest.mark.parametrize(
    ("chromosome", "position", "karyotype", "reason"),
    [
        ("chrX", 20, "undetermined", "sex_undetermined"),
        ("chrX", 10, "undetermined", None),  # there X pairs with Y: everybody has two
        ("chrY", 20, "undetermined", "sex_undetermined"),
        ("chrY", 20, "XX", "no_such_chromosome"),
        ("chrM", 20, "undetermined", None),
        ("chr1", 20, "undetermined", None),
        ("chrX", 21, "XY", "not_in_panel"),
    ],
)
def test_where_the_sex_is_open_or_a_chromosome_missing_a_trait_says_so(
    chromosome: str, position: int, karyotype: str, reason: str | None
) -> None:
    assert _told(karyotype, (1.0, 0.0), RECESSIVE, chromosome=chromosome, position=position).reason == reason


def test_y_and_the_mitochondrion_have_one_allele() -> None:
    for chromosome in ("chrY", "chrM"):
        assert _told("XY", (0.0, 1.0), RECESSIVE, chromosome=chromosome).as_json()["genotype"] == "G"


def test_outcomes_of_one_are_read_from_the_file_and_must_be_two(tmp_path: Path) -> None:
    row = {"key": "T", "name": "n", "chromosome": "chrX", "position": 5, "other_allele": "A", "effect_allele": "G",
           "outcomes": ["a", "b", "c"]}  # fmt: skip
    path = tmp_path / "traits.json"
    path.write_text(json.dumps({"schema": SCHEMA, "traits": [{**row, "outcomes_of_one": ["x", "y"]}]}))
    assert read_traits(path)[0].outcomes_for(1) == ("x", "y")
    path.write_text(json.dumps({"schema": SCHEMA, "traits": [row]}))
    assert read_traits(path)[0].outcomes_for(1) == ("a", "c")
    for wrong in (["x"], ["x", ""], "xy", ["x", "y", "z"]):
        path.write_text(json.dumps({"schema": SCHEMA, "traits": [{**row, "outcomes_of_one": wrong}]}))
        with pytest.raises(BundleError, match="trait 1: outcomes_of_one are not two texts"):
            read_traits(path)


def _scored(karyotype: str, posterior: tuple[float, ...]) -> Score:
    variants = (
        *(ScoreVariant("1", at, "G", "A", 1.0, True) for at in (10, 20)),
        ScoreVariant("1", 30, "T", "C", 1.0, True), ScoreVariant("X", 10, "G", "A", 1.0, True),
        ScoreVariant("X", 30, "T", "C", 1.0, True), ScoreVariant("X", 20, "G", "A", 10.0, True),
        ScoreVariant("Y", 20, "G", "A", 100.0, True),
    )  # fmt: skip
    file = ScoringFile("S", "s", "", None, {}, variants)
    found = score(
        file, _panel(), _imputed(karyotype, posterior), "GRCh37", doubt=Doubt(0.0, 1.0), sex_chromosomes=SEX,
        karyotype=karyotype,
    )  # fmt: skip
    assert isinstance(found, Score)
    return found


def test_one_copy_on_a_single_x_scores_as_two_of_two_do() -> None:
    one, two = _scored("XY", (0.0, 1.0)), _scored("XX", (0.0, 0.0, 1.0))
    assert one.matching.left_out == two.matching.left_out == {"y_or_mitochondrion": 1}
    # chr1 and the pairing stretch are REF in the first and ALT in the second: 4 variants of 2 copies.
    assert (one.value, two.value) == (2 * (10 + 1), 2 * (10 + 1) + 8)
    np.testing.assert_array_equal(one.panel_scores, [2 * 15, 15, 0, 0])


def test_an_unsure_single_copy_leaves_as_much_open_as_two_alike() -> None:
    # X at 20 adds 0 or 20 and X at 30 adds 0 or 2, at odds of 19 to 1, and the panel's people have both together.
    assert _scored("XY", (0.95, 0.05)).standard_error == pytest.approx((20 + 2) * (0.95 * 0.05) ** 0.5, rel=1e-5)


def test_weights_on_x_are_left_out_and_counted_where_the_sex_is_open() -> None:
    variants = tuple(
        ScoreVariant(name, at, "G", "A", 1.0, True) for name, at in [("1", 10), ("1", 20), ("X", 10), ("X", 20)]
    )
    file = ScoringFile("S", "s", "", None, {}, variants)
    found = score(file, _panel(), _imputed("undetermined", (0.0, 0.0, 1.0)), "GRCh37", sex_chromosomes=SEX)
    assert isinstance(found, Score)
    assert (found.matching.used, found.matching.left_out) == (3, {"sex_undetermined": 1})
    assert found.value == 6
