"""A build that is killed goes on after its last whole chunk, to the same bytes, and only from the same sources."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from kitloop_genomics.building import build
from kitloop_genomics.building import chromosome as chromosome_module
from kitloop_genomics.building.build import build_bundle
from panel_sources import DESCRIPTION, Small, as_bcf, contents, small_panel

_KILLED = """
import os, signal, sys
from pathlib import Path
from kitloop_genomics.building import chromosome
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.building.sources import PanelSources
from panel_sources import DESCRIPTION
folder, out, after, forms = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4].split(",")
chromosome.chunk_sites = lambda haplotypes: 64
real, written = chromosome.write_columns, 0
def write(path, columns):
    global written
    if written == after:
        path.with_name(f".{path.name}.{os.getpid()}.part").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    written += 1
    real(path, columns)
chromosome.write_columns = write
files = tuple(folder / form for form in forms)
build_bundle(out, PanelSources(folder / "reference.fa", files, (folder / "map.tsv",), folder / "people.tsv"), DESCRIPTION)
"""


@pytest.mark.parametrize(
    ("forms", "stages"), [(["panel.vcf"], [2, 3, 5]), (["panel.chr1.bcf", "panel.chr2.bcf"], [6, 1])]
)
def test_a_killed_build_goes_on_to_the_same_bytes(tmp_path: Path, forms: list[str], stages: list[int]) -> None:
    made = small_panel(tmp_path / "sources")
    for name in ("chr1", "chr2"):
        as_bcf(made.vcf, name)
    sources = replace(made.sources, variants=tuple(made.folder / form for form in forms))
    seen = []
    for after in stages:
        words = [sys.executable, "-c", _KILLED, str(made.folder), str(tmp_path / "out"), str(after), ",".join(forms)]
        assert subprocess.run(words, cwd=Path(__file__).parent, check=False).returncode == -signal.SIGKILL
        assert not (tmp_path / "out").exists()
        seen.append(sorted(path.name for path in (tmp_path / ".out.building").rglob("*.sites")))
    assert all(one != other for one, other in itertools.pairwise(seen))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chromosome_module, "chunk_sites", lambda haplotypes: 64)
        decoded: list[str] = []
        real = chromosome_module.write_chunk
        patch.setattr(
            chromosome_module, "write_chunk", lambda path, *rest: (decoded.append(path.name), real(path, *rest))
        )
        resumed = build_bundle(tmp_path / "out", sources, DESCRIPTION)
        assert len(decoded) < 10 - sum(stages) + 3  # what was whole is not written again
        unbroken = build_bundle(tmp_path / "unbroken", sources, DESCRIPTION)
    assert contents(resumed.path) == contents(unbroken.path)
    assert (resumed.path / "manifest.json").read_bytes() == (unbroken.path / "manifest.json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "sources", "unbroken"]


def test_a_build_from_other_sources_does_not_go_on_with_what_is_left(
    small: Small, tmp_path: Path, small_chunks: None
) -> None:
    made = small_panel(tmp_path / "sources")

    def killed(*index: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_write_index", killed)
        with pytest.raises(KeyboardInterrupt):
            build_bundle(tmp_path / "out", made.sources, DESCRIPTION)
    assert len(list((tmp_path / ".out.building" / "bundle" / "panel").iterdir())) == 12
    other = small_panel(tmp_path / "other", seed=2)
    again = build_bundle(tmp_path / "out", other.sources, DESCRIPTION)
    assert contents(again.path) == contents(build_bundle(tmp_path / "straight", other.sources, DESCRIPTION).path)
