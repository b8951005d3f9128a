"""Genetic maps in the forms that they are given out in."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.errors import PanelSourceError
from panel_sources import DESCRIPTION, Small, contents

MAPS = {
    "hapmap.txt": "Chromosome\tPosition(bp)\tRate(cM/Mb)\tMap(cM)\n"
    + "".join(f"chr{n}\t1\t70\t0\nchr{n}\t10000\t30\t0.7\nchr{n}\t20000\t0\t1.0\n" for n in (1, 2)),
    "glimpse.gmap": "pos chr cM\n" + "".join(f"1 {n} 0\n10000 {n} 0.7\n20000 {n} 1.0\n" for n in (1, 2)),
    "plink.map": "".join(f"{n} . 0 1\n{n} . 0.7 10000\n{n} . 1.0 20000\n" for n in (1, 2)),
}


@pytest.mark.parametrize("name", MAPS)
def test_maps_in_the_forms_that_they_are_given_out_in(small: Small, built: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(MAPS[name])
    made = build_bundle(tmp_path / "out", replace(small.sources, maps=(path,)), DESCRIPTION)
    assert contents(made.path) == contents(built)


def test_maps_without_a_chromosome_take_it_from_their_name(small: Small, built: Path, tmp_path: Path) -> None:
    text = "position COMBINED_rate(cM/Mb) Genetic_Map(cM)\n1 70 0\n10000 30 0.7\n20000 0 1.0\n"
    paths = (tmp_path / "genetic_map_chr1_x.txt.gz", tmp_path / "genetic_map_chr2_x.txt.gz")
    for path in paths:
        path.write_bytes(gzip.compress(text.encode()))
    made = build_bundle(tmp_path / "out", replace(small.sources, maps=paths), DESCRIPTION)
    assert contents(made.path) == contents(built)
    nameless = tmp_path / "genetic_map.txt"
    nameless.write_text(text)
    with pytest.raises(PanelSourceError, match="doesn't say of which chromosome it is"):
        build_bundle(tmp_path / "other", replace(small.sources, maps=(nameless,)), DESCRIPTION)
