"""`gencove` about samples: lists, metadata, files with their checksums, webhooks (contract §8.2)."""

import hashlib
import json
from datetime import datetime

import pytest
from cli.conftest import NOWHERE, World


def row(world: World, sample: str, status: str) -> str:
    """A sample's line in `list-samples`."""
    last = world.api(f"/api/v2/samples/{sample}")["last_status"]
    assert last["status"] == status
    return f"{datetime.fromisoformat(last['created']).isoformat()}\t{sample}\t\t{status}\tavailable"


def test_the_samples_of_a_project_are_listed_newest_first(world: World) -> None:
    good, bad = row(world, world.succeeded, "succeeded"), row(world, world.failed, "failed_qc")
    said = world.gencove("projects", "list-samples", world.project, "--status", "completed")
    assert (said.code, said.lines) == (0, sorted([good, bad], reverse=True))
    run = world.api(f"/api/v2/samples/{world.failed}")["run"]
    said = world.gencove("projects", "list-samples", world.project, "--status", "failed", "--include-run")
    assert (said.code, said.lines) == (0, [f"{bad}\t{run}"])
    said = world.gencove("projects", "list-samples", world.project, "--search", world.succeeded)
    assert (said.code, said.lines) == (0, [good])
    said = world.gencove("projects", "list-samples", world.project, "--search", "nothing like it")
    assert (said.code, said.out) == (0, "")
    said = world.gencove("projects", "list-samples", NOWHERE)
    assert (said.code, said.err.splitlines()[0]) == (1, f"ERROR: Project {NOWHERE} does not exist.")


def test_samples_are_hidden_and_shown_again(world: World) -> None:
    words = (world.project, "--sample-ids", world.failed)
    said = world.gencove("projects", "hide-samples", *words)
    assert (said.code, said.err.splitlines()[1:]) == (0, [f"\t{world.failed}"])
    assert world.failed not in world.gencove("projects", "list-samples", world.project).out
    assert world.failed in world.gencove("projects", "list-samples", world.project, "--hidden").out
    said = world.gencove("projects", "unhide-samples", *words)
    assert (said.code, said.err.splitlines()[1:]) == (0, [f"\t{world.failed}"])
    assert world.api(f"/api/v2/samples/{world.failed}")["hidden"] is False
    said = world.gencove("projects", "hide-samples", world.project_of_ones_own("empty"), "--sample-ids", world.failed)
    assert said.code == 1
    assert "  sample_ids: All sample ids must be part of the current project." in said.err.splitlines()


def test_an_order_is_cancelled_and_its_sample_deleted(world: World) -> None:
    project = world.project_of_ones_own("cancelled")
    with world.sandbox.paused("lab"):  # it stays an order
        sample = world.sandbox.order("cancelled", project_id=project)
        said = world.gencove("projects", "cancel-samples", project, "--sample-ids", sample)
    assert (said.code, said.err) == (0, f"The following samples have been canceled successfully:\n\t{sample}\n")
    assert world.api(f"/api/v2/samples/{sample}")["last_status"]["status"] == "cancelled"
    # A lab that had not begun cancels too; one that was quicker is too late, and the customer is told.
    heard = (
        "SELECT 1 FROM labs_labmessage m JOIN kits_kit k ON k.id = m.kit_id WHERE m.type = 'kit.cancelled' AND k.sample_id = %s"
        " UNION ALL SELECT 1 FROM kits_hold WHERE reason_code = 'cancelled_too_late' AND sample_id = %s"
    )
    world.sandbox.wait_until("the lab has heard", lambda: world.sandbox.rows(heard, sample, sample), seconds=60)
    assert world.sandbox.kit_state(sample) == "cancelled"
    assert world.api(f"/api/v2/samples/{sample}")["last_status"]["status"] == "cancelled"
    said = world.gencove("projects", "cancel-samples", project, "--sample-ids", world.failed)
    assert said.code == 1
    assert f"  sample_ids: Invalid sample IDs: {world.failed}" in said.err.splitlines()

    said = world.gencove("projects", "delete-samples", project, "--sample-ids", sample)
    assert (said.code, said.err.splitlines()[1:]) == (0, [f"\t{sample}"])
    assert world.gencove("projects", "list-samples", project, "--hidden").out == ""
    said = world.gencove("projects", "delete-samples", project, "--sample-ids", world.failed)
    assert said.code == 1
    assert "  sample_ids: All sample ids must be part of the current project." in said.err.splitlines()


def test_metadata_is_read_and_replaced(world: World) -> None:
    said = world.gencove("samples", "get-metadata", world.failed)
    assert (said.code, json.loads(said.out)) == (0, {"sandbox_scenario": "failed_qc"})
    given = {"sandbox_scenario": "failed_qc", "note": ["ü", 1, None]}
    said = world.gencove("samples", "set-metadata", world.failed, "--json", json.dumps(given))
    assert (said.code, said.err) == (0, f"Assigned metadata to a sample {world.failed}\n")
    said = world.gencove("samples", "get-metadata", world.failed, "--output-filename", "metadata.json")
    assert (said.code, json.loads((world.folder / "metadata.json").read_text())) == (0, given)
    world.gencove("samples", "set-metadata", world.failed, "--json", '{"sandbox_scenario": "failed_qc"}')
    said = world.gencove("samples", "get-metadata", NOWHERE)
    assert (said.code, said.err.splitlines()[0]) == (1, f"ERROR: Sample metadata {NOWHERE} does not exist.")


def files_of(world: World, sample: str) -> dict[str, str]:
    """Name under which each file is downloaded, and its SHA-256 from our own rows."""
    rows = world.sandbox.rows("SELECT file_type, sha256 FROM runs_file WHERE sample_id = %s", sample)
    names = {
        "fastq-r1": "_R1.fastq.gz", "fastq-r2": "_R2.fastq.gz", "alignment-bam": ".bam", "alignment-bai": ".bam.bai",
        "impute-vcf": ".vcf.gz", "impute-tbi": ".vcf.gz.tbi", "impute-csi": ".vcf.gz.csi",
        "ancestry-json": "_ancestry-json.json", "traits-json": "_traits-json.json",
    }  # fmt: skip
    return {f"{sample}{names[kind]}": sha256 for kind, sha256 in rows if kind in names}


def test_one_file_is_downloaded_with_its_checksum(world: World) -> None:
    said = world.gencove(
        "samples", "download-file", world.succeeded, "impute-vcf", "x.vcf.gz", "--checksum", "--no-progress"
    )
    assert said.code == 0, said.err
    sha256 = files_of(world, world.succeeded)[f"{world.succeeded}.vcf.gz"]
    assert hashlib.sha256((world.folder / "x.vcf.gz").read_bytes()).hexdigest() == sha256
    assert (world.folder / "x.vcf.gz.sha256").read_text() == f"{sha256} *x.vcf.gz\n"


def test_quality_and_metadata_are_downloaded_from_the_api(world: World) -> None:
    assert world.gencove("samples", "download-file", world.succeeded, "metadata", "m.json").code == 0
    assert json.loads((world.folder / "m.json").read_text()) == {"metadata": {"customer_id": "cust_1"}}
    assert world.gencove("samples", "download-file", world.succeeded, "qc", "qc.json").code == 0
    served = world.api(f"/api/v2/sample-quality-controls/{world.succeeded}?limit=200")["results"]
    saved = json.loads((world.folder / "qc.json").read_text())
    assert [each["quality_control_type"]["key"] for each in saved] == [
        each["quality_control_type"]["key"] for each in served
    ]
    assert {each["quality_control"]["status"] for each in saved} <= {"succeeded", "skipped"}
    said = world.gencove("samples", "download-file", world.failed, "impute-vcf", "nothing")
    assert said.code == 1
    assert "Valid file types for this sample are: fastq-r1, fastq-r2, metadata, qc." in said.err


@pytest.mark.parametrize("by", ["project", "samples"])
def test_everything_is_downloaded_with_checksums(world: World, by: str) -> None:
    folder = world.folder / f"by-{by}"
    samples = [world.succeeded, world.failed]
    chosen = ("--project-id", world.project) if by == "project" else ("--sample-ids", ",".join(samples))
    said = world.gencove("download", str(folder), *chosen, "--checksums", "--no-progress")
    assert (said.code, said.err.splitlines()[-1]) == (0, "Processed 2 samples"), said.err
    for sample in samples:
        expected = files_of(world, sample)
        assert len(expected) >= (9 if sample == world.succeeded else 2)
        found = {path.name: path for path in (folder / sample).iterdir()}
        ours = {f"{sample}_qc.json", f"{sample}_metadata.json"}
        assert set(found) == set(expected) | {f"{name}.sha256" for name in expected} | ours
        for name, sha256 in expected.items():
            assert hashlib.sha256(found[name].read_bytes()).hexdigest() == sha256, name
            assert found[f"{name}.sha256"].read_text() == f"{sha256} *{name}\n"


def test_chosen_kinds_are_downloaded_and_what_is_there_is_skipped(world: World) -> None:
    words = (
        "download",
        "some",
        "--sample-ids",
        world.succeeded,
        "--file-types",
        "ancestry-json,traits-json",
        "--no-progress",
    )
    assert world.gencove(*words).code == 0
    found = sorted(path.name for path in (world.folder / "some" / world.succeeded).iterdir())
    assert found == [f"{world.succeeded}_ancestry-json.json", f"{world.succeeded}_traits-json.json"]
    said = world.gencove(*words)
    assert (said.code, said.err.count("Skipping existing file: ")) == (0, 2)
    said = world.gencove("download", "some", "--sample-ids", world.succeeded, "--file-types", "horoscope")
    assert said.code == 1
    assert "Invalid file types: horoscope." in said.err


def test_links_are_printed_instead_of_downloaded(world: World) -> None:
    said = world.gencove("download", "-", "--sample-ids", world.succeeded, "--download-urls")
    (listed,) = json.loads(said.out)
    assert (said.code, listed["gencove_id"], listed["client_id"]) == (0, world.succeeded, "")
    expected = files_of(world, world.succeeded)
    assert sorted(file["checksum_sha256"] for file in listed["files"].values()) == sorted(expected.values())
    host = world.sandbox.facts["host"]
    assert all(file["download_url"].startswith(f"{host}/objects/") for file in listed["files"].values())


def test_a_delivered_webhook_is_verified(world: World) -> None:
    header, body = next((header, body) for header, body in world.heard if world.succeeded in body)
    said = world.gencove("webhooks", "verify", world.secret, header, body)
    assert (said.code, said.err) == (0, "Webhook payload successfully verified.\n")
    forged = body.replace(world.succeeded, world.failed)
    said = world.gencove("webhooks", "verify", world.secret, header, forged)
    assert (said.code, said.err) == (1, "ERROR: Could not verify webhook payload.\nAborted!\n")
