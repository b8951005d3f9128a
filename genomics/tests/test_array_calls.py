"""An export's calls on the panel are those of a slow plain version, and the person's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pysam
from array_exports import Tables
from kitloop_genomics.arrays.calls import calls
from kitloop_genomics.arrays.export import Export, Sites
from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.bundle.positions import PositionTable
from kitloop_genomics.sandbox.array import SimulatedArray


def plain_calls(
    export: Export, panel: Panel, table: dict[str, PositionTable], turned: float
) -> dict[tuple[str, int], int]:
    """The slow version: one call after another, dictionaries only, the rules as the docstrings state them."""
    names = {number: str(number) for number in range(1, 23)} | {23: "X", 24: "Y", 25: "X", 26: "MT"}
    where = {
        (name, int(at)): (rows.names[int(which)], int(to), bool(minus))
        for name, rows in table.items()
        for at, which, to, minus in zip(rows.position, rows.chromosome, rows.to_position, rows.minus, strict=True)
    }
    known = {
        (row.name, int(at)): (chr(ref), chr(alt), float(frequency))
        for row in panel.chromosomes
        for at, ref, alt, frequency in zip(row.position, row.ref, row.alt, row.alt_frequency, strict=True)
    }
    other = {"A": "T", "T": "A", "C": "G", "G": "C"}
    found: dict[tuple[str, int], set[int]] = {}
    sites = export.sites
    for chromosome, position, first, second in zip(
        sites.chromosome.tolist(), sites.position.tolist(), sites.first.tolist(), sites.second.tolist(), strict=True
    ):
        target = where.get((names[chromosome], position))
        if target is None or target[:2] not in known or chr(first) not in other:
            continue
        ref, alt, p = known[target[:2]]
        pair = [chr(first), chr(second) if second else chr(first)]
        if target[2]:
            pair = [other[letter] for letter in pair]
        readings = [pair, [other[letter] for letter in pair]]
        copies = [reading.count(alt) if set(reading) <= {ref, alt} else None for reading in readings]
        if copies == [None, None]:
            continue
        if None in copies or copies[0] == copies[1]:
            value = copies[0] if copies[0] is not None else copies[1]
        else:
            weights = {0: (1 - p) ** 2, 1: 2 * p * (1 - p), 2: p**2}
            as_is, flipped = (1 - turned) * weights[copies[0]], turned * weights[copies[1]]
            sure = as_is / (as_is + flipped)
            if 0.01 < sure < 0.99:
                continue
            value = copies[0] if sure >= 0.99 else copies[1]
        found.setdefault(target[:2], set()).add(value)
    return {key: min(values) for key, values in found.items() if len(values) == 1}


def test_the_calls_are_those_of_the_slow_version(export: Export, bundle: Bundle, tables: Tables) -> None:
    found = calls(export, bundle.panel, bundle.manifest.build, tables)
    expected = plain_calls(export, bundle.panel, tables[37], found.turned)
    flat = {
        (row.name, int(row.position[at])): int(likelihood.genotype[at].argmax())
        for row, likelihood in zip(bundle.panel.chromosomes, found.found, strict=True)
        for at in np.flatnonzero(likelihood.depth)
    }
    assert flat == expected
    assert found.sites == len(expected) > 700
    for likelihood in found.found:
        assert (likelihood.genotype[likelihood.depth == 0] == 1).all()


def test_the_calls_are_the_persons_genotypes_but_for_the_arrays_errors(
    export: Export, simulated: SimulatedArray, bundle: Bundle, tables: Tables
) -> None:
    found = calls(export, bundle.panel, bundle.manifest.build, tables)
    with pysam.VariantFile(str(simulated.truth_vcf)) as file:
        truth = {(record.chrom, record.pos): sum(record.samples[0]["GT"]) for record in file}
    wrong = total = 0
    for row, likelihood in zip(bundle.panel.chromosomes, found.found, strict=True):
        for at in np.flatnonzero(likelihood.depth):
            total += 1
            wrong += truth[(row.name, int(row.position[at]))] != likelihood.genotype[at].argmax()
    assert total > 700
    assert wrong / total < 0.008


def test_a_file_that_names_no_build_is_read_in_the_way_that_fits(
    export: Export, bundle: Bundle, tables: Tables
) -> None:
    stated = calls(export, bundle.panel, bundle.manifest.build, tables)
    found = calls(dataclasses.replace(export, build=None), bundle.panel, bundle.manifest.build, tables)
    assert (found.build, found.sites) == (37, stated.sites)


def test_positions_of_the_bundles_own_build_are_taken_as_they_are(bundle: Bundle) -> None:
    row = bundle.panel.chromosomes[0]
    at = np.arange(0, len(row.position), 20)
    sites = Sites(np.full(len(at), 1, np.uint8), row.position[at], row.ref[at], row.alt[at])
    export = Export(Path("x"), Vendor.MYHERITAGE, "", 38, len(at), 0, 0, sites)
    found = calls(export, bundle.panel, "GRCh38", {})
    assert (found.build, found.counts.kept, found.counts.turned) == (38, len(at), 0)
    assert (found.found[0].genotype[at].argmax(axis=1) == 1).all()
