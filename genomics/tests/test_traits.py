"""Traits of single variants: told only where the genotype is sure enough, and never from a broken file."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from conftest import Finished
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.manifest import read_manifest, write_manifest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import BundleError
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.sandbox.reads import SimulatedReads
from kitloop_genomics.traits.call import TraitCall, TraitReader
from kitloop_genomics.traits.trait_file import SCHEMA, Trait, read_traits

ADDITIVE = ("none", "some", "much")
DOMINANT = ("no", "yes", "yes")
RECESSIVE = ("no", "no", "yes")


def _trait(outcomes: tuple[str, str, str], effect: str = "G", other: str = "A", position: int = 20) -> Trait:
    return Trait("T", "Test", "", "", "chr1", position, other, effect, outcomes, 0.95)


def _called(trait: Trait, *posterior: float) -> TraitCall:
    """The trait of a person whose genotype at chr1:20 (REF A, ALT G) has this posterior of 0, 1 and 2 copies of ALT."""
    chromosome = PanelChromosome(
        "chr1", np.array([10, 20, 30]), np.frombuffer(b"CAC", np.uint8), np.frombuffer(b"TGT", np.uint8),
        ("a", "b", "c"), np.zeros((3, 2), np.uint8), np.zeros(3),
    )  # fmt: skip
    panel = Panel(("p",), (Population("all", "All", np.array([0])),), (chromosome,))
    gp = np.array([[1, 0, 0], posterior, [1, 0, 0]], np.float32)
    dosages = Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gp.argmax(axis=1).astype(np.int8))
    return read_by(TraitReader(trait, panel), panel.chromosomes, [dosages]).result()


@pytest.mark.parametrize(
    ("outcomes", "posterior", "outcome", "genotype"),
    [
        (ADDITIVE, (0.97, 0.03, 0.0), "none", "A/A"),
        (ADDITIVE, (0.01, 0.98, 0.01), "some", "A/G"),
        (ADDITIVE, (0.0, 0.04, 0.96), "much", "G/G"),
        (ADDITIVE, (0.0, 0.06, 0.94), None, None),
        (DOMINANT, (0.01, 0.59, 0.40), "yes", None),  # sure of the outcome, not of the genotype
        (DOMINANT, (0.0, 0.01, 0.99), "yes", "G/G"),
        (DOMINANT, (0.4, 0.6, 0.0), None, None),
        (RECESSIVE, (0.5, 0.48, 0.02), "no", None),
        (RECESSIVE, (0.0, 0.1, 0.9), None, None),
    ],
)
def test_an_outcome_is_told_only_when_it_is_sure_enough(
    outcomes: tuple[str, str, str], posterior: tuple[float, float, float], outcome: str | None, genotype: str | None
) -> None:
    shown = _called(_trait(outcomes), *posterior).as_json()
    assert (shown["outcome"], shown["genotype"]) == (outcome, genotype)
    assert shown["reported"] == (outcome is not None)
    assert shown["not_reported_because"] == (None if outcome else "low_confidence")
    if outcome is None:
        assert shown["probability"] is None


def test_the_probability_is_that_of_the_outcome() -> None:
    assert _called(_trait(DOMINANT), 0.01, 0.59, 0.40).as_json()["probability"] == 0.99


def test_the_effect_allele_may_be_the_references() -> None:
    shown = _called(_trait(ADDITIVE, effect="A", other="G"), 0.97, 0.03, 0.0).as_json()
    assert (shown["outcome"], shown["genotype"]) == ("much", "A/A")


@pytest.mark.parametrize(
    "trait",
    [
        _trait(ADDITIVE, position=21), _trait(ADDITIVE, position=99), _trait(ADDITIVE, effect="C"),
        _trait(ADDITIVE, effect="C", other="T"), dataclasses.replace(_trait(ADDITIVE), chromosome="chr2"),
    ],
)  # fmt: skip
def test_a_variant_that_the_panel_lacks_is_not_told(trait: Trait) -> None:
    found = _called(trait, 1.0, 0.0, 0.0)
    assert (found.reason, found.outcome, found.copies) == ("not_in_panel", None, None)


def test_a_run_tells_the_demos_traits_as_they_are(finished: Finished, bundle: Bundle, reads: SimulatedReads) -> None:
    told = {row["key"]: row for row in json.loads((finished.out / "result.json").read_text())["traits"]}
    assert list(told) == ["DEMO-PETAL", "DEMO-DEW", "DEMO-CURL"]
    assert told["DEMO-CURL"]["not_reported_because"] == "not_in_panel"
    with pysam.VariantFile(str(reads.truth_vcf)) as file:
        truth = {(record.chrom, record.pos): (sum(record.samples[0]["GT"]), record.alts[0]) for record in file}
    compared = 0
    for trait in read_traits(bundle.traits_file)[:2]:
        copies, alt = truth[trait.chromosome, trait.position]
        copies = copies if alt == trait.effect_allele else 2 - copies
        if told[trait.key]["reported"]:
            compared += 1
            assert told[trait.key]["outcome"] == trait.outcomes[copies]
    assert compared == 2
    deliverable = json.loads((finished.out / "traits.json").read_text())
    assert deliverable["traits"] == list(told.values())


GOOD: dict[str, Any] = {
    "key": "T", "name": "Test", "chromosome": "chr1", "position": 5, "other_allele": "A", "effect_allele": "G",
    "outcomes": ["no", "no", "yes"],
}  # fmt: skip


def _file(folder: Path, content: Any) -> Path:
    path = folder / "traits.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_file_is_read_with_its_defaults_and_may_be_absent(tmp_path: Path) -> None:
    (found,) = read_traits(_file(tmp_path, {"schema": SCHEMA, "traits": [GOOD]}))
    assert found == Trait("T", "Test", "", "", "chr1", 5, "A", "G", ("no", "no", "yes"), 0.95)
    assert read_traits(tmp_path / "none.json") == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "can't be read"),
        ("{", "can't be read"),
        ("[" * 100_000, "can't be read"),
        ("[]", "not traits of schema"),
        ({"schema": "other", "traits": []}, "not traits of schema"),
        ({"schema": SCHEMA}, "not traits of schema"),
        ({"schema": SCHEMA, "traits": {}}, "not traits of schema"),
        ({"schema": SCHEMA, "traits": [GOOD, GOOD]}, "the key T stands there twice"),
        ({"schema": SCHEMA, "traits": ["T"]}, "trait 1: it is not an object"),
        *(
            ({"schema": SCHEMA, "traits": [GOOD, {**GOOD, "key": "U", name: value}]}, f"trait 2: {problem}")
            for name, value, problem in (
                ("key", "", "key is missing"),
                ("name", 5, "name is missing"),
                ("position", "5", "position is not a number"),
                ("position", 0, "position is not a number"),
                ("position", True, "position is not a number"),
                ("effect_allele", "GA", "its alleles are not two different bases"),
                ("effect_allele", "A", "its alleles are not two different bases"),
                ("outcomes", ["no", "yes"], "outcomes are not three texts"),
                ("outcomes", ["no", "yes", None], "outcomes are not three texts"),
                ("probability_min", 0.5, "probability_min is not"),
                ("probability_min", 1.01, "probability_min is not"),
                ("probability_min", "high", "probability_min is not"),
            )
        ),
    ],
)
def test_a_broken_file_names_the_trait(tmp_path: Path, content: Any, problem: str) -> None:
    with pytest.raises(BundleError, match=problem):
        read_traits(_file(tmp_path, content))


def test_the_check_of_a_bundle_finds_a_trait_of_another_build(demo: Demo, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(demo.bundle, copy)
    content = json.loads((copy / "traits.json").read_text())
    content["traits"][0]["position"] += 10_000_000
    (copy / "traits.json").write_text(json.dumps(content))
    write_manifest(copy, dataclasses.replace(read_manifest(copy), files={}))
    (problem,) = check_bundle(copy)
    assert str(copy / "traits.json") in str(problem)
    assert "the trait DEMO-PETAL has neither allele at its place in the reference" in str(problem)
