"""Stories of samples that are not what they should be: each is said so, and none of them is scored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel, PanelChromosome, Population
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.pipeline import analyse, analyse_array
from kitloop_genomics.quality.fingerprint import read_fingerprint
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.result import Analysis
from kitloop_genomics.sandbox.array import simulate_array
from kitloop_genomics.sandbox.reads import simulate_reads


def without(bundle: Bundle, key: str) -> Bundle:
    """The bundle as if nobody of one population had been in its panel, and with the single-base sites that then still vary."""
    panel = bundle.panel
    kept = [population for population in panel.populations if population.key != key]
    people = np.sort(np.concatenate([population.members for population in kept]))
    columns = np.stack([2 * people, 2 * people + 1], axis=1).ravel()
    chromosomes = []
    for row in panel.chromosomes:
        bits = np.unpackbits(row.packed(0, len(row.position)), axis=1, count=2 * len(panel.people))[:, columns]
        at = np.flatnonzero(row.readable & (bits.min(axis=1) == 0) & (bits.max(axis=1) == 1))
        ids = [row.ids[site] for site in at.tolist()]
        haplotypes = np.ascontiguousarray(bits[at])
        chromosomes.append(
            PanelChromosome(row.name, row.position[at], row.ref[at], row.alt[at], ids, haplotypes, row.cm[at])
        )
    populations = tuple(
        Population(population.key, population.name, np.searchsorted(people, population.members)) for population in kept
    )
    smaller = Panel(tuple(panel.people[at] for at in people), populations, tuple(chromosomes))
    return replace(bundle, panel=smaller)


def _codes(analysis: Analysis) -> tuple[str, list[str], list[str]]:
    shown = analysis.as_json()
    return analysis.status, [row["code"] for row in shown["reasons"]], [row["code"] for row in shown["warnings"]]


@pytest.fixture(scope="module")
def stranger(demo: Demo, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Kit-1's person is all Dune, and here nobody of the panel is. On the whole demo: of a short genome too few stretches tell."""
    folder = tmp_path_factory.mktemp("stranger")
    reads = simulate_reads(demo, "kit-1", folder / "reads", depth=0.5)
    return analyse(without(bundle, "dune"), reads.r1, reads.r2, sample_id="kit-1", out=folder / "out")


def test_a_person_from_a_population_that_the_panel_lacks_is_told_so_and_not_scored(stranger: Analysis) -> None:
    status, why, warned = _codes(stranger)
    assert (status, why) == ("succeeded", [])
    assert "outside_panel" in warned
    assert stranger.ancestry is not None
    assert stranger.ancestry["metadata"]["outside_panel"] is True
    assert [(row["reported"], row["not_reported_because"]) for row in stranger.scores] == [(False, "outside_panel")] * 2
    assert {row["not_reported_because"] for row in stranger.traits} == {"outside_panel"}
    assert all(row["percentile"] is row["value"] is None for row in stranger.scores)


def test_such_a_person_is_not_taken_for_two_people(stranger: Analysis) -> None:
    measured = {row.type.key: row.value_measured for row in stranger.quality_controls}
    assert measured["fraction_contamination_max"] == 0
    assert measured["unexplained_max"] is not None
    assert measured["unexplained_max"] > 0.08


def test_the_same_person_is_scored_where_the_panel_has_the_population(finished: Finished) -> None:
    measured = {row.type.key: row.value_measured for row in finished.analysis.quality_controls}
    assert measured["unexplained_max"] is not None
    assert measured["unexplained_max"] <= 0.02
    assert finished.analysis.ancestry is not None
    assert finished.analysis.ancestry["metadata"]["outside_panel"] is False
    assert all(row["reported"] for row in finished.analysis.scores)


def test_an_array_of_such_a_person_is_not_scored_either(demo: Demo, bundle: Bundle, tmp_path: Path) -> None:
    made = simulate_array(demo, "kit-1", "23andme", tmp_path / "genome.zip")
    found = analyse_array(without(bundle, "dune"), made.export, sample_id="kit-1", out=tmp_path / "out")
    assert {row["not_reported_because"] for row in found.scores} == {"outside_panel"}


def test_a_mixture_of_two_people_fails_and_leaves_no_scores(demo: Demo, bundle: Bundle, tmp_path: Path) -> None:
    reads = simulate_reads(demo, "kit-3", tmp_path / "reads", depth=0.5, problem="contaminated")
    found = analyse(bundle, reads.r1, reads.r2, sample_id="kit-3", out=tmp_path / "out")
    status, why, _ = _codes(found)
    assert status == "failed_qc"
    assert "contaminated" in why
    assert (found.ancestry, found.scores, found.traits) == (None, (), ())
    assert not (tmp_path / "out" / "fingerprint.json").exists()


def test_a_little_of_another_persons_dna_makes_nobody_a_stranger(
    demo: Demo, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kitloop_genomics.sandbox.reads.CONTAMINANT_SHARE", 0.04)
    reads = simulate_reads(demo, "kit-1", tmp_path / "reads", depth=0.7, problem="contaminated")
    found = analyse(bundle, reads.r1, reads.r2, sample_id="kit-1", out=tmp_path / "out")
    measured = {row.type.key: row.value_measured for row in found.quality_controls}
    assert 0.01 < (measured["fraction_contamination_max"] or 0) <= 0.06
    assert (measured["unexplained_max"] or 0) <= 0.05
    assert [row["not_reported_because"] for row in found.scores] == [None, None]


def test_a_kit_swapped_with_another_persons_is_held_and_its_owner_is_not_told(
    demo: Demo, bundle: Bundle, finished: Finished, tmp_path: Path
) -> None:
    made = simulate_array(demo, "kit-9", "myheritage", tmp_path / "genome.zip")
    expected = Expected(same_person=read_fingerprint(finished.out))
    out = tmp_path / "out"
    found = analyse_array(bundle, made.export, sample_id="kit-1b", out=out, expected=expected)
    assert [hold.code for hold in found.holds] == ["not_the_declared_person"]
    told = "".join(path.read_text() for path in out.glob("*.json") if path.name != "result.json")
    assert not any(word in told for word in ("not_the_declared_person", "kinship", "relatives"))


def test_a_second_kit_of_one_person_is_held_when_the_project_is_compared(
    short_demo: Demo, short_bundle: Bundle, short_run: Finished, tmp_path: Path
) -> None:
    made = simulate_array(short_demo, "kit-1", "ancestrydna", tmp_path / "genome.zip")
    expected = Expected(others=(replace(read_fingerprint(short_run.out), sample_id="kit-0"),))
    found = analyse_array(short_bundle, made.export, sample_id="kit-1", out=tmp_path / "out", expected=expected)
    assert [hold.code for hold in found.holds] == ["same_person_twice"]
    assert found.status == "succeeded"
    assert found.identity is not None
    assert [row["relation"] for row in found.identity["relatives"]] == ["same_person"]
