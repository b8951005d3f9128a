"""`panel build`: the same bundle from any form of the panel."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.haplotypes import chunk_sites
from kitloop_genomics.bundle.open import open_bundle
from kitloop_genomics.bundle.panel import INDEX
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import PanelSourceError
from panel_sources import DESCRIPTION, PEOPLE, Small, as_bcf, as_bgzf, contents, record, small_panel


def test_a_bundle_holds_the_panel_that_it_was_built_from(small: Small, built: Path) -> None:
    assert check_bundle(built) == []
    panel = open_bundle(built).panel
    assert panel.people == tuple(f"p{number:02d}" for number in range(PEOPLE))
    assert [(one.key, len(one.members)) for one in panel.populations] == [("west", 7), ("east", 12)]
    rows = [line.split("\t") for line in small.vcf.read_text().splitlines() if not line.startswith("#")]
    for found in panel.chromosomes:
        expected = [row for row in rows if row[0] == found.name]
        truth = small.haplotypes[found.name]
        assert found.position.tolist() == [int(row[1]) for row in expected]
        assert list(found.ids) == [row[2] for row in expected]
        assert found.ref.tobytes().decode() == "".join(row[3] for row in expected)
        assert found.alt.tobytes().decode() == "".join(row[4] for row in expected)
        assert (np.asarray(found.haplotypes) == truth).all()
        assert found.packed(17, 211).tobytes() == np.packbits(truth[17:211], axis=1).tobytes()
        few = np.array([0, 3, 4, 299])
        assert (found.genotypes_at(few) == truth[few, 0::2] + truth[few, 1::2]).all()
        assert (found.alt_frequency == truth.mean(axis=1)).all()
        both = truth[:, 0::2] + truth[:, 1::2]
        counts = np.stack([both[:, one.members].sum(axis=1) for one in panel.populations], axis=1)
        assert (found.copies_in(panel.populations) == counts).all()
        assert found.cm == pytest.approx(np.interp(found.position, [1, 10_000, 20_000], [0, 0.7, 1.0]))


@pytest.mark.parametrize("form", ["bcf", "bgzf", "a file each", "more than GT", "gzipped FASTA"])
def test_every_form_of_the_panel_gives_the_same_bytes(small: Small, built: Path, tmp_path: Path, form: str) -> None:
    made = small_panel(tmp_path / "sources")
    sources = made.sources
    if form == "bcf":
        sources = replace(sources, variants=(as_bcf(made.vcf),))
    elif form == "bgzf":
        sources = replace(sources, variants=(as_bgzf(made.vcf),))
    elif form == "a file each":
        sources = replace(sources, variants=(as_bcf(made.vcf, "chr2"), as_bcf(made.vcf, "chr1")))
    elif form == "gzipped FASTA":
        fasta = made.folder / "reference.fa.gz"
        fasta.write_bytes(gzip.compress(made.sources.fasta.read_bytes()))
        sources = replace(sources, fasta=fasta)
    else:
        more = made.vcf.read_text().replace("\tGT\t", "\tGT:DP\t").replace("|0\t", "|0:12\t").replace("|1\n", "|1:3\n")
        made.vcf.write_text(more)
    assert contents(build_bundle(tmp_path / "out", sources, DESCRIPTION).path) == contents(built)


def test_sites_in_many_chunks_are_read_as_those_in_one(
    small: Small, built: Path, tmp_path: Path, small_chunks: None
) -> None:
    other = build_bundle(tmp_path / "out", small.sources, DESCRIPTION)
    assert other.chunks == 10
    for one, two in zip(open_bundle(built).panel.chromosomes, open_bundle(other.path).panel.chromosomes, strict=True):
        assert one.packed(0, 300).tobytes() == two.packed(0, 300).tobytes()
        assert one.packed(60, 70).tobytes() == two.packed(60, 70).tobytes()
        assert list(one.ids) == list(two.ids)
        assert one.ids[-1] == two.ids[299]
        assert one.ids[60:70:3] == two.ids[60:70:3]
        for name in ("position", "ref", "alt", "cm", "stored_copies"):
            assert getattr(one, name).tobytes() == getattr(two, name).tobytes()


@pytest.mark.parametrize("haplotypes", [2, 38, 6_404, 50_000, 200_000])
def test_a_chunk_is_as_large_as_32_mb_of_bits_allow(haplotypes: int) -> None:
    size = chunk_sites(haplotypes)
    assert size & (size - 1) == 0
    assert size == 65_536 or 16 * 2**20 < size * -(-haplotypes // 8) <= 32 * 2**20


def test_a_cut_fasta_is_refused_and_scores_are_unpacked(small: Small, demo: Demo, tmp_path: Path) -> None:
    fasta = tmp_path / "reference.fa.gz"
    fasta.write_bytes(gzip.compress(small.sources.fasta.read_bytes())[:-40])
    with pytest.raises(PanelSourceError, match=r"reference\.fa\.gz: can't be read"):
        build_bundle(tmp_path / "cut", replace(small.sources, fasta=fasta), DESCRIPTION)
    plain = demo.bundle / "scores" / "DEMO-LEAF.txt"
    packed = tmp_path / "PGS1_hmPOS.txt.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    built = build_bundle(tmp_path / "out", replace(small.sources, scores=(plain, packed)), DESCRIPTION)
    assert [path.name for path in open_bundle(built.path).score_files] == ["DEMO-LEAF.txt", "PGS1_hmPOS.txt"]
    assert (built.path / "scores" / "PGS1_hmPOS.txt").read_bytes() == plain.read_bytes()


def test_sites_that_tell_nothing_are_left_out_and_counted(small: Small, tmp_path: Path) -> None:
    def change(lines: list[str]) -> list[str]:
        lines = record(3, alt="<DEL>")(lines)
        fields = lines[14].split("\t")
        lines[14] = "\t".join([*fields[:9], *["0|0"] * PEOPLE]) + "\n"
        fields = lines[15].split("\t")
        lines[15] = "\t".join([*fields[:9], *["1|1"] * PEOPLE]) + "\n"
        return lines

    built = build_bundle(tmp_path / "out", small.with_lines(change, "left.vcf"), DESCRIPTION)
    assert built.sites == 597
    assert {reason: count for reason, count in built.left_out.items() if count} == {"does_not_vary": 2, "symbolic": 1}
    assert json.loads((built.path / "panel" / INDEX).read_text())["left_out"] == built.left_out


def test_homozygous_genotypes_need_no_phase_and_one_allele_counts_twice(
    small: Small, built: Path, tmp_path: Path
) -> None:
    def change(lines: list[str]) -> list[str]:
        return [line.replace("0|0", "0/0") if not at % 2 else line.replace("1|1", "1") for at, line in enumerate(lines)]

    sources = small.with_lines(change, "mixed.vcf")
    assert contents(build_bundle(tmp_path / "out", sources, DESCRIPTION).path) == contents(built)
    sources = replace(sources, variants=(as_bcf(sources.variants[0]),))
    assert contents(build_bundle(tmp_path / "bcf", sources, DESCRIPTION).path) == contents(built)


def test_a_bundle_of_the_earlier_form_says_how_to_come_by_a_new_one(built: Path, tmp_path: Path) -> None:
    content = json.loads((built / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(content | {"schema": "kitloop-bundle/1"}))
    (problem,) = check_bundle(tmp_path)
    assert "earlier form" in problem.problem
    assert "panel build" in problem.remedy
