"""Files from the lab: exactly what was announced, or nothing."""

import hashlib
import io
from pathlib import Path

import pytest
from cast import Cast, make_lab
from django.conf import LazySettings
from django.core import signing
from django.test import Client, RequestFactory
from kitloop.base import objects
from kitloop.hosted.files import take_file
from kitloop.kits.models import Hold, Sample
from kitloop.labs.models import Upload
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import announce, deliver, ordered_kit, signed_post

FILES = {"fastq-r1": b"reads one" * 1000, "fastq-r2": b"reads two" * 1000}


@pytest.fixture(autouse=True)
def own_folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.KITLOOP_OBJECTS = tmp_path
    return tmp_path


def test_what_was_announced_is_kept_and_owes_an_analysis(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    assert deliver(client, lab, kit, FILES).json()["result"] == "applied"
    kit.refresh_from_db()
    assert kit.state == "sequenced"
    assert ProcrastinateJob.objects.filter(task_name="runs.open").count() == 1
    for upload in Upload.objects.all():
        assert objects.path_of(upload.object_key).read_bytes() == FILES[upload.role]
        assert upload.done is not None


def test_other_bytes_are_refused_kept_nowhere_and_put_the_lab_on_hold(
    client: Client, cast: Cast, own_folder: Path
) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    path = announce(client, lab, kit, FILES)["fastq-r1"]
    changed = b"READS one" + FILES["fastq-r1"][9:]
    answer = client.put(path, changed, content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    short = client.put(path, b"reads", content_type="application/octet-stream")
    assert (short.status_code, short.json()["code"]) == (422, "size_mismatch")
    assert client.put(path, FILES["fastq-r1"] + b"!", content_type="x/y").status_code == 422
    assert [f for f in own_folder.rglob("*") if f.is_file()] == []
    assert {(h.reason_code, h.owner) for h in Hold.objects.all()} == {
        ("upload_checksum_mismatch", "lab"),
        ("upload_size_mismatch", "lab"),
    }
    assert Sample.objects.get(pk=kit.sample_id).status == "kit_ordered"
    # The right bytes close the holds.
    assert client.put(path, FILES["fastq-r1"], content_type="x/y").status_code == 201
    assert not Hold.objects.filter(closed=None).exists()


def test_a_line_that_breaks_in_the_middle_is_nobodys_mistake(client: Client, cast: Cast, own_folder: Path) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    path = announce(client, lab, kit, FILES)["fastq-r1"]
    half = FILES["fastq-r1"][:4000]
    request = RequestFactory().put(
        path, half, content_type="x/y", headers={"Content-Length": str(len(FILES["fastq-r1"]))}
    )
    request._stream = io.BytesIO(half)  # type: ignore[attr-defined]  # what a server hands over when the line has broken
    answer = take_file(request, path.removeprefix("/uploads/"))
    assert answer.status_code == 400
    assert Hold.objects.count() == 0
    assert [f for f in own_folder.rglob("*") if f.is_file()] == []
    assert client.put(path, FILES["fastq-r1"], content_type="x/y").status_code == 201


def test_the_same_file_may_be_sent_twice(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    for _ in range(2):
        path = announce(client, lab, kit, FILES)["fastq-r1"]
        assert client.put(path, FILES["fastq-r1"], content_type="x/y").status_code == 201
    assert Upload.objects.count() == 2


def test_an_expired_or_made_up_link_opens_nothing(client: Client, cast: Cast, settings: LazySettings) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    path = announce(client, lab, kit, FILES)["fastq-r1"]
    settings.KITLOOP_URL_SECONDS = -1
    assert client.put(path, FILES["fastq-r1"], content_type="x/y").status_code == 403
    settings.KITLOOP_URL_SECONDS = 3600
    forged = signing.TimestampSigner(salt="other").sign(str(Upload.objects.earliest("role").id))
    assert client.put(f"/uploads/{forged}", b"", content_type="x/y").status_code == 403
    assert Upload.objects.filter(done__isnull=False).count() == 0


@pytest.mark.parametrize(
    "file",
    [
        {"role": "fastq-r3", "size": 1, "sha256": "0" * 64},
        {"role": "fastq-r1", "size": -1, "sha256": "0" * 64},
        {"role": "fastq-r1", "size": 1, "sha256": "short"},
        {"role": "fastq-r1", "size": 1},
    ],
)
def test_a_file_that_cannot_be_is_not_granted(client: Client, cast: Cast, file: dict[str, object]) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    assert signed_post(client, lab, f"/lab/v1/kits/{kit.id}/uploads", {"files": [file]}).status_code == 400
    assert signed_post(client, lab, f"/lab/v1/kits/{kit.id}/uploads", {"files": []}).status_code == 400
    assert Upload.objects.count() == 0


def test_files_are_handed_out_whole_and_in_ranges_to_whoever_holds_a_link(
    client: Client, own_folder: Path, settings: LazySettings
) -> None:
    data = bytes(range(256)) * 40
    (own_folder / "file.bin").write_bytes(data)
    stored = objects.take_file("samples/a/b.vcf.gz", own_folder / "file.bin")
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    link = objects.signed_url(stored.key, filename="a.vcf.gz").removeprefix(settings.KITLOOP_URL)
    whole = client.get(link)
    assert (whole.status_code, b"".join(whole.streaming_content)) == (200, data)
    assert whole["Content-Disposition"] == 'attachment; filename="a.vcf.gz"'
    for asked, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=1000-", 1000, len(data) - 1),
        ("bytes=-10", len(data) - 10, len(data) - 1),
        ("bytes=100-999999", 100, len(data) - 1),
    ):
        part = client.get(link, headers={"Range": asked})
        assert part.status_code == 206
        assert b"".join(part.streaming_content) == data[first : last + 1]
        assert part["Content-Range"] == f"bytes {first}-{last}/{len(data)}"
        assert part["Content-Length"] == str(last - first + 1)
    beyond = client.get(link, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")
    other = link.replace("b.vcf.gz?", "c.vcf.gz?")
    assert client.get(other).status_code == 403
    settings.KITLOOP_URL_SECONDS = -1
    assert client.get(link).status_code == 403
