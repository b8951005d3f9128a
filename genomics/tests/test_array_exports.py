"""Every export of the three vendors is read, and every way in which a file can be wrong has its own code."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from array_files import ANCESTRY, MYHERITAGE, TWENTYTHREE, ancestry, myheritage, twentythree, zipped
from commands import call
from kitloop_genomics.arrays import export, opening
from kitloop_genomics.arrays.errors import ExportError
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.arrays.vendors import Vendor

ROWS = ("rs1 1 101 AG", "rs2 2 102 --", "i3 X 103 C", "i4 MT 104 T", "rs5 5 105 DI", "rs6 22 106 GG")
GOOD = twentythree(*ROWS)


def _write(folder: Path, content: bytes, name: str = "export.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _calls(path: Path) -> list[tuple[int, int, str]]:
    sites = read_export(path).sites
    alleles = [bytes(pair).rstrip(b"\0").decode() for pair in zip(sites.first, sites.second, strict=True)]
    return list(zip(sites.chromosome.tolist(), sites.position.tolist(), alleles, strict=True))


def test_a_23andme_export_is_read(tmp_path: Path) -> None:
    found = read_export(_write(tmp_path, GOOD))
    assert (found.vendor, found.array, found.build) == (Vendor.TWENTYTHREE, "", 37)
    assert (found.rows, found.calls, found.no_calls, found.unplaced) == (6, 5, 1, 0)
    assert found.no_call_rate == pytest.approx(1 / 6)
    assert _calls(found.path) == [(1, 101, "AG"), (23, 103, "C"), (26, 104, "T"), (5, 105, "DI"), (22, 106, "GG")]


def test_an_ancestrydna_export_is_read_with_its_chromosome_numbers(tmp_path: Path) -> None:
    content = ancestry(
        "rs1 1 101 A G", "rs2 2 102 0 0", "rs3 23 103 C C", "rs4 24 104 T T", "rs5 25 105 I D", "m 26 7 A A"
    )
    found = read_export(_write(tmp_path, content))
    assert (found.vendor, found.array, found.build, found.no_calls) == (Vendor.ANCESTRY, "V2.0", 37, 1)
    assert _calls(found.path) == [
        (1, 101, "AG"), (23, 103, "CC"), (24, 104, "TT"), (25, 105, "ID"), (26, 7, "AA"),
    ]  # fmt: skip


def test_ancestrydna_rows_with_several_separators_are_understood(tmp_path: Path) -> None:
    rows = b"rs1\t\t1\t101\tA\tG\r\nrs2\t1\t\t\t 102\tC\tC\r\nrs3\t1\t103\t--\t--\r\n"
    assert _calls(_write(tmp_path, ANCESTRY.encode() + rows)) == [(1, 101, "AG"), (1, 102, "CC")]


def test_a_myheritage_export_is_read(tmp_path: Path) -> None:
    found = read_export(_write(tmp_path, myheritage("rs1 1 101 AG", "rs2 2 102 --", "rs3 X 103 CC")))
    assert (found.vendor, found.array, found.build, found.no_calls) == (Vendor.MYHERITAGE, "GSA", 37, 1)
    assert _calls(found.path) == [(1, 101, "AG"), (23, 103, "CC")]


@pytest.mark.parametrize("row", ['"rs1"",""1"",""101"",""AG"\n', "rs1,1,101,AG\n", '"rs1","1","101","AG"\r\n'])
def test_myheritage_quotes_too_many_or_too_few_are_understood(tmp_path: Path, row: str) -> None:
    assert _calls(_write(tmp_path, (MYHERITAGE + row).encode())) == [(1, 101, "AG")]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.rstrip(b"\r\n"),
        b"\xef\xbb\xbf" + GOOD,
        GOOD + b"\r\n\r\n",
        zipped(("genome_Jane_Doe_v5_Full_20200731.txt", GOOD)),
        zipped(("export.txt", GOOD), compression=zipfile.ZIP_STORED),
        zipped(
            ("folder/", b""), ("folder/export.txt", GOOD), ("__MACOSX/folder/._export.txt", b"\0"), (".DS_Store", b"x")
        ),
    ],
    ids=["unix", "no-last-newline", "bom", "blank-lines", "zip", "stored", "mac-zip"],
)
def test_what_systems_do_to_a_file_on_its_way_is_fine(tmp_path: Path, content: bytes) -> None:
    found = read_export(_write(tmp_path, content))
    assert (found.rows, found.calls) == (6, 5)


def test_calls_with_a_missing_allele_or_place_are_counted_but_not_used(tmp_path: Path) -> None:
    found = read_export(_write(tmp_path, twentythree("a 1 5 A-", "b 1 6 -", "c 0 0 AG", "d 3 0 AA", "e 1 9 CC")))
    assert (found.rows, found.no_calls, found.unplaced, len(found.sites)) == (5, 2, 2, 1)
    assert found.as_json() == {
        "vendor": "23andme", "array": "", "build": 37, "rows": 5, "calls": 3, "no_calls": 2, "no_call_rate": 0.4,
        "haploid_calls": 0, "indel_calls": 0, "unplaced_calls": 2, "chromosomes": 1,
    }  # fmt: skip


def test_an_empty_last_cell_is_no_call(tmp_path: Path) -> None:
    assert read_export(_write(tmp_path, (TWENTYTHREE + "rs1\t1\t5\t\r\nrs2\t1\t6\tAA\r\n").encode())).no_calls == 1


@pytest.mark.parametrize(
    ("build", "found"),
    [("build 37 (", 37), ("build 38 (", 38), ("GRCh38 (", 38), ("hg19 (", 37), ("an unknown genome (", None)],
)
def test_the_build_is_read_from_the_comments(tmp_path: Path, build: str, found: int | None) -> None:
    assert read_export(_write(tmp_path, GOOD.replace(b"build 37 (", build.encode()))).build == found


def _with_local_size(content: bytes, size: int) -> bytes:
    """Both headers of a one-file zip promise `size` bytes."""
    at = content.rfind(b"PK\x01\x02")
    changed = bytearray(content)
    struct.pack_into("<L", changed, 22, size)
    struct.pack_into("<L", changed, at + 24, size)
    return bytes(changed)


def _encrypted(content: bytes) -> bytes:
    at = content.rfind(b"PK\x01\x02")
    changed = bytearray(content)
    changed[6] |= 1
    changed[at + 8] |= 1
    return bytes(changed)


def _link() -> bytes:
    info = zipfile.ZipInfo("export.txt")
    info.external_attr = 0o120777 << 16
    return zipped((info, b"/etc/passwd"))


ZIP = zipped(("export.txt", GOOD))
FIRST_ROW = 1 + TWENTYTHREE.count("\n")
BROKEN: dict[str, tuple[bytes, str, int | None]] = {
    "nothing": (b"", "array_empty", None),
    "empty-member": (zipped(("export.txt", b"")), "array_empty", None),
    "zip-of-nothing": (zipped(), "array_empty", None),
    "zip-of-a-folder": (zipped(("folder/", b"")), "array_empty", None),
    "heading-only": (TWENTYTHREE.encode(), "array_empty", FIRST_ROW - 1),
    "blank": (b"\n\n\n", "array_unknown_vendor", None),
    "gzip": (gzip.compress(GOOD), "array_not_text", None),
    "pdf": (b"%PDF-1.7\n...", "array_not_text", None),
    "utf-16": (GOOD.decode().encode("utf-16"), "array_not_text", None),
    "zeros": (b"\0" * 1000, "array_not_text", 1),
    "zeros-inside": (GOOD[:-10] + b"\0\0" + GOOD[-8:], "array_not_text", 1),
    "zip-in-a-zip": (zipped(("export.zip", ZIP)), "array_not_text", None),
    "two-files": (zipped(("a.txt", GOOD), ("b.txt", GOOD)), "array_several_files", None),
    "a-thousand-files": (zipped(*((f"{at}", b"") for at in range(2_000))), "array_several_files", None),
    "path-up": (zipped(("../export.txt", GOOD)), "array_unsafe_zip", None),
    "path-up-inside": (zipped(("a/../../export.txt", GOOD)), "array_unsafe_zip", None),
    "path-absolute": (zipped(("/etc/export.txt", GOOD)), "array_unsafe_zip", None),
    "path-windows": (zipped(("..\\export.txt", GOOD)), "array_unsafe_zip", None),
    "path-drive": (zipped(("C:export.txt", GOOD)), "array_unsafe_zip", None),
    "path-up-beside-a-good-file": (zipped(("export.txt", GOOD), ("../x", b"")), "array_unsafe_zip", None),
    "link": (_link(), "array_unsafe_zip", None),
    "password": (_encrypted(ZIP), "array_unsafe_zip", None),
    "bzip2": (zipped(("export.txt", GOOD), compression=zipfile.ZIP_BZIP2), "array_unsafe_zip", None),
    "lzma": (zipped(("export.txt", GOOD), compression=zipfile.ZIP_LZMA), "array_unsafe_zip", None),
    "promises-too-much": (_with_local_size(ZIP, 2_000_000_000), "array_too_large", None),
    "bomb": (zipped(("export.txt", TWENTYTHREE.encode() + b" " * 101_000_000)), "array_too_large", None),
    "bomb-of-one-line": (zipped(("export.txt", b"#" * 90_000_000)), "array_malformed", 1),
    "zip-cut": (ZIP[:-40], "array_broken_zip", None),
    "zip-cut-early": (ZIP[:20], "array_broken_zip", None),
    "zip-damaged": (ZIP.replace(ZIP[60:64], b"\xff\xff\xff\xff", 1), "array_broken_zip", None),
    "zip-wrong-checksum": (ZIP[:14] + b"\1\2\3\4" + ZIP[18:-70], "array_broken_zip", None),
    "no-vendor": (b"# my genome\n# rsid\tchromosome\tposition\tgenotype\nrs1\t1\t5\tAA\n", "array_unknown_vendor", None),
    "familytreedna": (b"RSID,CHROMOSOME,POSITION,RESULT\n\"rs1\",\"1\",\"5\",\"AA\"\n", "array_unknown_vendor", None),
    "vcf": (b"##fileformat=VCFv4.2\n#CHROM\tPOS\nchr1\t5\n", "array_unknown_vendor", None),
    "living-dna": (b"# Living DNA customer genotype data\n# rsid\tchromosome\tposition\tgenotype\n", "array_unknown_vendor", None),
    "web-page": (b"<html>Log in to 23andWho</html>", "array_unknown_vendor", None),
    "endless-comments": (b"# 23andMe\n" * 500, "array_unknown_vendor", None),
    "no-columns": (GOOD.replace(b"# rsid\tchromosome\tposition\tgenotype\r\n", b""), "array_malformed", FIRST_ROW - 1),
    "another's-columns": (TWENTYTHREE.encode()[:120] + ancestry("rs1 1 5 A A")[300:], "array_malformed", None),
    "build-36": (GOOD.replace(b"build 37", b"build 36"), "array_build", None),
    "build-hg18": (GOOD.replace(b"build 37", b"hg18"), "array_build", None),
    "two-builds": (GOOD.replace(b"build 37", b"build 37 or build 38"), "array_build", None),
    "three-columns": (twentythree("rs1 1 5", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "five-columns": (twentythree("rs2 1 6 AA", "rs1 1 5 AA CC", "rs2 1 7 AA"), "array_malformed", FIRST_ROW + 1),
    "dog-chromosome": (twentythree("rs1 38 5 AA", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "negative-position": (twentythree("rs1 1 -5 AA", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "position-of-a-spreadsheet": (twentythree("rs1 1 1E+08 AA", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "position-beyond": (twentythree("rs1 1 9999999999 AA", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "position-in-arabic": ((TWENTYTHREE + "rs1\t1\t٣\tAA\r\nrs\t1\t1\tAA\r\n").encode(), "array_malformed", FIRST_ROW),
    "three-letters": (twentythree("rs1 1 5 AAA", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "small-letters": (twentythree("rs1 1 5 aa", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "base-with-indel": (twentythree("rs1 1 5 AI", "rs2 1 6 AA"), "array_malformed", FIRST_ROW),
    "heading-twice": (GOOD + GOOD, "array_malformed", FIRST_ROW + 6),
    "csv-for-tabs": (GOOD.replace(b"\t", b",").replace(b"# rsid,", b"# rsid,"), "array_malformed", FIRST_ROW),
    "cut-in-a-row": (GOOD[:-9], "array_truncated", FIRST_ROW + 5),
}  # fmt: skip


@pytest.mark.parametrize(("content", "code", "line"), BROKEN.values(), ids=BROKEN.keys())
def test_each_kind_of_damage_has_its_own_code_line_and_remedy(
    tmp_path: Path, content: bytes, code: str, line: int | None
) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(ExportError) as caught:
        read_export(path)
    error = caught.value
    assert error.code == code
    if line is not None:
        assert error.line == line
    assert str(error).startswith(str(path))
    assert str(path) not in error.message
    assert len(error.problem) > 10
    assert len(error.remedy) > 10
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_or_a_folder_is_unreadable(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ExportError) as caught:
            read_export(path)
        assert caught.value.code == "array_unreadable"


def test_no_error_shows_a_genotype_or_a_name_from_inside_the_zip(tmp_path: Path) -> None:
    content = zipped(("genome_Jane_Doe_v5_Full.txt", twentythree("rs429358 19 45411941 CCT", "rs2 1 6 AA")))
    with pytest.raises(ExportError) as caught:
        read_export(_write(tmp_path, content))
    for private in ("Jane", "rs429358", "45411941", "CCT"):
        assert private not in str(caught.value)


def test_more_rows_than_an_array_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MAX_ROWS", 5)
    with pytest.raises(ExportError) as caught:
        read_export(_write(tmp_path, GOOD))
    assert (caught.value.code, caught.value.line) == ("array_too_large", FIRST_ROW + 5)


@pytest.mark.parametrize("make", [lambda text: text, lambda text: zipped(("export.txt", text))])
def test_rows_are_the_same_however_the_text_is_chunked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[bytes], bytes]
) -> None:
    path = _write(tmp_path, make(b"\xef\xbb\xbf" + GOOD))
    whole = _calls(path)
    for size in (5, 64, 1_000):
        monkeypatch.setattr(opening, "_CHUNK", size)
        assert _calls(path) == whole


def test_a_zip_larger_than_25_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = _write(tmp_path, ZIP)
    with path.open("ab") as file:
        file.truncate(opening.MAX_ZIP_BYTES + 1)
    with pytest.raises(ExportError) as caught:
        read_export(path)
    assert caught.value.code == "array_too_large"


def test_the_command_prints_counts_or_the_refusal(tmp_path: Path) -> None:
    good = call("inspect-array", _write(tmp_path, ANCESTRY.encode() + b"rs1\t1\t101\tA\tG\r\n"), "--json")
    assert good.returncode == 0
    assert json.loads(good.stdout)["vendor"] == "ancestrydna"
    assert json.loads(good.stdout)["calls"] == 1
    bad = call("inspect-array", _write(tmp_path, GOOD[:-9]), "--json")
    assert bad.returncode == 4
    assert json.loads(bad.stdout)["error"]["code"] == "array_truncated"
    assert json.loads(bad.stdout)["error"]["line"] == FIRST_ROW + 5
    plain = call("inspect-array", tmp_path / "none")
    assert plain.returncode == 4
    assert "array_unreadable" in plain.stderr
    assert "Traceback" not in plain.stderr
