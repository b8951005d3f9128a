"""A person uploads an export of their array, and it becomes results."""

import hashlib
import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from hosted_visits import asked, opened, path_of
from kitloop.base import objects
from kitloop.events.models import AuditEntry, Event
from kitloop.kits.links import Link
from kitloop.kits.models import Hold, Kit, Letter, Sample
from kitloop.runs.arrays import forget_drafts
from kitloop.runs.execute import execute
from kitloop.runs.models import File, Run
from procrastinate.contrib.django.models import ProcrastinateJob

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitloop"
THANKS, SORRY = "https://shop.example/thanks", "https://shop.example/sorry"


@pytest.fixture(autouse=True)
def settled(settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KITLOOP_OBJECTS = tmp_path / "objects"
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(CACHE / "numba"))


def array_link(client: Client, cast: Cast, **body: Any) -> dict[str, str]:
    answer = asked(client, cast, "array-data-upload-form/", **{"project_id": str(cast.project.id), **body})
    assert answer.status_code == 201, answer.content
    found: dict[str, str] = answer.json()
    return found


def sent(client: Client, page: str, content: bytes, name: str = "genome_Jane_Doe.zip") -> Any:
    return client.post(page, {"export": SimpleUploadedFile(name, content, content_type="application/zip")})


def zipped(text: bytes, name: str = "genome.txt") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, text)
    return out.getvalue()


def kept_files(settings: LazySettings) -> list[Path]:
    return [path for path in Path(settings.KITLOOP_OBJECTS).rglob("*") if path.is_file()]


def test_the_form_is_a_placeholder_that_waits_for_data(client: Client, cast: Cast) -> None:
    link = array_link(client, cast, metadata={"customer_id": "c1"}, expires_in=60)
    assert list(link) == ["sample_id", "url", "expires_at"]
    assert link["url"].startswith("http://127.0.0.1:8000/forms/array-data?token=")
    sample = Sample.objects.get(pk=link["sample_id"])
    assert (sample.status, sample.metadata, sample.test_mode) == (
        "consumer_awaiting_data",
        {"customer_id": "c1"},
        False,
    )
    assert Event.objects.get(sample_id=sample.id).type == "sample.consumer_awaiting_data"


def test_without_a_project_the_organizations_array_project_takes_it(client: Client, cast: Cast) -> None:
    none = asked(client, cast, "array-data-upload-form/")
    assert (none.status_code, none.json()) == (
        400, {"project_id": ["Your organization has no default array project. Name a project."]},
    )  # fmt: skip
    cast.organization.array_project_id = cast.project.id
    cast.organization.save()
    for body in ({}, {"project_id": None}):
        link = asked(client, cast, "array-data-upload-form/", **body)
        assert Sample.objects.get(pk=link.json()["sample_id"]).project_id == cast.project.id
    cast.organization.array_project_id = cast.strangers_project.id  # somebody mistyped it
    cast.organization.save()
    assert asked(client, cast, "array-data-upload-form/").status_code == 400


def test_whoever_may_upload_may_ask_even_without_seeing_the_project(client: Client, cast: Cast) -> None:
    cast.analyst.user.role = "uploader"
    cast.analyst.user.save()
    assert array_link(client, cast)["sample_id"]
    assert asked(client, cast, "sample-kit-form/", project_id=str(cast.project.id)).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"uploads_enabled": False}, "uploads_off"),
        ({"organization_type": "enterprise"}, "not_consumer_provider"),
        ({"account_on_hold": True}, "account_on_hold"),
    ],
)
def test_what_the_organization_may_not_do_is_403(client: Client, cast: Cast, change: dict[str, Any], code: str) -> None:
    type(cast.organization).objects.filter(pk=cast.organization.pk).update(**change)
    answer = asked(client, cast, "array-data-upload-form/", project_id=str(cast.project.id))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert Sample.objects.count() == 0


@pytest.mark.parametrize("vendor", ["23andme", "ancestrydna", "myheritage"])
def test_an_export_is_kept_before_it_is_acknowledged_and_scheduled(
    client: Client, cast: Cast, exports: dict[str, Path], vendor: str, settings: LazySettings
) -> None:
    link = array_link(client, cast, redirect_on_success=THANKS)
    content = exports[vendor].read_bytes()
    answer = sent(client, opened(client, link), content)
    assert (answer.status_code, answer["Location"]) == (303, THANKS)
    sample = Sample.objects.get()
    assert (sample.status, sample.status_note) == (
        "scheduled", "The array data is here and waits for its analysis.",
    )  # fmt: skip
    run = Run.objects.get(sample=sample)
    assert (run.kit, run.state) == (None, "queued")
    kept = run.inputs["array-export"]
    assert (kept["size"], kept["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert objects.path_of(kept["key"]).read_bytes() == content
    assert kept_files(settings) == [objects.path_of(kept["key"])]
    assert "Jane" not in kept["key"]  # vendors put people's names into file names
    job = ProcrastinateJob.objects.get(task_name="runs.execute")
    assert (job.args, job.queue_name) == ({"run_id": str(run.id)}, "analysis")
    assert AuditEntry.objects.get(action="array-data-upload-form.submit").subjects == [sample.id, run.id]
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


def test_an_export_becomes_results(
    client: Client, cast: Cast, demo: Path, exports: dict[str, Path], settings: LazySettings
) -> None:
    settings.KITLOOP_BUNDLE = demo / "bundle"
    link = array_link(client, cast)
    sent(client, opened(client, link), exports["23andme"].read_bytes())
    execute(Run.objects.get().id)
    headers = cast.analyst.headers
    shown = client.get(f"/api/v2/samples/{link['sample_id']}", headers=headers).json()
    assert shown["last_status"]["status"] == "succeeded"
    statuses = client.get(f"/api/v2/sample-statuses/{link['sample_id']}", headers=headers).json()["results"]
    assert [line["status"] for line in statuses] == ["succeeded", "running", "scheduled", "consumer_awaiting_data"]
    types = {file["file_type"] for file in shown["files"]}
    assert {"array-export", "impute-vcf", "impute-tbi", "ancestry-json", "traits-json"} <= types
    assert not {"alignment-bam", "fastq-r1"} & types
    export = next(file for file in shown["files"] if file["file_type"] == "array-export")
    body = b"".join(client.get(path_of(export["download_url"])).streaming_content)
    assert body == exports["23andme"].read_bytes()
    listed = client.get(f"/api/v2/file-types/?project_id={cast.project.id}", headers=headers).json()["results"]
    assert types <= {row["key"] for row in listed}
    truth = json.loads(exports["23andme"].with_suffix("").with_suffix(".truth.json").read_text())["ancestry"][
        "populations"
    ]
    known = {population["key"]: population["proportion"] for population in truth}
    found = client.get(f"/api/v2/sample-ancestry/{link['sample_id']}", headers=headers).json()["ancestry"]["value"]
    for population in found["populations"]:
        assert population["proportion"] == pytest.approx(known[population["key"]], abs=0.15)
    assert [event.type for event in Event.objects.order_by("position")] == [
        "sample.consumer_awaiting_data", "sample.scheduled", "sample.running", "sample.succeeded",
    ]  # fmt: skip
    assert Letter.objects.count() == 0
    assert Kit.objects.count() == 0
    files = set(File.objects.values_list("id", flat=True))
    execute(Run.objects.get().id)  # done twice, it changes nothing
    assert set(File.objects.values_list("id", flat=True)) == files


BUILD_36 = (
    b"# This data file generated by 23andMe at: Mon Jan  4 2010\n# build 36\n# rsid\tchromosome\tposition\tgenotype\n"
)
REFUSED = {
    "not a zip": (b"# rsid\tchromosome\tposition\tgenotype\n", "This is not a zip file. Upload the .zip as the vendor gave it"),
    "empty": (b"", "The file is empty. Download the raw data from the vendor again"),
    "an empty zip": (zipped(b""), "Download the raw data from the vendor again"),
    "a bomb": (zipped(b"# 23andMe\n" + b"\0" * 110_000_000), "100 MB"),
    "a picture": (zipped(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "me.png"), "Upload the file as the vendor gave it"),
    "broken off": (zipped(os.urandom(40_000))[:20_000], "Download the raw data from the vendor again"),
    "of nobody we know": (zipped(b"a,b,c\n1,2,3\n"), "23andMe, AncestryDNA"),
    "of another build": (zipped(BUILD_36 + b"rs1\t1\t1000\tAA\n"), "uild 36"),
    "a path in it": (zipped(b"x", "../../etc/genome.txt"), "Upload the file as the vendor gave it"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_analyzed_is_refused_with_a_sentence_and_leaves_nothing(
    client: Client, cast: Cast, exports: dict[str, Path], what: str, settings: LazySettings
) -> None:
    content, said = REFUSED[what]
    page = opened(client, array_link(client, cast, redirect_on_success=THANKS, redirect_on_failure=SORRY))
    answer = sent(client, page, content)
    assert answer.status_code == 422
    (sentence,) = answer.context["form"].errors["export"]
    assert said in sentence
    assert sentence.endswith(".")
    assert settings.FILE_UPLOAD_TEMP_DIR not in sentence
    assert Sample.objects.get().status == "consumer_awaiting_data"
    assert Run.objects.count() == 0
    assert kept_files(settings) == []
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []
    if what == "empty":  # and the right one still goes
        assert sent(client, page, exports["myheritage"].read_bytes())["Location"] == THANKS


def test_without_a_file_the_page_asks_for_one(client: Client, cast: Cast) -> None:
    answer = client.post(opened(client, array_link(client, cast)), {})
    assert (answer.status_code, answer.context["form"].errors["export"]) == (422, ["Choose the .zip file first."])


@pytest.mark.parametrize("more", [1, 70_000, 3_000_000])
def test_more_than_25_mb_is_refused_before_and_after_it_is_read(client: Client, cast: Cast, more: int) -> None:
    answer = sent(client, opened(client, array_link(client, cast)), b"PK" + bytes(25 * 1024 * 1024 + more - 2))
    assert answer.status_code == (422 if more == 1 else 413)
    assert "more than 25 MB" in answer.context["form"].errors["export"][0]
    assert Run.objects.count() == 0


def test_a_checker_that_fails_is_our_fault_and_nothing_is_lost(
    client: Client, cast: Cast, exports: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(client, array_link(client, cast, redirect_on_success=THANKS))
    with monkeypatch.context() as patched:
        patched.setattr("kitloop.runs.arrays.sys.executable", "/nowhere/python")
        answer = sent(client, page, exports["23andme"].read_bytes())
    assert answer.status_code == 503
    assert "try again" in answer.context["form"].errors["export"][0]
    assert sent(client, page, exports["23andme"].read_bytes())["Location"] == THANKS


def test_a_second_file_changes_nothing(
    client: Client, cast: Cast, exports: dict[str, Path], settings: LazySettings
) -> None:
    page = opened(client, array_link(client, cast, redirect_on_success=THANKS))
    answers = [sent(client, page, exports[vendor].read_bytes()) for vendor in ("23andme", "myheritage")]
    assert [answer["Location"] for answer in answers] == [THANKS, THANKS]
    assert len(kept_files(settings)) == 1
    assert Run.objects.get().inputs["array-export"]["size"] == exports["23andme"].stat().st_size


@pytest.mark.django_db(transaction=True)
def test_sent_by_four_at_once_it_is_one_run_and_one_file(
    client: Client, cast: Cast, exports: dict[str, Path], settings: LazySettings
) -> None:
    page = opened(client, array_link(client, cast))
    secret = client.cookies["kitloop_form"].value
    content = exports["23andme"].read_bytes()

    def post(_: int) -> int:
        one = Client()
        one.cookies["kitloop_form"] = secret
        try:
            return int(sent(one, page, content).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(post, range(4))) == [200] * 4
    assert Run.objects.count() == 1
    assert len(kept_files(settings)) == 1
    assert ProcrastinateJob.objects.filter(task_name="runs.execute").count() == 1


def test_a_cancelled_sample_takes_no_data(
    client: Client, cast: Cast, exports: dict[str, Path], settings: LazySettings
) -> None:
    page = opened(client, array_link(client, cast, redirect_on_failure=SORRY))
    Sample.objects.update(status="cancelled")
    answer = sent(client, page, exports["23andme"].read_bytes())
    assert (answer.status_code, answer["Location"]) == (303, SORRY)
    assert kept_files(settings) == []


def test_an_analysis_that_never_ends_well_is_a_hold_without_a_kit(
    client: Client, cast: Cast, exports: dict[str, Path], settings: LazySettings, tmp_path: Path
) -> None:
    settings.KITLOOP_BUNDLE = tmp_path / "nothing"
    sent(client, opened(client, array_link(client, cast)), exports["23andme"].read_bytes())
    Run.objects.update(failures=2)
    execute(Run.objects.get().id)
    assert (Run.objects.get().state, Sample.objects.get().status) == ("failed", "running")
    assert (Hold.objects.get().reason_code, Hold.objects.get().kit) == ("analysis_failed", None)


def test_nobody_else_can_send_a_file(cast: Cast, exports: dict[str, Path]) -> None:
    client = Client(enforce_csrf_checks=True)
    page = opened(client, array_link(client, cast))
    content = exports["23andme"].read_bytes()
    assert sent(client, page, content).status_code == 403
    assert sent(Client(), page, content).status_code == 410
    assert sent(Client(), f"/forms/array-data/{uuid4()}", content).status_code == 404
    token = str(client.get(page).context["csrf_token"])
    both = {"csrfmiddlewaretoken": token, "export": SimpleUploadedFile("a.zip", content)}
    assert client.post(page, both).status_code == 200
    assert Link.objects.get().done is not None


def test_what_a_killed_request_left_is_removed_after_a_while(settings: LazySettings) -> None:
    left = Path(settings.FILE_UPLOAD_TEMP_DIR) / "tmpabc.upload.zip"
    left.write_bytes(b"x")
    forget_drafts(older_than_seconds=3600)
    assert left.exists()
    os.utime(left, (0, 0))
    forget_drafts(older_than_seconds=3600)
    assert not left.exists()
