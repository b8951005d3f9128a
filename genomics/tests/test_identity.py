"""One person twice, relatives, strangers; and what becomes of a sample that isn't whose it should be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.quality.fingerprint import SITES, Fingerprint, FingerprintReader, common_sites, read_fingerprint
from kitloop_genomics.quality.identity import compare_samples, kinship_of, relation
from kitloop_genomics.quality.review import Expected, look_at_identity
from kitloop_genomics.writing import write_json

MORGANS, CHROMOSOMES, EACH = 1.6, 22, 180
FREQUENCY = np.random.default_rng(1).uniform(0.1, 0.9, CHROMOSOMES * EACH)


def person(seed: int) -> np.ndarray:
    """(S, 2) alleles at sites that are far apart, on 22 chromosomes."""
    return (np.random.default_rng(seed).random((len(FREQUENCY), 2)) < FREQUENCY[:, None]).astype(np.int64)


def child_of(mother: np.ndarray, father: np.ndarray, seed: int) -> np.ndarray:
    """One recombined chromosome of each parent, with 1.6 crossings in each on average."""
    rng = np.random.default_rng(seed)
    given = []
    for parent in (mother, father):
        crossed = rng.random(len(FREQUENCY)) < MORGANS / EACH
        crossed[::EACH] = rng.random(CHROMOSOMES) < 0.5
        given.append(parent[np.arange(len(FREQUENCY)), np.cumsum(crossed) % 2])
    return np.stack(given, axis=1)


def sequenced(alleles: np.ndarray, name: str, *, depth: float = 4.0) -> Fingerprint:
    """What `depth` reads of each site say, without a panel's help."""
    rng = np.random.default_rng(sum(name.encode()))
    count = rng.poisson(depth, len(alleles))
    alt = rng.binomial(count, np.clip(alleles.mean(axis=1), 0.003, 0.997))
    chances = np.array([0.003, 0.5, 0.997])
    likelihood = chances ** alt[:, None] * (1 - chances) ** (count - alt)[:, None]
    block = np.arange(len(alleles)) * 20 // len(alleles)
    return Fingerprint(name, "simulated", likelihood / likelihood.max(axis=1, keepdims=True), FREQUENCY, block)


MOTHER, FATHER = person(1), person(2)
CHILD, SISTER = child_of(MOTHER, FATHER, 3), child_of(MOTHER, FATHER, 4)


@pytest.mark.parametrize("depth", [0.5, 4.0])
@pytest.mark.parametrize(
    ("one", "other", "expected", "kinship"),
    [
        (CHILD, CHILD, "same_person", 0.5),
        (MOTHER, CHILD, "parent_child", 0.25),
        (CHILD, SISTER, "siblings", 0.25),
        (MOTHER, FATHER, "unrelated", 0.0),
        (child_of(CHILD, person(5), 6), child_of(SISTER, person(7), 8), "unrelated", 0.0625),
    ],
    ids=["same", "parent", "siblings", "strangers", "cousins"],
)
def test_relations_are_told_apart(
    one: np.ndarray, other: np.ndarray, expected: str, kinship: float, depth: float
) -> None:
    found = compare_samples(sequenced(one, "a", depth=depth), sequenced(other, "b", depth=depth))
    if depth == 4.0:
        assert found.relation == expected
    assert found.kinship == pytest.approx(kinship, abs=max(3 * found.standard_error, 0.02))
    assert found.standard_error < (0.02 if depth == 4.0 else 0.06)
    assert sum(found.shared) == pytest.approx(1)
    assert kinship_of(sequenced(one, "a", depth=depth), sequenced(other, "b", depth=depth)) == found.kinship


def test_the_bounds_of_the_degrees_are_kings() -> None:
    assert [relation(kinship, 0.3) for kinship in (0.36, 0.35, 0.18, 0.17, 0.09, 0.08)] == [
        "same_person", "siblings", "siblings", "related", "related", "unrelated",
    ]  # fmt: skip
    assert relation(0.25, 0.05) == "parent_child"


def test_strangers_of_two_populations_are_not_related_and_of_one_neither() -> None:
    rng = np.random.default_rng(9)
    here, there = (np.clip(FREQUENCY + rng.normal(0, 0.25, len(FREQUENCY)), 0.02, 0.98) for _ in range(2))
    alleles = [(rng.random((len(FREQUENCY), 2)) < p[:, None]).astype(np.int64) for p in (here, here, there)]
    first, second, third = (
        replace(sequenced(own, name), frequency=p)
        for own, name, p in zip(alleles, "abc", (here, here, there), strict=True)
    )
    assert compare_samples(first, second).kinship < 0.03
    assert compare_samples(first, third).kinship < 0.03
    # Against the frequencies of both together, people of one population would seem to be cousins.
    mixed = (here + there) / 2
    assert compare_samples(replace(first, frequency=mixed), replace(second, frequency=mixed)).kinship > 0.04


def test_a_fingerprint_survives_its_file(finished: Finished, tmp_path: Path) -> None:
    found = read_fingerprint(finished.out)
    assert found.sample_id == "kit-1"
    assert 2_000 < len(found.frequency) <= SITES
    write_json(tmp_path / "fingerprint.json", found.as_json())
    again = read_fingerprint(tmp_path / "fingerprint.json")
    np.testing.assert_array_equal(again.likelihood, found.likelihood)
    np.testing.assert_array_equal(again.frequency, found.frequency)
    np.testing.assert_array_equal(again.block, found.block)
    assert (tmp_path / "fingerprint.json").stat().st_size < 30_000


def test_a_sample_and_the_truth_of_the_same_person_match(
    finished: Finished, bundle: Bundle, true_dosages: list[Dosages]
) -> None:
    share = np.array([row["proportion"] for row in finished.analysis.ancestry["value"]["populations"]])  # type: ignore[index]
    reader = read_by(FingerprintReader(bundle.panel, share), bundle.panel.chromosomes, true_dosages)
    truth = reader.result("truth")
    found = compare_samples(read_fingerprint(finished.out), truth)
    assert found.relation == "same_person"
    assert found.kinship > 0.49


def test_of_a_single_copy_a_fingerprint_has_two_alike(bundle: Bundle) -> None:
    row = bundle.panel.chromosomes[0]
    sites = len(row.position)
    gp = np.tile(np.array([0.01, 0.99, 0], np.float32), (sites, 1))
    once = Dosages(gp[:, 1], gp, np.ones(sites, np.int8), None, np.ones(sites, np.uint8))
    panel = replace(bundle.panel, chromosomes=(row,))
    found = read_by(FingerprintReader(panel, None), [row], [once]).result("x")
    assert set(found.likelihood.argmax(axis=1).tolist()) == {2}
    assert found.likelihood[:, 1].max() < 0.01


def test_sites_are_common_and_spread_over_the_whole_panel(bundle: Bundle) -> None:
    for chromosome, at in zip(bundle.panel.chromosomes, common_sites(bundle.panel), strict=True):
        frequency = chromosome.alt_frequency[at]
        assert np.minimum(frequency, 1 - frequency).min() >= 0.1
        assert (np.diff(at) > 0).all()
        assert np.diff(chromosome.position[at]).max() < 60_000


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"schema": "kitloop-fingerprint/2"}', '{"schema": "kitloop-fingerprint/1", "count": 2}', "[1]"],
)
def test_a_file_that_is_no_fingerprint_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "fingerprint.json").write_text(content)
    with pytest.raises(InputError, match=r"fingerprint\.json can't be read .* Give the fingerprint"):
        read_fingerprint(tmp_path)


def test_a_truncated_array_is_refused(finished: Finished, tmp_path: Path) -> None:
    content = json.loads((finished.out / "fingerprint.json").read_text())
    content["block"] = content["block"][:-4]
    (tmp_path / "fingerprint.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="values where"):
        read_fingerprint(tmp_path)


def test_fingerprints_of_two_panels_are_not_compared() -> None:
    one = sequenced(CHILD, "a")
    with pytest.raises(InputError, match="different panels"):
        compare_samples(one, replace(one, sites="others"))


def test_the_same_person_twice_in_a_project_is_held_and_relatives_are_told() -> None:
    others = (sequenced(CHILD, "kit-2"), sequenced(MOTHER, "kit-3"), sequenced(person(20), "kit-4"))
    found = look_at_identity(sequenced(CHILD, "kit-1"), Expected(others=others))
    assert [(hold.code, hold.message) for hold in found.holds] == [
        ("same_person_twice", "It reads as the same person as kit-2, or a twin.")
    ]
    assert [(row["samples"][1], row["relation"]) for row in found.as_json()["relatives"]] == [
        ("kit-2", "same_person"), ("kit-3", "parent_child"),
    ]  # fmt: skip
    assert found.as_json()["compared_with"] == 3


def test_a_sample_is_not_compared_with_its_own_earlier_run() -> None:
    own = sequenced(CHILD, "kit-1")
    assert look_at_identity(own, Expected(others=(own,))).compared == 0


def test_a_kit_that_is_not_the_declared_persons_is_held() -> None:
    found = look_at_identity(sequenced(CHILD, "kit-1"), Expected(same_person=sequenced(SISTER, "kit-0")))
    assert [hold.code for hold in found.holds] == ["not_the_declared_person"]
    assert "same person as kit-0, and reads as siblings" in found.holds[0].message
    again = sequenced(CHILD, "kit-0")
    assert look_at_identity(sequenced(CHILD, "kit-1"), Expected(same_person=again, others=(again,))).holds == ()


def test_the_command_names_the_relation_with_its_error(finished: Finished) -> None:
    said = CliRunner().invoke(kitloop_genomics, ["compare", str(finished.out), str(finished.out)])
    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[0] == "kit-1 and kit-1: same person"
    assert "kinship 0.500 ± 0.000" in said.output
    printed = json.loads(
        CliRunner().invoke(kitloop_genomics, ["compare", str(finished.out), str(finished.out), "--json"]).output
    )
    assert (printed["relation"], printed["samples"]) == ("same_person", ["kit-1", "kit-1"])


def test_the_command_looks_for_one_person_among_many(finished: Finished, tmp_path: Path) -> None:
    content = json.loads((finished.out / "fingerprint.json").read_text())
    (tmp_path / "again.json").write_text(json.dumps(content | {"sample_id": "kit-2"}))
    (tmp_path / "other-panel.json").write_text(json.dumps(content | {"sample_id": "kit-3", "sites": "0"}))
    done = CliRunner().invoke(kitloop_genomics, ["compare", str(finished.out), "--among", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["compared_with"], [one["samples"] for one in found["relatives"]]) == (1, [["kit-1", "kit-2"]])
    assert [hold["code"] for hold in found["holds"]] == ["same_person_twice"]
    said = CliRunner().invoke(kitloop_genomics, ["compare", str(finished.out), "--among", str(tmp_path)]).output
    assert said.splitlines() == [
        "kit-1: compared with 1 samples of the same panel", "  kit-2: same person, kinship 0.500",
    ]  # fmt: skip
    both = CliRunner().invoke(kitloop_genomics, ["compare", str(finished.out)])
    assert (both.exit_code, "either OTHER or --among" in both.output) == (2, True)
