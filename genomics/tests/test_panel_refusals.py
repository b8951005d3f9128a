"""What a bundle can not be built from is refused by file and record."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest
from kitloop_genomics.building.build import build_bundle
from kitloop_genomics.building.survey import survey
from kitloop_genomics.errors import InputError, PanelSourceError, ScoringFileError
from panel_sources import DESCRIPTION, Small, as_bcf, as_bgzf, record, small_panel, swapped

REFUSED = {
    "unphased": (record(20, gt="0/1"), "p00 has an unphased genotype"),
    "missing": (record(20, gt=".|."), "p00 has no genotype"),
    "half missing": (record(20, gt="0|."), "p00 has no genotype"),
    "no such allele": (record(20, gt="0|3"), "p00 has an allele that the record doesn't list"),
    "three alleles": (record(20, gt="0|1|1"), "the genotype '0|1|1' of p00 is not two alleles"),
    "no genotype word": (record(20, gt="A|A"), "the genotype 'A|A' of p00 is not two alleles"),
    "no GT": (record(20, format="DS"), "has no genotypes"),
    "unsorted": (swapped, "stands after chr1:"),
    "twice": (lambda lines: [*lines[:20], lines[19], *lines[20:]], "stands there twice"),
    "chromosome in two places": (lambda lines: [*lines, lines[20]], "chr1 stands in two places"),
    "beyond the end": (record(299, pos="20500"), "and the FASTA has nothing there"),
    "not in the FASTA": (lambda lines: [line.replace("chr2", "chr7") for line in lines], "chr7 is not in the FASTA"),
    "cut off": (lambda lines: [*lines[:-1], lines[-1][:60]], "genotypes of|breaks off in its last line"),
    "no position": (record(20, pos="here"), "is no record of a VCF"),
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
    assert list(tmp_path.iterdir()) == []  # nor a copy of the reference, from which no build could go on


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
    sources = small.with_lines(record(20, ref=other), "ref.vcf")
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


ONE_POPULATION = "sample\tpop\n" + "".join(f"p{number:02d}\twest\n" for number in range(19))
_SIDES = {
    "no map of a chromosome": ("map.tsv", "chromosome\tposition\tcM\nchr1\t1\t0\nchr1\t9\t1\n", "chr2 has no rows in the genetic map"),
    "map that falls": ("map.tsv", "chromosome\tposition\tcM\nchr1\t1\t1\nchr1\t9\t0.5\n", "line 3: chr1 goes backwards"),
    "map that is none": ("map.tsv", "a\tb\nc\td\n", "line 1: its header names no position or no cM"),
    "map with a word": ("map.tsv", "chromosome\tposition\tcM\nchr1\tx\t0\n", "line 2: can't be read"),
    "map without rows": ("map.tsv", "chromosome\tposition\tcM\n", "map.tsv: holds a header and no rows"),
    "map before the start": ("map.tsv", "chromosome\tposition\tcM\nchr1\t-1\t0\n", "line 2: a position or cM is below 0"),
    "map of less than nothing": ("map.tsv", "chromosome\tposition\tcM\nchr1\t1\t-2\n", "line 2: a position or cM is below 0"),
    "one population": ("people.tsv", ONE_POPULATION, "puts all 19 people into one population"),
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


def test_a_map_that_is_not_text_is_refused(tmp_path: Path) -> None:
    made = small_panel(tmp_path / "sources", sites=40)
    for content in (b"\xff\xfe\0", "chromosome\tposition\tcM\n".encode("utf-16"), gzip.compress(b"\xff\xfe\0")):
        (made.folder / "map.tsv").write_bytes(content)
        with pytest.raises(PanelSourceError, match=r"map\.tsv: is not text\. Save it as UTF-8"):
            survey(made.sources, DESCRIPTION)


def test_one_population_is_refused_by_a_look_too(tmp_path: Path) -> None:
    made = small_panel(tmp_path / "sources", sites=40)
    made.sources.populations.write_text(ONE_POPULATION)
    with pytest.raises(PanelSourceError, match="Label at least two populations"):
        survey(made.sources, DESCRIPTION)


def test_a_line_that_is_no_record_is_named_by_number_and_can_not_steer_the_terminal(
    small: Small, tmp_path: Path
) -> None:
    sources = small.with_lines(record(20, pos="\x1b[2J\x07"), "escape.vcf")
    lines = sources.variants[0].read_text().splitlines()
    number = 1 + next(at for at, line in enumerate(lines) if "\x1b" in line)
    with pytest.raises(PanelSourceError, match=f"escape.vcf, line {number}: .*is no record of a VCF") as caught:
        build_bundle(tmp_path / "out", sources, DESCRIPTION)
    assert str(caught.value).isprintable()
    assert r"\x1b[2J" in str(caught.value)


def test_a_scoring_file_is_named_by_its_path_and_can_not_steer_the_terminal(tmp_path: Path) -> None:
    error = ScoringFileError(tmp_path / "one.txt", "it says \x1b[2J", "Mend it", line=3)
    assert str(error) == f"{tmp_path / 'one.txt'}, line 3: it says \\x1b[2J. Mend it"
