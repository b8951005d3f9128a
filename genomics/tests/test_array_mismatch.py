"""Exports that are not of the panel's build, species or strand, or of two people, are refused or show it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from array_exports import Tables, changed
from kitloop_genomics.ancestry.estimate import estimate_ancestry
from kitloop_genomics.arrays.calls import calls, heterozygosity_ratio
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import Export, Sites, read_export
from kitloop_genomics.arrays.placing import COMPLEMENT, Way, ways
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.positions import PositionTable
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.sandbox.array import simulate_array


def test_a_build_that_the_bundle_cannot_place_is_refused(export: Export, bundle: Bundle, tables: Tables) -> None:
    with pytest.raises(ExportError, match="genome build 38, and the reference bundle is of kitloop-demo-1") as caught:
        calls(dataclasses.replace(export, build=38), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_build"
    with pytest.raises(ExportError):
        ways(export, "GRCh38", {})
    assert ways(export, "GRCh37", tables) == [Way(37, None)]


def test_positions_of_another_build_are_refused_as_a_mismatch(export: Export, bundle: Bundle, tables: Tables) -> None:
    rng = np.random.default_rng(1)
    strange = changed(export, position=rng.choice(tables[37]["1"].position, len(export.sites)) + 7)
    through_none = {37: {name: _everywhere() for name in tables[37]}}
    with pytest.raises(ExportError, match="of its positions are sites of the reference panel") as caught:
        calls(strange, bundle.panel, bundle.manifest.build, through_none)
    assert caught.value.code == "array_mismatch"


def _everywhere() -> PositionTable:
    """A table that leaves every position of chromosome 1 where it is, right or wrong."""
    at = np.arange(1, 2_100_000, dtype=np.int64)
    return PositionTable(("chr1",), at, np.zeros(len(at), np.int16), at, np.zeros(len(at), np.bool_))


def test_alleles_of_another_species_are_refused_as_a_mismatch(export: Export, bundle: Bundle, tables: Tables) -> None:
    rng = np.random.default_rng(2)
    count = len(export.sites)
    bases = np.frombuffer(b"ACGT", np.uint8)
    strange = changed(export, first=rng.choice(bases, count), second=rng.choice(bases, count))
    with pytest.raises(ExportError, match="alleles that nobody in the reference panel has") as caught:
        calls(strange, bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_mismatch"


def _turned(export: Export, share: float) -> Export:
    turn = np.random.default_rng(3).random(len(export.sites)) < share
    first = np.where(turn, COMPLEMENT[export.sites.first], export.sites.first)
    return changed(export, first=first, second=np.where(turn, COMPLEMENT[export.sites.second], export.sites.second))


def test_a_file_of_mixed_strands_is_refused_and_one_that_is_turned_as_a_whole_is_turned_back(
    export: Export, bundle: Bundle, tables: Tables
) -> None:
    with pytest.raises(ExportError, match="on the wrong strand") as caught:
        calls(_turned(export, 0.5), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_mismatch"
    as_is = calls(export, bundle.panel, bundle.manifest.build, tables)
    whole = calls(_turned(export, 1.0), bundle.panel, bundle.manifest.build, tables)
    assert whole.turned == pytest.approx(1 - as_is.turned)
    for one, other in zip(as_is.found, whole.found, strict=True):
        both = (one.depth > 0) & (other.depth > 0)
        assert both.sum() > 300
        assert (one.genotype[both] == other.genotype[both]).all()


def test_an_export_of_a_few_sites_is_refused_as_too_sparse(export: Export, bundle: Bundle, tables: Tables) -> None:
    few = np.flatnonzero(export.sites.chromosome == 1)[:30]
    sites = Sites(*(getattr(export.sites, name)[few] for name in ("chromosome", "position", "first", "second")))
    with pytest.raises(ExportError, match="lie within the reference panel") as caught:
        calls(dataclasses.replace(export, sites=sites), bundle.panel, bundle.manifest.build, tables)
    assert caught.value.code == "array_too_sparse"
    none = Sites(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint8))
    with pytest.raises(ExportError):
        calls(dataclasses.replace(export, sites=none), bundle.panel, bundle.manifest.build, tables)


def _mixed(one: Export, other: Export) -> Export:
    """The calls of two people's DNA on one array, where they show at most two alleles."""

    def by_place(sites: Sites) -> dict[tuple[int, int], set[int]]:
        rows = zip(
            sites.chromosome.tolist(), sites.position.tolist(), sites.first.tolist(), sites.second.tolist(), strict=True
        )
        return {(chromosome, position): {first, second} - {0} for chromosome, position, first, second in rows}

    mine, theirs = by_place(one.sites), by_place(other.sites)
    rows = [
        (*place, min(mine[place] | theirs[place]), max(mine[place] | theirs[place]))
        for place in mine.keys() & theirs.keys()
        if len(mine[place] | theirs[place]) <= 2
    ]
    chromosome, position, first, second = zip(*rows, strict=True)
    sites = Sites(
        np.array(chromosome, np.uint8), np.array(position), np.array(first, np.uint8), np.array(second, np.uint8)
    )
    return dataclasses.replace(one, sites=sites)


def test_two_peoples_dna_on_one_array_shows_in_its_heterozygosity(
    demo: Demo, bundle: Bundle, tables: Tables, tmp_path: Path
) -> None:
    people = [
        read_export(simulate_array(demo, f"person {at}", "ancestrydna", tmp_path / f"{at}.txt").export)
        for at in range(4)
    ]
    limit = bundle.thresholds["quality_controls"]["array_heterozygosity_ratio_max"]

    def ratio(export: Export) -> float:
        found = calls(export, bundle.panel, bundle.manifest.build, tables).found
        ancestry = estimate_ancestry(bundle.panel, found)
        assert ancestry is not None
        return heterozygosity_ratio(found, bundle.panel, ancestry.share) or 0.0

    assert all(0.6 < ratio(person) < limit - 0.1 for person in people)
    assert all(ratio(_mixed(people[at], people[at + 1])) > limit + 0.1 for at in (0, 2))
