"""A whole run from an array export: its deliverables, its accuracy, its verdicts; and the simulator of exports."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from array_files import twentythree
from commands import call
from conftest import Finished
from kitloop_genomics.arrays.export import read_export
from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.pipeline import analyse_array
from kitloop_genomics.sandbox.array import SimulatedArray, simulate_array
from kitloop_genomics.sandbox.reads import SimulatedReads


def test_a_good_export_succeeds_with_all_deliverables_but_the_alignment(finished_array: Finished) -> None:
    result = json.loads((finished_array.out / "result.json").read_text())
    assert (result["schema"], result["status"], result["reasons"]) == ("kitloop-genomics/1", "succeeded", [])
    assert [file["file_type"] for file in result["files"]] == [
        "impute-vcf", "impute-tbi", "impute-csi", "ancestry-json", "traits-json", "qc",
    ]  # fmt: skip
    assert [step["name"] for step in result["steps"]] == [
        "bundle", "intake", "ancestry", "quality", "scores", "imputation", "identity", "delivery",
    ]  # fmt: skip
    assert result["array"]["vendor"] == "23andme"
    assert result["array"]["build"] == 37
    assert result["metrics"]["panel_sites_on_array"] == result["array"]["sites_used"] > 700
    assert all(score["reported"] for score in result["scores"])


def test_its_quality_controls_are_those_of_an_array(finished_array: Finished) -> None:
    found = {control.type.key: control for control in finished_array.analysis.quality_controls}
    assert list(found) == [
        "format", "checksum", "array_call_rate_min", "array_match_rate_min", "array_strange_rate_max",
        "array_sites_min", "array_heterozygosity_ratio_max", "call_rate_min", "cc_min", "hzy_max",
        "fraction_contamination_max", "expected_r2_min", "heterozygosity_sd_max", "unexplained_max", "sex_string",
    ]  # fmt: skip
    statuses = [control.status for control in found.values()]
    assert statuses == ["succeeded"] * 10 + ["skipped"] + ["succeeded"] * 3 + ["skipped"]
    assert found["sex_string"].value_string == "undetermined"  # the demo has no X, and the export few probes of it
    assert found["fraction_contamination_max"].value_string == "not applicable to an array"


def test_common_sites_that_the_array_does_not_hold_are_imputed_well(finished_array: Finished) -> None:
    found = finished_array.analysis.accuracy
    assert found is not None
    assert found["r2_maf_above_5_percent"] > 0.96
    assert found["untyped"]["r2_maf_above_5_percent"] > 0.96
    assert found["sites"] - found["untyped"]["sites"] == finished_array.analysis.metrics["panel_sites_on_array"]


def test_the_person_of_the_array_is_the_person_of_the_reads(
    finished_array: Finished, finished: Finished, simulated: SimulatedArray, reads: SimulatedReads
) -> None:
    ours = json.loads(simulated.truth_json.read_text())["ancestry"]
    assert ours == json.loads(reads.truth_json.read_text())["ancestry"]
    assert finished_array.analysis.ancestry is not None
    assert finished.analysis.ancestry is not None
    shares = [
        {row["key"]: row["proportion"] for row in one.analysis.ancestry["value"]["populations"]}  # type: ignore[index]
        for one in (finished_array, finished)
    ]
    assert all(abs(shares[0][key] - shares[1][key]) < 0.08 for key in shares[0])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (twentythree(*(f"rs{at} 1 {at + 1000} AA" for at in range(20))), "array_too_sparse"),
        (twentythree("rs1 1 5 AAA", "rs2 1 6 AA"), "array_malformed"),
        (b"my genome", "array_unknown_vendor"),
    ],
)
def test_an_export_that_cannot_be_used_is_a_verdict(bundle: Bundle, tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "Jane_Doe.txt"
    path.write_bytes(content)
    analysis = analyse_array(bundle, path, sample_id="kit-1", out=tmp_path / "out")
    assert analysis.status == "failed_qc"
    assert [reason.code for reason in analysis.reasons] == [code]
    assert "Jane" not in (tmp_path / "out" / "result.json").read_text()
    assert [file.file_type for file in analysis.files] == ["qc"]
    (control,) = [one for one in analysis.quality_controls if one.type.key == "format"]
    assert (control.status, control.value_string) == ("failed", code)


def test_a_low_call_rate_fails_before_anything_is_imputed(
    bundle: Bundle, simulated: SimulatedArray, tmp_path: Path
) -> None:
    with zipfile.ZipFile(simulated.export) as archive:
        lines = archive.read(archive.namelist()[0]).split(b"\r\n")
    gaps = [line.rsplit(b"\t", 1)[0] + b"\t--" if at % 5 == 0 and line[:1] in (b"r", b"i") else line
            for at, line in enumerate(lines)]  # fmt: skip
    path = tmp_path / "export.txt"
    path.write_bytes(b"\r\n".join(gaps))
    analysis = analyse_array(bundle, path, sample_id="kit-1", out=tmp_path / "out")
    assert [reason.code for reason in analysis.reasons] == ["array_low_call_rate"]
    assert [step.name for step in analysis.steps] == ["bundle", "intake", "delivery"]


def test_a_wrong_checksum_is_a_verdict(bundle: Bundle, simulated: SimulatedArray, tmp_path: Path) -> None:
    analysis = analyse_array(bundle, simulated.export, sample_id="kit-1", out=tmp_path, array_sha256="0" * 64)
    assert [reason.code for reason in analysis.reasons] == ["checksum_mismatch"]


@pytest.mark.parametrize("vendor", list(Vendor))
def test_the_same_seed_gives_the_same_bytes_zipped_or_plain(short_demo: Demo, tmp_path: Path, vendor: Vendor) -> None:
    one, two = (simulate_array(short_demo, "kit-9", vendor, tmp_path / at / "export.zip") for at in ("one", "two"))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["export.truth.json", "export.truth.vcf.gz", "export.truth.vcf.gz.tbi", "export.zip"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert two.rows == one.rows
    with zipfile.ZipFile(one.export) as archive:
        (name,) = archive.namelist()
        text = archive.read(name)
    assert b"SIMULATED" in text
    assert (b"\r\n" in text) == (vendor is not Vendor.MYHERITAGE)
    plain = simulate_array(short_demo, "kit-9", vendor, tmp_path / "plain" / name)
    assert plain.export.read_bytes() == text


@pytest.mark.parametrize("vendor", list(Vendor))
def test_an_export_can_be_read_and_has_an_arrays_density_and_gaps(demo: Demo, tmp_path: Path, vendor: Vendor) -> None:
    made = simulate_array(demo, "kit-9", vendor, tmp_path / "export.zip")
    found = read_export(made.export)
    assert (found.vendor, found.build, found.rows) == (vendor, 37, made.rows)
    assert 850 < made.rows < 1_100
    assert 0.002 < found.no_call_rate < 0.04


def test_the_arrays_sites_are_the_vendors_and_not_the_persons(short_demo: Demo, tmp_path: Path) -> None:
    places = {}
    for vendor in (Vendor.ANCESTRY, Vendor.MYHERITAGE):
        for seed in ("kit-1", "kit-2"):
            text = simulate_array(short_demo, seed, vendor, tmp_path / "export.txt").export.read_text()
            rows = [line.replace('"', "").replace(",", "\t").split("\t") for line in text.splitlines()]
            places[vendor, seed] = {tuple(row[1:3]) for row in rows if row[0][:1] in "ri" and row[1].isdigit()}
    for vendor in (Vendor.ANCESTRY, Vendor.MYHERITAGE):
        assert places[vendor, "kit-1"] == places[vendor, "kit-2"]
        assert len(places[vendor, "kit-1"]) > 150
    shared = places[Vendor.ANCESTRY, "kit-1"] & places[Vendor.MYHERITAGE, "kit-1"]
    assert len(shared) < 100


def test_an_unknown_vendor_is_refused(demo: Demo, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose from 23andme, ancestrydna, myheritage"):
        simulate_array(demo, "kit-1", "gremlins", tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []


def test_the_simulator_of_exports_loads_no_analysis_module(short_demo: Demo, tmp_path: Path) -> None:
    program = (
        "import sys; from kitloop_genomics import simulate_array, read_export; from pathlib import Path;"
        f"made = simulate_array(Path({str(short_demo.path)!r}), 'kit-1', '23andme', Path({str(tmp_path / 'a.zip')!r}));"
        "read_export(made.export);"
        "print([name for name in ('numba', 'mappy', 'msprime', 'scipy', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_takes_reads_or_an_array_and_not_both(tmp_path: Path, simulated: SimulatedArray) -> None:
    common = ["run", "--bundle", tmp_path, "--sample-id", "s", "--out", tmp_path / "out"]
    for more in ([], ["--r1", "a"], ["--array", simulated.export, "--r1", "a"], ["--array", tmp_path / "none"]):
        done = call(*common, *more)
        assert done.returncode == 2
        assert "Error" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_command_refuses_a_bad_export_with_a_verdict_and_exit_code_0(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"my genome")
    words = [
        "run",
        "--bundle",
        demo.bundle,
        "--array",
        tmp_path / "x.txt",
        "--sample-id",
        "s",
        "--out",
        tmp_path / "out",
    ]
    done = call(*words, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reasons"][0]["code"] == "array_unknown_vendor"
