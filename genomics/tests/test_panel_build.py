"""`panel build`: the same bundle from any form of the panel, what it refuses, and that a kill costs one chunk."""

from __future__ import annotations

import gzip
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest
from click.testing import CliRunner
from kitloop_genomics.building import chromosome as chromosome_module
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.building.pace import Pace
from kitloop_genomics.building.survey import survey
from kitloop_genomics.bundle.check import check_bundle
from kitloop_genomics.bundle.haplotypes import chunk_sites
from kitloop_genomics.bundle.open import open_bundle
from kitloop_genomics.bundle.panel import INDEX
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError, PanelSourceError, ScoringFileError
from panel_sources import DESCRIPTION, PEOPLE, Small, as_bcf, as_bgzf, contents, small_panel


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_panel(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def built(small: Small) -> Path:
    return build_bundle(small.folder / "built", small.sources, DESCRIPTION).path


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromosome_module, "chunk_sites", lambda haplotypes: 64)


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
    late = made.with_lines(lambda lines: [*lines[:-1], lines[-1].replace("|", "/").replace("0/0", "0/1")])
    with pytest.raises(PanelSourceError, match="unphased"):
        build_bundle(tmp_path / "out", late, DESCRIPTION)
    assert len(list((tmp_path / ".out.building" / "bundle" / "panel").iterdir())) == 10
    other = small_panel(tmp_path / "other", seed=2)
    again = build_bundle(tmp_path / "out", other.sources, DESCRIPTION)
    assert contents(again.path) == contents(build_bundle(tmp_path / "straight", other.sources, DESCRIPTION).path)


def _record(number: int, **columns: str) -> Callable[[list[str]], list[str]]:
    """Change the columns of the record `number`; `gt` is the first person's genotype."""
    place = {"chrom": 0, "pos": 1, "ref": 3, "alt": 4, "format": 8, "gt": 9}

    def change(lines: list[str]) -> list[str]:
        at = [n for n, line in enumerate(lines) if not line.startswith("#")][number]
        fields = lines[at].rstrip("\n").split("\t")
        for name, value in columns.items():
            fields[place[name]] = value
        return [*lines[:at], "\t".join(fields) + "\n", *lines[at + 1 :]]

    return change


def _swapped(lines: list[str]) -> list[str]:
    return [*lines[:20], lines[21], lines[20], *lines[22:]]


REFUSED = {
    "unphased": (_record(20, gt="0/1"), "p00 has an unphased genotype"),
    "missing": (_record(20, gt=".|."), "p00 has no genotype"),
    "half missing": (_record(20, gt="0|."), "p00 has no genotype"),
    "no such allele": (_record(20, gt="0|3"), "p00 has an allele that the record doesn't list"),
    "three alleles": (_record(20, gt="0|1|1"), "the genotype '0|1|1' of p00 is not two alleles"),
    "no genotype word": (_record(20, gt="A|A"), "the genotype 'A|A' of p00 is not two alleles"),
    "no GT": (_record(20, format="DS"), "has no genotypes"),
    "unsorted": (_swapped, "stands after chr1:"),
    "twice": (lambda lines: [*lines[:20], lines[19], *lines[20:]], "stands there twice"),
    "chromosome in two places": (lambda lines: [*lines, lines[20]], "chr1 stands in two places"),
    "beyond the end": (_record(299, pos="20500"), "and the FASTA has nothing there"),
    "not in the FASTA": (lambda lines: [line.replace("chr2", "chr7") for line in lines], "chr7 is not in the FASTA"),
    "cut off": (lambda lines: [*lines[:-1], lines[-1][:60]], "genotypes of|breaks off in its last line"),
    "no position": (_record(20, pos="here"), "is no record of a VCF"),
    "no people": (
        lambda lines: [line.split("\tFORMAT")[0].rstrip("\n") + "\n" for line in lines[:6]],
        "holds no people",
    ),
    "no header": (lambda lines: lines[6:], "is neither VCF nor BCF"),
    "empty": (lambda lines: [], "is neither VCF nor BCF"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_not_be_used_is_refused_by_file_and_record(small: Small, tmp_path: Path, what: str) -> None:
    change, problem = REFUSED[what]
    sources = small.with_lines(change, f"{what}.vcf")
    with pytest.raises(PanelSourceError, match=problem) as caught:
        build_bundle(tmp_path / "out", sources, DESCRIPTION)
    assert caught.value.path == sources.variants[0]
    assert caught.value.remedy
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["unphased", "missing", "no such allele", "unsorted", "twice", "beyond the end"])
def test_the_same_is_refused_in_bcf(small: Small, tmp_path: Path, what: str) -> None:
    change, problem = REFUSED[what]
    vcf = small.with_lines(change, f"{what}.vcf").variants[0]
    sources = replace(small.sources, variants=(as_bcf(vcf),))
    with pytest.raises(PanelSourceError, match=problem):
        build_bundle(tmp_path / "out", sources, DESCRIPTION)


def test_a_ref_that_is_not_the_fasta_s_is_refused(small: Small, tmp_path: Path) -> None:
    line = [line for line in small.vcf.read_text().splitlines() if not line.startswith("#")][20].split("\t")
    other = next(base for base in "ACGT" if base not in (line[3], line[4]))
    sources = small.with_lines(_record(20, ref=other), "ref.vcf")
    expected = f"ref.vcf, chr1:{line[1]}: its REF is {other}, and the FASTA has {line[3]} there"
    with pytest.raises(PanelSourceError, match=expected):
        build_bundle(tmp_path / "out", sources, DESCRIPTION)


@pytest.mark.parametrize("cut", [10, 28, 200])
@pytest.mark.parametrize("form", [as_bcf, as_bgzf])
def test_a_cut_file_is_refused_before_anything_is_read(tmp_path: Path, form: Callable[[Path], Path], cut: int) -> None:
    made = small_panel(tmp_path / "sources", sites=40)
    path = form(made.vcf)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(PanelSourceError, match="breaks off: the block that ends a BGZF file is missing"):
        build_bundle(tmp_path / "out", replace(made.sources, variants=(path,)), DESCRIPTION)


def test_damage_inside_a_file_is_refused(tmp_path: Path) -> None:
    made = small_panel(tmp_path / "sources", sites=40)
    path = as_bcf(made.vcf)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(PanelSourceError, match="breaks off or is damaged"):
        build_bundle(tmp_path / "out", replace(made.sources, variants=(path,)), DESCRIPTION)


@pytest.mark.parametrize("binary", [False, True])
def test_whatever_bytes_a_panel_holds_it_is_read_or_refused(tmp_path: Path, binary: bool) -> None:
    made = small_panel(tmp_path / "sources", sites=12)
    whole = gzip.decompress(as_bcf(made.vcf).read_bytes()) if binary else made.vcf.read_bytes()
    path = tmp_path / "panel"
    sources = replace(made.sources, variants=(path,))
    rng = np.random.default_rng(1)
    refused, at_fault = 0, []
    pysam.faidx(str(made.sources.fasta))  # or each look would copy it
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(0, len(content), int(rng.integers(1, 4))).tolist():
            content[at] = int(rng.choice([0, 9, 10, 46, 49, 124, 255, int(rng.integers(256))]))
        path.write_bytes(content)
        try:
            refused += survey(sources, DESCRIPTION).refused > 0
        except PanelSourceError as error:
            at_fault.append(error.path)
    refused += len(at_fault)
    assert set(at_fault) <= {path, sources.populations}
    assert 20 < refused < 60


def test_gzip_that_is_not_bgzf_is_refused(small: Small, tmp_path: Path) -> None:
    path = tmp_path / "panel.vcf.gz"
    path.write_bytes(gzip.compress(small.vcf.read_bytes()))
    with pytest.raises(PanelSourceError, match="gzip and not BGZF"):
        build_bundle(tmp_path / "out", replace(small.sources, variants=(path,)), DESCRIPTION)


_SIDES = {
    "no map of a chromosome": ("map.tsv", "chromosome\tposition\tcM\nchr1\t1\t0\nchr1\t9\t1\n", "chr2 has no rows in the genetic map"),
    "map that falls": ("map.tsv", "chromosome\tposition\tcM\nchr1\t1\t1\nchr1\t9\t0.5\n", "line 3: chr1 goes backwards"),
    "map that is none": ("map.tsv", "a\tb\nc\td\n", "line 1: its header names no position or no cM"),
    "map with a word": ("map.tsv", "chromosome\tposition\tcM\nchr1\tx\t0\n", "line 2: can't be read"),
    "empty map": ("map.tsv", "", "is empty"),
    "person without population": ("people.tsv", "sample\tpop\np00\twest\n", "has no population for p01, p02, p03 and 15 more"),
    "person in two": ("people.tsv", "sample\tpop\np00\twest\np00\teast\n", "line 3: p00 stands there a second time"),
    "table without columns": ("people.tsv", "who\twhere\n", "its header names no person or no population"),
    "row without population": ("people.tsv", "sample\tpop\np00\n", "line 2: the row 'p00' lacks a column"),
    "no FASTA": ("reference.fa", "ACGT\n", "is not FASTA"),
}  # fmt: skip


@pytest.mark.parametrize("what", _SIDES)
def test_broken_files_beside_the_panel_are_refused_by_line(tmp_path: Path, what: str) -> None:
    made = small_panel(tmp_path / "sources", sites=40)
    name, content, problem = _SIDES[what]
    (made.folder / name).write_text(content)
    with pytest.raises(PanelSourceError, match=problem):
        build_bundle(tmp_path / "out", made.sources, DESCRIPTION)
    assert not (tmp_path / "out").exists()


def test_a_missing_file_a_broken_score_and_other_people_are_refused_at_once(small: Small, tmp_path: Path) -> None:
    with pytest.raises(PanelSourceError, match=r"nowhere\.bcf: is not there"):
        build_bundle(tmp_path / "out", replace(small.sources, variants=(tmp_path / "nowhere.bcf",)), DESCRIPTION)
    score = tmp_path / "score.txt"
    score.write_text("rsID\tchr_name\n")
    with pytest.raises(ScoringFileError, match=r"score\.txt"):
        build_bundle(tmp_path / "out", replace(small.sources, scores=(score,)), DESCRIPTION)
    changed = small.with_lines(lambda lines: [line.replace("p03", "q03") for line in lines], "others.vcf").variants[0]
    with pytest.raises(PanelSourceError, match=r"its person 4 is q03, and that of panel\.vcf is p03"):
        build_bundle(tmp_path / "out", replace(small.sources, variants=(small.vcf, changed)), DESCRIPTION)
    with pytest.raises(InputError, match=r"no source has this name"):
        build_bundle(tmp_path / "out", small.sources, replace(DESCRIPTION, licences={"else.bcf": "CC0"}))


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
        lines = _record(3, alt="<DEL>")(lines)
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


def test_a_dry_run_says_what_a_build_would_keep_and_refuse(small: Small, built: Path) -> None:
    found = survey(small.sources, DESCRIPTION)
    size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
    assert (found.people, found.sites, found.chunks) == (PEOPLE, {"chr1": 300, "chr2": 300}, {"chr1": 1, "chr2": 1})
    assert found.size_bytes == pytest.approx(size, rel=0.15)
    assert found.problems == []

    def change(lines: list[str]) -> list[str]:
        return _record(20, gt="0/1")(_record(40, gt=".")(_record(60, gt="x")(_swapped(lines))))

    broken = survey(small.with_lines(change, "survey.vcf"), DESCRIPTION)
    assert [str(problem.problem).split(" ")[0] for problem in broken.problems] == ["stands", "p00", "p00", "the"]
    assert (broken.refused, sum(broken.sites.values())) == (4, 596)


def test_the_command_builds_and_checks(small: Small, tmp_path: Path) -> None:
    words = [
        "panel", "build", "--fasta", small.sources.fasta, "--vcf", small.vcf, "--map", small.sources.maps[0],
        "--populations", small.sources.populations, "--build", "small-1", "--out", tmp_path / "out",
        "--licence", "panel.vcf=CC0=free", "--ne", 9000,
    ]  # fmt: skip
    run = CliRunner()
    dry = run.invoke(kitloop_genomics, [*map(str, words), "--check-only"])
    assert (dry.exit_code, (tmp_path / "out").exists()) == (0, False)
    assert "19 people, 600 sites" in dry.output
    done = run.invoke(kitloop_genomics, [*map(str, words)])
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sources"][1]["licence"] == "CC0=free"
    assert len(manifest["sources"][1]["sha256"]) == 64
    assert manifest["imputation"] == {"effective_population_size": 9000}
    again = run.invoke(kitloop_genomics, [*map(str, words)])
    assert isinstance(again.exception, InputError)
    assert "is there already" in str(again.exception)


def test_progress_tells_rate_and_time_left_since_the_restart() -> None:
    now, lines = [100.0], []
    pace = Pace(1_000, lines.append, 1.0, clock=lambda: now[0])
    pace.at("chr1", 500, 0)  # half of it was read before
    for _ in range(4):
        now[0] += 0.5
        pace.at("chr2", 500 + int((now[0] - 100) * 50), int((now[0] - 100) * 2_000))
    assert lines == [
        "chr2: 2,000 sites, 2,000 a second, 55% read, 9 s left",
        "chr2: 4,000 sites, 2,000 a second, 60% read, 8 s left",
    ]


def test_a_bundle_of_the_earlier_form_says_how_to_come_by_a_new_one(built: Path, tmp_path: Path) -> None:
    content = json.loads((built / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(content | {"schema": "kitloop-bundle/1"}))
    (problem,) = check_bundle(tmp_path)
    assert "earlier form" in problem.problem
    assert "panel build" in problem.remedy
