"""Taking a sample back: what is told to the customer, to the lab, and to an analysis that runs."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from api.sending import sent
from cast import LAB_SECRET, Cast, make_lab
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from kitloop.events.models import Event
from kitloop.kits.models import Hold, Kit, KitMove, Sample, SampleStatus
from kitloop.kits.moves import advance_kit, move_sample
from kitloop.kits.orders import place_order
from kitloop.labs.cancel import cancel_at_lab
from kitloop.labs.errors import LabUnreachable
from kitloop.labs.models import Lab, LabMessage
from kitloop.labs.submit import _claim, submit
from kitloop.runs import execute as execution
from kitloop.runs.execute import execute
from kitloop.runs.following import follow, latest
from kitloop.runs.models import Run
from kitloop_sdk.labs import verify_request
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import RECIPIENT, ordered_kit, tell


def cancelled(client: Client, cast: Cast, *samples: object, who: str = "analyst") -> Any:
    body = {"sample_ids": [str(sample) for sample in samples]}
    return sent(client, cast, "POST", f"project-cancel-samples/{cast.project.id}", body, who)


def jobs() -> list[dict[str, Any]]:
    return [job.args for job in ProcrastinateJob.objects.filter(task_name="labs.cancel").order_by("pk")]


@dataclass(slots=True)
class LabServer:
    """A lab's side of the protocol, of which a test says how it answers; it checks the signature of what it gets."""

    lab: Lab
    status: int = 200
    paths: list[str] = field(default_factory=list)


@pytest.fixture
def lab(db: None, settings: LazySettings) -> Iterator[LabServer]:
    made = LabServer(make_lab())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            signature = self.headers["Kitloop-Lab-Signature"]
            verify_request(LAB_SECRET, signature=signature, method="POST", path=self.path, body=body)
            made.paths.append(self.path)
            said = json.dumps({"lab_order_id": "L1"}).encode()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings.KITLOOP_LAB_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    made.lab.url = f"http://127.0.0.1:{server.server_address[1]}"
    made.lab.save()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


# The customer ------------------------------------------------------------------------------------------------------


def test_an_order_is_taken_back_and_its_lab_hears_of_it(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    answer = cancelled(client, cast, kit.sample_id)
    assert (answer.status_code, answer.content) == (200, b'{"message":"1 sample(s) analysis canceled successfully"}')
    sample = sent(client, cast, "GET", f"samples/{kit.sample_id}").json()
    assert (sample["last_status"]["status"], sample["last_status"]["note"]) == ("cancelled", "Kit cancelled.")
    kit.refresh_from_db()
    assert (kit.state, kit.reason_code) == ("cancelled", "cancelled_by_customer")
    assert jobs() == [{"kit_id": str(kit.id)}]
    types = Event.objects.filter(sample_id=kit.sample_id).order_by("position").values_list("type", flat=True)
    assert list(types)[-2:] == ["kit.cancelled", "sample.cancelled"]
    # Once more, because no answer came: the same answer, and nothing is done again.
    assert cancelled(client, cast, kit.sample_id).content == answer.content
    assert len(jobs()) == 1
    assert SampleStatus.objects.filter(sample_id=kit.sample_id, status="cancelled").count() == 1


def test_an_order_that_no_lab_has_heard_of_tells_none(client: Client, cast: Cast) -> None:
    sample = place_order(cast.owner.user.caller(), project_id=cast.project.id, recipient=RECIPIENT)
    assert cancelled(client, cast, sample).status_code == 200
    assert jobs() == []
    kit = Kit.objects.get(sample_id=sample)
    make_lab(is_sandbox=False)
    submit(kit.id)  # the job that was queued with the order
    kit.refresh_from_db()
    assert (kit.state, kit.lab_id) == ("cancelled", None)


@pytest.mark.parametrize("state", ["shipped", "delivered", "returning", "received", "sequencing"])
def test_a_kit_that_has_left_can_not_be_taken_back(client: Client, cast: Cast, state: str) -> None:
    lab = make_lab()
    early, late = ordered_kit(cast, lab), ordered_kit(cast, lab, state=state)
    answer = cancelled(client, cast, early.sample_id, late.sample_id)
    assert answer.status_code == 400
    assert answer.json() == {"sample_ids": [f"Samples can't be cancelled any more: {late.sample_id} (kit {state})."]}
    assert set(Sample.objects.values_list("status", flat=True)) == {"kit_ordered"}  # all or none
    assert jobs() == []


@pytest.mark.parametrize("status", ["succeeded", "failed_qc", "failed"])
def test_a_sample_that_has_ended_can_not_be_taken_back(client: Client, cast: Cast, status: str) -> None:
    kit = ordered_kit(cast, make_lab(), state="sequenced")
    Sample.objects.filter(pk=kit.sample_id).update(status=status)
    answer = cancelled(client, cast, kit.sample_id)
    assert answer.status_code == 400
    assert answer.json() == {"sample_ids": [f"Samples can't be cancelled any more: {kit.sample_id} ({status})."]}


@pytest.mark.parametrize("status", ["consumer_awaiting_kit_order", "consumer_awaiting_data", "scheduled"])
def test_a_form_that_nobody_filled_in_is_taken_back(client: Client, cast: Cast, status: str) -> None:
    sample = place_order(cast.owner.user.caller(), project_id=cast.project.id, recipient=RECIPIENT)
    Kit.objects.filter(sample_id=sample).delete()
    Sample.objects.filter(pk=sample).update(status=status)
    assert cancelled(client, cast, sample).status_code == 200
    assert Sample.objects.get(pk=sample).status == "cancelled"


def test_what_stood_in_the_way_does_so_no_longer(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab(), state="undeliverable")
    assert Hold.objects.filter(closed=None).count() == 1
    assert cancelled(client, cast, kit.sample_id).status_code == 200
    assert Hold.objects.filter(closed=None).count() == 0
    kit.refresh_from_db()
    assert kit.state == "undeliverable"  # as it ended


def test_at_most_twenty_are_cancelled_at_once(client: Client, cast: Cast) -> None:
    answer = cancelled(client, cast, *[UUID(int=number) for number in range(21)])
    assert answer.json() == {"sample_ids": ["Ensure this field has no more than 20 elements."]}


# The lab -----------------------------------------------------------------------------------------------------------


def test_the_lab_is_told_once_it_answers(client: Client, cast: Cast, lab: LabServer) -> None:
    kit = ordered_kit(cast, lab.lab)
    cancel_at_lab(kit.id)
    assert lab.paths == []  # not cancelled
    cancelled(client, cast, kit.sample_id)
    lab.status = 503
    with pytest.raises(LabUnreachable):
        cancel_at_lab(kit.id)
    assert Hold.objects.count() == 0
    lab.status = 200
    cancel_at_lab(kit.id)
    assert lab.paths == [f"/lab/v1/orders/{kit.id}/cancel"] * 2


def test_a_lab_that_refuses_is_for_a_person_to_look_at(client: Client, cast: Cast, lab: LabServer) -> None:
    kit = ordered_kit(cast, lab.lab)
    cancelled(client, cast, kit.sample_id)
    lab.status = 401
    with pytest.raises(LabUnreachable):
        cancel_at_lab(kit.id)
    assert Hold.objects.get(closed=None).reason_code == "lab_refuses"
    lab.status = 200
    cancel_at_lab(kit.id)
    assert Hold.objects.filter(closed=None).count() == 0


def test_too_late_at_the_lab_is_told_to_the_customer_once(client: Client, cast: Cast, lab: LabServer) -> None:
    kit = ordered_kit(cast, lab.lab)
    cancelled(client, cast, kit.sample_id)
    lab.status = 409
    for _ in range(2):
        cancel_at_lab(kit.id)
    tell(client, lab.lab, kit, "kit.shipped")
    hold = Hold.objects.get()
    assert (hold.reason_code, hold.owner, hold.closed) == ("cancelled_too_late", "customer", None)
    lines = sent(client, cast, "GET", f"sample-statuses/{kit.sample_id}").json()["results"]
    assert [(line["status"], line["note"][:24]) for line in lines[:2]] == [
        ("cancelled", "The lab had sent the kit"), ("cancelled", "Kit cancelled."),
    ]  # fmt: skip


def test_not_known_at_the_lab_is_believed_when_the_order_would_have_got_there(
    client: Client, cast: Cast, lab: LabServer
) -> None:
    kit = ordered_kit(cast, lab.lab)
    cancelled(client, cast, kit.sample_id)
    lab.status = 404
    with pytest.raises(LabUnreachable):
        cancel_at_lab(kit.id)
    KitMove.objects.filter(kit=kit, state="cancelled").update(recorded=timezone.now() - timedelta(minutes=11))
    cancel_at_lab(kit.id)
    assert Hold.objects.count() == 0


def test_an_order_that_was_under_way_when_it_was_cancelled_is_cancelled_behind_it(
    client: Client, cast: Cast, lab: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = place_order(cast.owner.user.caller(), project_id=cast.project.id, recipient=RECIPIENT)
    kit = Kit.objects.get(sample_id=sample)

    def claimed_and_then_cancelled(each: Kit) -> Lab | None:
        found = _claim(each)
        cancelled(client, cast, sample)
        return found

    monkeypatch.setattr("kitloop.labs.submit._claim", claimed_and_then_cancelled)
    submit(kit.id)
    assert lab.paths == ["/lab/v1/orders"]
    assert jobs() == [{"kit_id": str(kit.id)}] * 2  # of the cancellation, and of the order that came after it
    kit.refresh_from_db()
    assert (kit.state, kit.lab_order_id) == ("cancelled", "L1")
    cancel_at_lab(kit.id)
    assert lab.paths[1:] == [f"/lab/v1/orders/{kit.id}/cancel"]


def test_a_lab_that_goes_on_packing_a_cancelled_kit_is_told_again(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    cancelled(client, cast, kit.sample_id)
    assert tell(client, lab, kit, "kit.packed", barcode="KL-1").json()["result"] == "applied"
    assert jobs() == [{"kit_id": str(kit.id)}] * 2
    assert tell(client, lab, kit, "kit.cancelled").json()["result"] == "late"
    assert Hold.objects.count() == 0
    assert tell(client, lab, kit, "kit.received").json()["result"] == "late"
    assert Hold.objects.get().reason_code == "cancelled_too_late"
    assert LabMessage.objects.count() == 3
    kit.refresh_from_db()
    assert kit.state == "cancelled"


# The analysis ------------------------------------------------------------------------------------------------------


def analyzing(cast: Cast, settings: LazySettings, tmp_path: Path) -> Run:
    """A run whose data lies there, and whose analysis would never end."""
    settings.KITLOOP_OBJECTS = tmp_path
    kit = ordered_kit(cast, make_lab())
    advance_kit(kit.id, "sequenced", occurred=timezone.now())
    move_sample(kit.sample, "running", note="")
    inputs = {role: {"key": role, "size": 1, "sha256": "0" * 64} for role in ("fastq-r1", "fastq-r2")}
    return Run.objects.create(sample=kit.sample, kit=kit, inputs=inputs, created=timezone.now())


def test_an_analysis_that_runs_is_ended_and_leaves_nothing(
    client: Client, cast: Cast, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = analyzing(cast, settings, tmp_path)
    monkeypatch.setattr("kitloop.runs.following.LOOK_SECONDS", 0.0)
    really = execution._run
    answers: list[Any] = []

    def for_ever(command: list[str], should_stop: Any) -> tuple[int, str]:
        def cancel_meanwhile() -> bool:
            if not answers:
                answers.append(cancelled(client, cast, run.sample_id))
            return bool(should_stop())

        return really(["sleep", "600"], cancel_meanwhile)

    monkeypatch.setattr(execution, "_run", for_ever)
    execute(run.id)
    assert [answer.status_code for answer in answers] == [200]
    run.refresh_from_db()
    assert (run.state, run.failures, [reason["code"] for reason in run.reasons]) == ("failed", 0, ["cancelled"])
    sample = Sample.objects.get(pk=run.sample_id)
    assert (sample.status, sample.status_note, sample.run_id) == ("cancelled", "The analysis was cancelled.", None)
    assert list((tmp_path / ".work").iterdir()) == []
    assert Hold.objects.count() == 0
    execute(run.id)  # the job once more


def test_an_analysis_that_had_not_begun_never_does(
    client: Client, cast: Cast, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = analyzing(cast, settings, tmp_path)
    cancelled(client, cast, run.sample_id)
    monkeypatch.setattr(execution, "_run", lambda *_: pytest.fail("it began"))
    execute(run.id)
    run.refresh_from_db()
    assert run.state == "failed"


def test_an_analysis_is_not_ended_because_the_database_is_away(
    client: Client, cast: Cast, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    run = analyzing(cast, settings, tmp_path)
    monkeypatch.setattr("kitloop.runs.following.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("kitloop.runs.following.connection.close", lambda: None)

    def away(*_: Any, **__: Any) -> Any:
        raise OperationalError

    ask = follow(run, tmp_path / "progress", lambda: False)
    with monkeypatch.context() as patched:
        patched.setattr(Run.objects, "filter", away)
        assert ask() is False
    cancelled(client, cast, run.sample_id)
    assert ask() is True
    assert follow(run, tmp_path / "progress", lambda: True)() is True


def test_what_an_analysis_is_doing_is_told_while_it_runs(
    cast: Cast, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = analyzing(cast, settings, tmp_path)
    Run.objects.update(state="running")
    monkeypatch.setattr("kitloop.runs.following.LOOK_SECONDS", 0.0)
    progress = tmp_path / "progress"
    ask = follow(run, progress, lambda: False)
    told = []
    for line in (
        "",
        '{"step": "alignment", "state": "started", "time": 1}\n',
        '{"step": "alignment", "state": "running", "done": 20000, "of": 90000, "unit": "pairs", "time": 2}\n{"step": "al',
    ):
        progress.write_text(progress.read_text() + line if progress.exists() else line)
        assert ask() is False
        run.refresh_from_db()
        told.append(run.doing)
    assert told == ["", "alignment", "alignment, 20,000 of 90,000 pairs"]
    assert latest(tmp_path / "absent") == ""
