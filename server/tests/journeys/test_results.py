"""From two files to results: the real analysis, on reads of a simulated person whose genotypes are known."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cast import Cast, make_lab
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from kitloop.base import objects
from kitloop.events.models import Event
from kitloop.kits.letters import send_letter
from kitloop.kits.models import Hold, Kit, Letter, Sample
from kitloop.runs.execute import ATTEMPTS, AnalysisFailed, execute, give_up
from kitloop.runs.models import File, Run
from kitloop.runs.opening import open_run
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import deliver, ordered_kit

GENOMICS = str(Path(sys.executable).with_name("kitloop-genomics"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitloop"


@pytest.fixture(scope="session")
def demo() -> Path:
    """The simulated reference, shared with `kitloop sandbox`: the same bytes each time."""
    folder = Path(os.environ.get("KITLOOP_DEMO") or CACHE / "demo")
    subprocess.run([GENOMICS, "panel", "demo", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(autouse=True)
def settled(settings: LazySettings, tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KITLOOP_OBJECTS = tmp_path / "objects"
    settings.KITLOOP_BUNDLE = demo / "bundle"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(CACHE / "numba"))


def reads(demo: Path, out: Path, *problem: str) -> dict[str, bytes]:
    command = [GENOMICS, "simulate", "reads", "--demo", str(demo), "--seed", "a kit", "--out", str(out)]
    subprocess.run([*command, *problem], check=True, capture_output=True)
    return {"fastq-r1": (out / "R1.fastq.gz").read_bytes(), "fastq-r2": (out / "R2.fastq.gz").read_bytes()}


def analyzed(
    client: Client, cast: Cast, files: dict[str, bytes], should_stop: Callable[[], bool] = lambda: False
) -> Kit:
    """A kit whose files came, and whose jobs were done."""
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    deliver(client, lab, kit, files)
    job = ProcrastinateJob.objects.get(task_name="runs.open")
    run = open_run(kit.id, {role: UUID(upload) for role, upload in job.args["uploads"].items()})
    assert run is not None
    execute(run.id, should_stop=should_stop)
    return kit


def ended_once_aligned(client: Client, cast: Cast, files: dict[str, bytes]) -> list[Path]:
    """The analysis is told to stop when its reads are aligned; what it left."""

    def aligned() -> bool:
        return any(objects.work_folder().glob("run-*/.units/reads-*/found.json"))

    with pytest.raises(AnalysisFailed):
        analyzed(client, cast, files, should_stop=aligned)
    return list(objects.work_folder().iterdir())


def get(client: Client, cast: Cast, path: str) -> Any:
    answer = client.get(f"/api/v2/{path}", headers=cast.analyst.headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def check_single_places(client: Client, cast: Cast, kit: Kit) -> None:
    """What the API tells of a variant is what the file has, found by its name as by its place."""
    key = File.objects.get(sample_id=kit.sample_id, file_type="impute-vcf").object_key
    with gzip.open(objects.path_of(key), "rt") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    chosen = [rows[0], rows[len(rows) // 2], rows[-1]]
    named = get(client, cast, f"sample-genomic-variants/{kit.sample_id}?rsid={','.join(row[2] for row in chosen)}")
    assert named["meta"]["count"] == 3
    for row, told in zip(chosen, named["results"], strict=True):
        contig, position, name, ref, alt = row[:5]
        assert [told[each] for each in ("chromosome", "position", "rsid", "ref", "alt")] == [
            contig, int(position), name, ref, [alt],
        ]  # fmt: skip
        assert ":".join(told["genotype"].values()) == row[9]
        assert told["genotype_confidence"] == max(float(each) for each in told["genotype"]["GP"].split(","))
        by_place = f"sample-genomic-variants/{kit.sample_id}?chromosome={contig}&position={position}"
        assert told in get(client, cast, by_place)["results"]


def test_good_reads_become_results_that_the_api_hands_out(
    client: Client, cast: Cast, demo: Path, tmp_path: Path
) -> None:
    # Ended under way, by a worker that has to go, it is begun where it was.
    assert len(ended_once_aligned(client, cast, reads(demo, tmp_path / "reads"))) == 1
    run = Run.objects.get()
    assert (run.state, run.failures) == ("running", 0)
    execute(run.id)
    run.refresh_from_db()
    # Which trait is sure enough hangs on the sample's id, and this one is drawn; what is kept is what the file tells.
    told = json.loads(objects.path_of(File.objects.get(file_type="traits-json").object_key).read_text())["traits"]
    assert [one["key"] for one in told] == ["DEMO-PETAL", "DEMO-DEW", "DEMO-CURL"]
    assert told[2]["not_reported_because"] == "not_in_panel"
    assert run.traits == told
    assert [step["name"] for step in run.steps][:2] == ["bundle", "ancestry"]  # neither intake nor alignment once more
    assert list(objects.work_folder().iterdir()) == []
    kit = Kit.objects.get()
    sample = get(client, cast, f"samples/{kit.sample_id}")
    assert sample["last_status"]["status"] == "succeeded"
    assert sample["run"] == str(run.id)
    types = [file["file_type"] for file in sample["files"]]
    assert types == sorted(types)
    assert {"fastq-r1", "fastq-r2", "alignment-bam", "alignment-bai", "impute-vcf", "ancestry-json"} <= set(types)
    assert "qc" not in types  # read by sample-quality-controls
    for file in sample["files"]:
        link = file["download_url"].split(":8000", 1)[1]
        body = b"".join(client.get(link).streaming_content)
        assert len(body) == file["size"] > 0
        line = client.get(f"/api/v2/files/{file['id']}.sha256", headers=cast.analyst.headers)
        assert line.content.decode().startswith(f"{file['checksum_sha256']} *{kit.sample_id}")
        assert line["Content-Type"] == "text/html; charset=utf-8"
    populations = get(client, cast, f"sample-ancestry/{kit.sample_id}")["ancestry"]["value"]["populations"]
    assert sum(population["proportion"] for population in populations) == pytest.approx(1, abs=0.01)
    known = json.loads((tmp_path / "reads" / "truth.json").read_text())["ancestry"]["populations"]
    truth = {population["key"]: population["proportion"] for population in known}
    for population in populations:
        assert population["proportion"] == pytest.approx(truth[population["key"]], abs=0.15)
    scores = get(client, cast, f"sample-trait-scores/{kit.sample_id}")["results"]
    assert len(scores) == 2
    assert all(0 <= score["trait_score"]["percentile"] <= 100 for score in scores)
    checks = get(client, cast, f"sample-quality-controls/{kit.sample_id}?limit=200")["results"]
    assert {check["quality_control"]["status"] for check in checks} <= {"succeeded", "skipped"}
    assert Event.objects.filter(type="sample.succeeded", sample_id=kit.sample_id).count() == 1
    check_single_places(client, cast, kit)
    # Done twice, it changes nothing.
    files = set(File.objects.values_list("id", flat=True))
    execute(Run.objects.get().id)
    assert set(File.objects.values_list("id", flat=True)) == files
    assert Event.objects.filter(type="sample.succeeded").count() == 1
    # The recipient hears, once, at the shop's address.
    for _ in range(2):
        send_letter(kit.id, "results")
    letters = [letter for letter in mail.outbox if letter.subject == "Your results are ready"]
    assert [letter.to for letter in letters] == [["jane.doe@example.com"]]
    assert cast.organization.results_url in letters[0].body


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ("low-depth", "too_little_data"),
        ("truncated", "fastq_truncated"),
        ("mispaired", "fastq_mispaired"),
        ("empty", "fastq_empty"),
        ("not-gzip", "fastq_not_gzip"),
    ],
)
def test_bad_files_end_as_failed_qc_and_are_told_apart(
    client: Client, cast: Cast, demo: Path, tmp_path: Path, problem: str, code: str
) -> None:
    kit = analyzed(client, cast, reads(demo, tmp_path / "reads", "--problem", problem))
    run = Run.objects.get()
    assert run.state == "failed_qc"
    assert code in [reason["code"] for reason in run.reasons]
    sample = Sample.objects.get(pk=kit.sample_id)
    assert sample.status == "failed_qc"
    assert sample.status_note
    row = get(client, cast, f"project-samples/{cast.project.id}")["results"][0]
    assert row["failed_qc"]
    shown = get(client, cast, f"samples/{kit.sample_id}")
    assert {"fastq-r1", "fastq-r2"} <= {file["file_type"] for file in shown["files"]}
    assert "impute-vcf" not in {file["file_type"] for file in shown["files"]}
    assert get(client, cast, f"sample-ancestry/{kit.sample_id}")["ancestry"]["value"] is None
    assert get(client, cast, f"sample-trait-scores/{kit.sample_id}")["results"] == []
    assert Event.objects.filter(type="sample.failed_qc").count() == 1
    assert not Letter.objects.filter(kind="results").exists()


def test_an_analysis_without_a_verdict_is_tried_again_and_then_held(
    client: Client, cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    settings.KITLOOP_BUNDLE = tmp_path / "nothing"
    with pytest.raises(AnalysisFailed):
        analyzed(client, cast, {"fastq-r1": b"a", "fastq-r2": b"b"})
    run = Run.objects.get()
    Run.objects.update(doing="alignment")
    for _ in range(ATTEMPTS - 2):
        with pytest.raises(AnalysisFailed):
            execute(run.id)
    assert Run.objects.get().doing == ""
    execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.failures) == ("failed", ATTEMPTS)
    hold = Hold.objects.get()
    assert (hold.reason_code, hold.owner) == ("analysis_failed", "operator")
    assert Sample.objects.get().status == "running"
    assert list((tmp_path / "objects" / ".work").iterdir()) == []


def test_an_analysis_that_hears_the_service_end_has_not_failed(
    client: Client, cast: Cast, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess.Popen, "kill", subprocess.Popen.terminate)
    files, once = reads(demo, tmp_path / "reads"), iter([True])

    def at_work() -> bool:
        return any(objects.work_folder().glob("run-*/.lock")) and next(once, False)

    with pytest.raises(AnalysisFailed, match="exit code 143"):
        analyzed(client, cast, files, should_stop=at_work)
    run = Run.objects.get()
    assert (run.state, run.failures) == ("running", 0)
    assert len(list(objects.work_folder().iterdir())) == 1
    give_up(run.id, note="It was begun too often.")
    assert list(objects.work_folder().iterdir()) == []


def test_data_of_a_sample_that_was_cancelled_is_kept_and_not_analyzed(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    deliver(client, lab, kit, {"fastq-r1": b"a", "fastq-r2": b"b"})
    Sample.objects.filter(pk=kit.sample_id).update(status="cancelled")
    uploads = ProcrastinateJob.objects.get(task_name="runs.open").args["uploads"]
    assert open_run(kit.id, {role: UUID(upload) for role, upload in uploads.items()}) is None
    assert Run.objects.count() == 0
