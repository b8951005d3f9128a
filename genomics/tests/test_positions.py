"""Tables that lead from another build's positions to the bundle's."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest
from array_exports import Tables
from kitloop_genomics.arrays.export import Sites
from kitloop_genomics.arrays.placing import Way, place, plain
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.bundle.positions import HEADER, read_positions
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import BundleError
from kitloop_genomics.sandbox.reads import read_reference


def _table(folder: Path, *lines: str) -> Path:
    path = folder / "positions.tsv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return path


def test_the_earlier_builds_bases_are_the_references_turned_where_it_ran_the_other_way(
    bundle: Bundle, tables: Tables
) -> None:
    sequences = read_reference(bundle.reference)
    for name, table in tables[37].items():
        assert (np.diff(table.position) > 0).all()
        assert table.names[0] == "chr1"
        turned = table.minus
        assert 0.01 < turned.mean() < 0.4
        (stretch,) = [np.flatnonzero(turned)]
        assert (np.diff(stretch) == 1).all()
        assert (np.diff(table.to_position[stretch]) < 0).all()
        assert (table.position != table.to_position).all()
        assert set(np.unique(sequences[f"chr{name}"][table.to_position - 1])) <= set(b"ACGT")


def test_names_of_sequences_agree_with_or_without_chr() -> None:
    assert [plain(name) for name in ("chr1", "1", "chrX", "chrM", "MT")] == ["1", "1", "X", "MT", "MT"]
    sites = Sites(
        np.array([1, 26], np.uint8), np.array([5, 6]), np.array([65, 65], np.uint8), np.array([65, 0], np.uint8)
    )
    assert set(place(sites, Way(38, None), ["1", "chrM", "chr2"])) == {"1", "chrM"}


def test_a_position_table_may_be_in_any_order_and_span_builds(tmp_path: Path) -> None:
    found = read_positions(
        _table(tmp_path, HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t5\tchr3\t50\t-", "36\t1\t1\tchr1\t2\t+")
    )
    table = found[37]["2"]
    assert table.position.tolist() == [5, 9]
    assert [table.names[at] for at in table.chromosome] == ["chr3", "chr2"]
    assert (table.to_position.tolist(), table.minus.tolist()) == ([50, 90], [True, False])
    assert found[36]["1"].to_position.tolist() == [2]
    assert read_positions(tmp_path / "none") == {}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("37\t2\t9\tchr2\t90\t+",), "the header is missing"),
        ((HEADER, "37\t2\t9\tchr2\t90"), "line 2"),
        ((HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\tx\tchr2\t90\t+"), "line 3"),
        ((HEADER, "37\t2\t9\tchr2\t90\t*"), "line 2"),
        ((HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t9\tchr2\t91\t+"), "chromosome 2 twice"),
    ],
)
def test_a_broken_position_table_names_the_line(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(BundleError, match=problem):
        read_positions(_table(tmp_path, *lines))


def test_a_damaged_position_table_is_a_bundle_error(tmp_path: Path) -> None:
    path = _table(tmp_path, HEADER, *(f"37\t2\t{at}\tchr2\t{at}\t+" for at in range(1, 500)))
    for damaged in (
        path.read_bytes()[:-20],
        b"plain text",
        path.read_bytes().replace(path.read_bytes()[40:44], b"\0\0\0\0"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(BundleError):
            read_positions(path)


def test_a_table_that_leads_outside_the_reference_is_found_by_the_check(demo: Demo, tmp_path: Path) -> None:
    import shutil

    from kitloop_genomics.bundle.manifest import read_manifest, write_manifest

    copy = tmp_path / "bundle"
    shutil.copytree(demo.bundle, copy)
    _table(copy, HEADER, "37\t2\t9\tchr2\t90\t+", "37\t2\t10\tchr2\t2000001\t+", "37\t2\t11\tchr9\t5\t+")
    write_manifest(copy, dataclasses.replace(read_manifest(copy), files={}))
    (problem,) = check_bundle(copy)
    assert "2 sites of chromosome 2 of build 37 lead outside the reference" in str(problem)
    assert open_bundle(copy).positions_file == copy / "positions.tsv.gz"
