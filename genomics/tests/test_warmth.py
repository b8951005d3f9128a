"""A warm-up that was made is not made again; one of other sources, or another numba, is."""

from __future__ import annotations

from pathlib import Path

import pytest
from kitloop_genomics import warmth


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "package"
    package.mkdir()
    (package / "kernel.py").write_text("one")
    monkeypatch.setattr(warmth, "_PACKAGE", package)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "numba"))
    return package


def test_it_holds_for_the_sources_and_versions_that_it_was_made_for(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not warmth.is_warm()
    warmth.mark_warm()
    assert warmth.is_warm()
    (sources / "kernel.py").write_text("another")
    assert not warmth.is_warm()
    warmth.mark_warm()
    monkeypatch.setattr(warmth, "version", lambda name: "0.0.1")
    assert not warmth.is_warm()


def test_it_goes_with_the_folder_of_compiled_kernels(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmth.mark_warm()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("KITLOOP_DATA", str(tmp_path / "data"))
    assert not warmth.is_warm()
    warmth.mark_warm()
    assert sorted(found.parent for found in tmp_path.rglob("*.warm")) == [
        tmp_path / "data" / "numba",
        tmp_path / "numba",
    ]


def test_a_folder_that_can_not_be_written_is_no_error(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    warmth.mark_warm()
    assert not warmth.is_warm()
