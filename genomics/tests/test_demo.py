"""The demo bundle and the people who are not in it."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools
import pytest
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.manifest import read_manifest
from kitloop_genomics.bundle.open import Bundle, open_bundle
from kitloop_genomics.demo.build import Demo, build_demo
from kitloop_genomics.errors import BundleError, InputError

SITES = "panel/chr1.sites"


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_bytes(short_demo: Demo, tmp_path: Path) -> None:
    again = build_demo(tmp_path / "again", seed=1, length_bp=400_000)
    assert _contents(again.path) == _contents(short_demo.path)


def test_another_seed_gives_another_panel(short_demo: Demo, tmp_path: Path) -> None:
    other = build_demo(tmp_path / "other", seed=2, length_bp=400_000)
    assert (other.bundle / SITES).read_bytes() != (short_demo.bundle / SITES).read_bytes()
    assert check_bundle(other.bundle) == []


def test_a_whole_demo_is_reused_untouched(demo: Demo) -> None:
    before = (demo.bundle / "manifest.json").stat().st_mtime_ns
    steps: list[str] = []
    build_demo(demo.path, seed=1, tell=steps.append)
    assert steps == []
    assert (demo.bundle / "manifest.json").stat().st_mtime_ns == before


def test_a_damaged_demo_is_built_again(short_demo: Demo, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(short_demo.path, copy)
    (copy / "bundle" / SITES).write_bytes(b"damaged")
    build_demo(copy, seed=1, length_bp=400_000)
    assert _contents(copy) == _contents(short_demo.path)


def test_a_folder_with_other_things_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="not a demo"):
        build_demo(tmp_path, seed=1)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_demo_of_another_seed_is_never_overwritten(demo: Demo) -> None:
    before = _contents(demo.path)
    with pytest.raises(InputError, match="seed 1, not 5"):
        build_demo(demo.path, seed=5)
    with pytest.raises(InputError, match="of another size"):
        build_demo(demo.path, seed=1, people_each=60)
    assert _contents(demo.path) == before


def test_a_full_disk_is_reported_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 5_000_000, 5_000_000))
    with pytest.raises(BundleError, match="only 5 MB are free"):
        build_demo(tmp_path / "demo", seed=1)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(step: str) -> None:
        if "panel" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_demo(tmp_path / "demo", seed=1, length_bp=400_000, tell=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_says_that_it_is_simulated(demo: Demo) -> None:
    manifest = read_manifest(demo.bundle)
    assert manifest.species == "simulated"
    assert manifest.created_by["seed"] == 1
    for path in (demo.bundle / "scores").iterdir():
        assert "#pgs_id=DEMO-" in path.read_text()
        assert "simulated" in path.read_text().splitlines()[0]


def test_the_panel_has_the_promised_shape(bundle: Bundle) -> None:
    panel = bundle.panel
    assert len(panel.people) == 200
    assert [(row.name, len(row.members)) for row in panel.populations] == [
        ("Aster", 50),
        ("Birch", 50),
        ("Cedar", 50),
        ("Dune", 50),
    ]
    assert bundle.contigs == {"chr1": 2_000_000, "chr2": 2_000_000}
    for chromosome in panel.chromosomes:
        assert chromosome.haplotypes.shape == (len(chromosome.position), 400)
        alleles = np.asarray(chromosome.haplotypes)
        assert alleles.dtype == np.uint8
        assert (alleles.sum(axis=1) >= 2).all()
        assert (np.diff(chromosome.cm) >= 0).all()
        assert 1.5 < chromosome.cm[-1] < 4


def test_the_panel_states_its_allele_counts(bundle: Bundle) -> None:
    for row in bundle.panel.chromosomes:
        assert (row.alt_frequency == np.asarray(row.haplotypes).mean(axis=1)).all()
        counts = [row.genotypes[:, one.members].sum(axis=1).tolist() for one in bundle.panel.populations]
        assert row.copies_in(bundle.panel.populations).T.tolist() == counts


def test_the_reference_has_realistic_gc(bundle: Bundle) -> None:
    with pysam.FastaFile(str(bundle.reference)) as fasta:
        text = fasta.fetch("chr1")
    assert 0.37 < (text.count("G") + text.count("C")) / len(text) < 0.45


def test_recombination_is_concentrated_in_hotspots(bundle: Bundle) -> None:
    rows = [line.split("\t") for line in (bundle.path / "map.tsv").read_text().splitlines()[1:]]
    at = np.array([float(row[1]) for row in rows if row[0] == "chr1"])
    cm = np.array([float(row[2]) for row in rows if row[0] == "chr1"])
    length, distance = np.diff(at), np.diff(cm)
    hottest = np.argsort(distance / length)[::-1]
    share = np.cumsum(distance[hottest]) / distance.sum()
    assert np.cumsum(length[hottest])[np.searchsorted(share, 0.5)] / length.sum() < 0.05


def test_held_out_people_are_strangers_to_the_panel(demo: Demo, bundle: Bundle) -> None:
    with np.load(demo.people / "haplotypes.npz") as stored:
        for chromosome in bundle.panel.chromosomes:
            packed = stored[f"{chromosome.name}.haplotypes"][stored[f"{chromosome.name}.in_panel"]]
            held_out = np.unpackbits(packed, axis=1)[:, :160]
            panel = {column.tobytes() for column in np.asarray(chromosome.haplotypes).T}
            # In 2 Mb a haplotype that two people have from one ancestor of late may still be whole in both.
            assert sum(column.tobytes() in panel for column in held_out.T) <= 5


def test_its_insertions_and_deletions_are_named_as_bcftools_names_them(bundle: Bundle, tmp_path: Path) -> None:
    rows = [
        f"{row.name}\t{row.position[site]}\t.\t{pair}\t.\t.\t."
        for row in bundle.panel.chromosomes
        for site, pair in zip(row.others.site, row.others.texts, strict=True)
    ]
    assert len(rows) == 47
    contigs = [f"##contig=<ID={name}>" for name in bundle.contigs]
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    (tmp_path / "sites.vcf").write_text("\n".join(["##fileformat=VCFv4.3", *contigs, columns, *rows]) + "\n")
    named = pysam.bcftools.norm("-f", str(bundle.reference), str(tmp_path / "sites.vcf"))
    assert [line for line in named.splitlines() if line[0] != "#"] == rows


def test_a_sound_bundle_has_no_problems(demo: Demo) -> None:
    assert check_bundle(demo.bundle) == []


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("map.tsv", b"x", "bytes, the manifest says"),
        (SITES, None, "missing"),
        ("thresholds.json", "same size", "SHA-256 differs"),
        ("manifest.json", b"{}", "not a manifest"),
        ("manifest.json", None, "there is no manifest"),
    ],
)
def test_a_broken_bundle_is_named_with_its_remedy(
    demo: Demo, tmp_path: Path, name: str, content: bytes | str | None, problem: str
) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(demo.bundle, copy)
    path = copy / name
    if content is None:
        path.unlink()
    elif isinstance(content, str):
        path.write_bytes(path.read_bytes()[:-1] + b" ")
    else:
        path.write_bytes(content)
    (found,) = check_bundle(copy)
    assert found.path == path
    assert problem in found.problem
    assert found.remedy


def test_a_panel_of_another_reference_is_found_out(demo: Demo, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(demo.bundle, copy)
    text = (copy / "reference.fa").read_text()
    (copy / "reference.fa").write_text(text.translate(str.maketrans("ACGT", "CATG")).replace(">Ahr", ">chr"))
    _restate_manifest(copy)
    assert any("REF that is not the reference's base" in problem.problem for problem in check_bundle(copy))


def test_people_are_no_bundle(demo: Demo) -> None:
    with pytest.raises(BundleError, match="held-out-people"):
        open_bundle(demo.people)


def _restate_manifest(folder: Path) -> None:
    """Make sizes and checksums right again, so that only the content is wrong."""
    from kitloop_genomics.writing import sha256_of

    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        manifest["files"][name] = {"size": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
