"""Whatever bytes arrive, an export is read or refused by name: no other exception leaves the parser."""

from __future__ import annotations

from pathlib import Path

import pytest
from any_text import any_text
from array_files import ANCESTRY, MYHERITAGE, TWENTYTHREE, ancestry, myheritage, twentythree, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import Export, read_export

TEXTS = (
    twentythree("rs1 1 101 AG", "rs2 2 102 --", "i3 X 103 C", "rs5 5 105 DI"),
    ancestry("rs1 1 101 A G", "rs2 2 102 0 0", "rs3 23 103 C C", "rs5 25 105 I D"),
    myheritage("rs1 1 101 AG", "rs2 2 102 --", "rs3 X 103 CC"),
)
FILES = (*TEXTS, *(zipped(("export.txt", text)) for text in TEXTS))
HEADINGS = (TWENTYTHREE, ANCESTRY, MYHERITAGE)
CELL = st.one_of(
    st.sampled_from(
        ["", "1", "0", "X", "26", "27", "AA", "A", "--", "ID", "rs1", "999999999", "+5", "1_0", '"', "\x85"]
    ),
    any_text(5),
)
bounded = settings(
    max_examples=100, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export"


def _read(file: Path, content: bytes) -> Export | None:
    file.write_bytes(content)
    refusal = None
    try:
        found = read_export(file)
    except ExportError as error:
        refusal = error
    if refusal:
        assert refusal.code.startswith("array_")
        assert refusal.line is None or refusal.line >= 1
        return None
    assert found.rows == found.no_calls + found.unplaced + len(found.sites)
    assert set(found.sites.first.tolist()) <= set(b"ACGTID")
    assert set(found.sites.second.tolist()) <= {0, *b"ACGTID"}
    assert ((found.sites.chromosome >= 1) & (found.sites.chromosome <= 26)).all()
    assert (found.sites.position >= 1).all()
    return found


@bounded
@given(content=st.binary(max_size=400))
def test_any_bytes(file: Path, content: bytes) -> None:
    assert _read(file, content) is None


@bounded
@given(
    content=st.sampled_from(FILES),
    at=st.floats(0, 1),
    length=st.integers(0, 8),
    put=st.binary(max_size=8),
)
def test_an_export_with_a_few_bytes_changed(file: Path, content: bytes, at: float, length: int, put: bytes) -> None:
    start = round(at * len(content))
    _read(file, content[:start] + put + content[start + length :])


@bounded
@given(
    heading=st.sampled_from(HEADINGS),
    rows=st.lists(st.lists(CELL, min_size=1, max_size=6), max_size=4),
    separator=st.sampled_from(["\t", ",", " "]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    pack=st.booleans(),
)
def test_a_good_heading_over_any_rows(
    file: Path, heading: str, rows: list[list[str]], separator: str, end: str, pack: bool
) -> None:
    text = (heading + "".join(separator.join(row) + end for row in rows)).encode("utf-8", "surrogatepass")
    _read(file, zipped(("export.txt", text)) if pack else text)


@bounded
@given(heading=st.lists(any_text(40), max_size=6), text=st.sampled_from(TEXTS))
def test_any_comments_over_good_rows(file: Path, heading: list[str], text: bytes) -> None:
    comments = "".join(f"#{line}\n" for line in heading).encode("utf-8", "surrogatepass")
    _read(file, comments + text)
    rows = text.split(b"\n", 1)[1]
    _read(file, comments + rows)
