"""Broken scoring files are refused by line and remedy, and no bytes bring another exception out of the parser."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest
from any_text import any_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kitloop_genomics.errors import ScoringFileError
from kitloop_genomics.scores import catalog_file
from kitloop_genomics.scores.catalog_file import ScoringFile, read_scoring_file

HEADER = (
    "###PGS CATALOG SCORING FILE - see https://www.pgscatalog.org/downloads/#dl_ftp_scoring\n"
    "#format_version=2.0\n#pgs_id=PGS000001\n#pgs_name=Test\n#trait_reported=Tests\n#genome_build=GRCh38\n"
    "#variants_number=2\n"
)
COLUMNS = "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
ROWS = "rs1\t1\t100\tA\tG\t0.5\nrs2\t2\t200\tC\tT\t-1e-3\n"
GOOD = (HEADER + COLUMNS + ROWS).encode()
FIRST = HEADER.count("\n") + 2


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "PGS000001.txt"
    path.write_bytes(content)
    return path


def _table(*rows: str) -> bytes:
    return (HEADER + COLUMNS + "".join(f"{row}\n" for row in rows)).encode()


BROKEN: dict[str, tuple[bytes, str, int | None]] = {
    "nothing": (b"", "no table", None),
    "header-only": (HEADER.encode(), "no table", FIRST - 2),
    "not-text": (b"\xff\xfe\x00\x01", "not text", 1),
    "not-text-later": (GOOD.replace(b"rs2", b"\xff\xff"), "not text", FIRST + 1),
    "gzip-cut": (gzip.compress(GOOD)[:-9], "can't be read", None),
    "gzip-damaged": (gzip.compress(GOOD)[:30] + b"\0\0\0\0" + gzip.compress(GOOD)[34:], "can't be read", None),
    "gzip-wrong-checksum": (gzip.compress(GOOD)[:-8] + b"\0" * 8, "can't be read", None),
    "no-weight": ((HEADER + COLUMNS.replace("effect_weight", "OR") + ROWS).encode(), "lacks effect_allele", FIRST - 1),
    "no-allele": ((HEADER + COLUMNS.replace("effect_allele", "A1") + ROWS).encode(), "lacks effect_allele", FIRST - 1),
    "no-position": ((HEADER + COLUMNS.replace("chr_position", "bp") + ROWS).encode(), "columns of a position", FIRST - 1),
    "no-columns": ((HEADER + ROWS).encode(), "lacks effect_allele", FIRST - 1),
    "commas": (GOOD.replace(b"\t", b","), "lacks effect_allele", FIRST - 1),
    "column-twice": ((HEADER + COLUMNS.replace("rsID", "chr_name") + ROWS).encode(), "stands there twice", FIRST - 1),
    "weight-in-words": (_table("rs1\t1\t100\tA\tG\tlots"), "not a finite number", FIRST),
    "weight-missing": (_table("rs1\t1\t100\tA\tG\t"), "not a finite number", FIRST),
    "weight-nan": (_table("rs1\t1\t100\tA\tG\tnan"), "not a finite number", FIRST),
    "weight-infinite": (_table("rs1\t1\t100\tA\tG\t1e999"), "not a finite number", FIRST),
    "weight-with-comma": (_table("rs1\t1\t100\tA\tG\t0,5"), "not a finite number", FIRST),
    "weight-underscored": (_table("rs1\t1\t100\tA\tG\t1_0"), "not a finite number", FIRST),
    "weight-in-arabic": (_table("rs1\t1\t100\tA\tG\t٣"), "not a finite number", FIRST),
    "position-in-words": (_table("rs1\t1\t100\tA\tG\t1", "rs2\t1\tfive\tA\tG\t1"), "not a number of base pairs", FIRST + 1),
    "position-negative": (_table("rs1\t1\t-5\tA\tG\t1"), "not a number of base pairs", FIRST),
    "position-of-a-spreadsheet": (_table("rs1\t1\t1.5E+08\tA\tG\t1"), "not a number of base pairs", FIRST),
    "position-huge": (_table("rs1\t1\t" + "9" * 5000 + "\tA\tG\t1"), "not a number of base pairs", FIRST),
    "allele-missing": (_table("rs1\t1\t100\t\tG\t1"), "no effect allele", FIRST),
    "row-cut": (GOOD[:-12], "no effect allele", FIRST + 1),
    "rows-missing": (GOOD[: GOOD.rfind(b"rs2") - 1], "of 2 variants 1 are there", FIRST),
    "endless-line": (HEADER.encode() + b"x" * 200_000, "far too long", FIRST - 1),
}  # fmt: skip


@pytest.mark.parametrize(("content", "problem", "line"), BROKEN.values(), ids=BROKEN.keys())
def test_each_kind_of_damage_names_file_line_and_remedy(
    tmp_path: Path, content: bytes, problem: str, line: int | None
) -> None:
    with pytest.raises(ScoringFileError) as caught:
        read_scoring_file(_file(tmp_path, content))
    error = caught.value
    assert problem in error.problem
    assert error.line == line
    assert str(error).startswith(str(tmp_path / "PGS000001.txt"))
    assert len(error.remedy) > 20


def test_a_file_that_is_not_there_is_refused_the_same_way(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(ScoringFileError, match="can't be read"):
            read_scoring_file(path)


def test_a_gzip_bomb_is_stopped_where_it_outgrows_any_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_file, "MAX_TEXT_BYTES", 100_000)
    bomb = gzip.compress(HEADER.encode() + b"#\n" * 200_000)
    with pytest.raises(ScoringFileError, match="more than a gigabyte") as caught:
        read_scoring_file(_file(tmp_path, bomb))
    assert caught.value.line is not None
    assert caught.value.line < 60_000


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD.rstrip(b"\n"),
        GOOD + b"\n\n",
        gzip.compress(GOOD),
    ],
    ids=["plain", "windows", "bom", "no-last-newline", "blank-lines", "gzip"],
)
def test_what_systems_do_to_a_file_on_its_way_is_fine(tmp_path: Path, content: bytes) -> None:
    found = read_scoring_file(_file(tmp_path, content))
    assert (found.key, found.build) == ("PGS000001", "GRCh38")
    assert [(row.position, row.weight) for row in found.variants] == [(100, 0.5), (200, -0.001)]


def test_the_header_of_version_1_is_read(tmp_path: Path) -> None:
    header = (
        "### PGS CATALOG SCORING FILE - see www.pgscatalog.org/downloads/#dl_ftp for additional information\n"
        "## POLYGENIC SCORE (PGS) INFORMATION\n# PGS ID = PGS000002\n# PGS Name = Old\n"
        "# Reported Trait = Breast cancer\n# Original Genome Build = GRCh37\n# Number of Variants = 2\n"
    )
    found = read_scoring_file(_file(tmp_path, (header + COLUMNS + ROWS).encode()))
    assert (found.key, found.name, found.description) == ("PGS000002", "Old", "Breast cancer")
    assert found.build == "GRCh37"


def test_weights_by_dosage_make_rows_that_are_not_additive(tmp_path: Path) -> None:
    table = (
        "chr_name\tchr_position\teffect_allele\tdosage_0_weight\tdosage_1_weight\tdosage_2_weight\n1\t5\tA\t0\t1\t1\n"
    )
    (row,) = read_scoring_file(_file(tmp_path, table.encode())).variants
    assert (row.additive, row.weight) == (False, 0.0)


CELL = st.one_of(
    st.sampled_from(["", "1", "X", "0", "-1", "1e5", "nan", "A", "NA", ".", "True", "rs1", "9" * 20, "\x85", "\u2028"]),
    any_text(6),
    st.floats().map(str),
)
bounded = settings(
    max_examples=100, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


def _read(folder: Path, content: bytes) -> ScoringFile | None:
    path = _file(folder, content)
    try:
        found = read_scoring_file(path)
    except ScoringFileError:
        return None
    assert all(math.isfinite(row.weight) and row.effect_allele for row in found.variants)
    assert all((row.position > 0) or row.chromosome is None for row in found.variants)
    return found


@bounded
@given(content=st.binary(max_size=300))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    assert _read(tmp_path, content) is None


@bounded
@given(zipped=st.booleans(), at=st.floats(0, 1), length=st.integers(0, 6), put=st.binary(max_size=6))
def test_a_file_with_a_few_bytes_changed(tmp_path: Path, zipped: bool, at: float, length: int, put: bytes) -> None:
    content = gzip.compress(GOOD, mtime=0) if zipped else GOOD
    start = round(at * len(content))
    _read(tmp_path, content[:start] + put + content[start + length :])


@bounded
@given(
    harmonised=st.booleans(),
    rows=st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\r", ""]),
)
def test_good_columns_over_any_rows(tmp_path: Path, harmonised: bool, rows: list[list[str]], end: str) -> None:
    columns = COLUMNS.replace("effect_weight", "effect_weight\thm_chr\thm_pos") if harmonised else COLUMNS
    text = HEADER + columns + "".join("\t".join(row) + end for row in rows)
    _read(tmp_path, text.encode("utf-8", "surrogatepass"))
