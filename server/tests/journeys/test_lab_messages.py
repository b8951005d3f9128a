"""What a lab tells us, early and late, once and twice."""

import smtplib
import time
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, make_lab
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from kitloop.events.models import Event
from kitloop.kits.journey import KIT_OUTCOMES, KIT_STAGES, kit_may_move
from kitloop.kits.letters import send_letter
from kitloop.kits.models import Hold, Kit, KitMove, Letter, Sample, SampleStatus
from kitloop.labs.models import LabMessage
from kitloop_sdk.labs import sign_request
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import RECIPIENT, ordered_kit, signed_post, tell

TRACKING = {"carrier": "Post", "barcode": "KL-1", "outbound_tracking": "OUT1", "return_tracking": "BACK1"}


def test_each_stage_moves_the_kit_and_says_so_in_the_samples_note(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    for stage in ("shipped", "delivered", "returning", "received", "sequencing"):
        answer = tell(client, lab, kit, f"kit.{stage}", **(TRACKING if stage == "shipped" else {}))
        assert (answer.status_code, answer.json()["result"]) == (202, "applied")
    kit.refresh_from_db()
    sample = Sample.objects.get(pk=kit.sample_id)
    assert kit.state == "sequencing"
    assert (kit.carrier, kit.outbound_tracking) == ("Post", "OUT1")
    assert sample.status == "kit_ordered"
    assert sample.status_note.startswith("Sequencing since")
    assert [move.state for move in KitMove.objects.filter(kit=kit).order_by("position")] == list(KIT_STAGES[:7])
    notes = list(SampleStatus.objects.filter(sample=sample).order_by("position").values_list("note", flat=True))
    assert any("tracking OUT1" in note for note in notes)
    assert Event.objects.filter(sample_id=sample.id, type="kit.received").count() == 1
    assert sorted(Letter.objects.filter(kit=kit).values_list("kind", flat=True)) == ["received", "shipped"]


def test_the_same_message_twice_counts_once(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    message = str(uuid4())
    assert tell(client, lab, kit, "kit.shipped", id=message).json()["result"] == "applied"
    assert tell(client, lab, kit, "kit.shipped", id=message).json()["result"] == "duplicate"
    assert LabMessage.objects.count() == 1
    assert KitMove.objects.filter(kit=kit, state="shipped").count() == 1


def test_a_late_message_is_kept_and_never_moves_the_kit_back(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    assert tell(client, lab, kit, "kit.received").json()["result"] == "applied"
    assert tell(client, lab, kit, "kit.shipped", **TRACKING).json()["result"] == "late"
    kit.refresh_from_db()
    assert kit.state == "received"
    assert kit.outbound_tracking == "OUT1"  # a fact that was missing is still worth having
    assert LabMessage.objects.count() == 2


def test_a_message_before_the_labs_answer_was_recorded_is_believed(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    Kit.objects.filter(pk=kit.pk).update(state="requested")
    Sample.objects.filter(pk=kit.sample_id).update(status="kit_requested")
    tell(client, lab, kit, "kit.shipped")
    assert Sample.objects.get(pk=kit.sample_id).status == "kit_ordered"


@pytest.mark.parametrize(
    ("type", "state", "owner"),
    [
        ("kit.undeliverable", "undeliverable", "customer"),
        ("kit.lost", "lost", "carrier"),
        ("kit.expired", "expired", "recipient"),
        ("kit.sample_rejected", "sample_rejected", "customer"),
        ("kit.rejected", "rejected_by_lab", "operator"),
    ],
)
def test_a_kit_that_ends_badly_leaves_its_sample_in_a_hold(
    client: Client, cast: Cast, type: str, state: str, owner: str
) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    tell(client, lab, kit, type, reason_code="because", note="It rained.")
    kit.refresh_from_db()
    assert (kit.state, kit.reason_code) == (state, "because")
    hold = Hold.objects.get()
    assert (hold.sample_id, hold.owner, hold.reason_code, hold.closed) == (kit.sample_id, owner, "because", None)
    assert hold.deadline > hold.opened
    assert Sample.objects.get(pk=kit.sample_id).status == "kit_ordered"
    assert tell(client, lab, kit, "kit.delivered").json()["result"] == "late"


def test_a_cancelled_kit_cancels_its_sample(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    tell(client, lab, kit, "kit.cancelled", reason_code="asked_for")
    assert Sample.objects.get(pk=kit.sample_id).status == "cancelled"
    assert Hold.objects.count() == 0


def test_every_move_of_the_table_goes_forward_and_ends_once() -> None:
    for current in (*KIT_STAGES, *KIT_OUTCOMES):
        for wanted in (*KIT_STAGES, *KIT_OUTCOMES):
            if not kit_may_move(current, wanted):
                continue
            assert current in KIT_STAGES[:-1]
            assert wanted in KIT_OUTCOMES or KIT_STAGES.index(wanted) > KIT_STAGES.index(current)
    assert not any(kit_may_move(stage, stage) for stage in (*KIT_STAGES, *KIT_OUTCOMES))


def test_only_the_labs_own_signature_opens_the_door(client: Client, cast: Cast) -> None:
    lab, other = make_lab(), make_lab(slug="other", is_sandbox=True)
    kit = ordered_kit(cast, lab)
    assert tell(client, lab, kit, "kit.shipped", secret="guessed").status_code == 401
    assert tell(client, other, kit, "kit.shipped").status_code == 404
    assert client.post("/lab/v1/events", {}, content_type="application/json").status_code == 401
    assert client.post("/lab/v1/events", {}, headers=cast.owner.headers).status_code == 401
    old = sign_request("x", lab=lab.slug, method="POST", path="/lab/v1/events", now=time.time() - 400)
    assert client.post("/lab/v1/events", "", content_type="application/json", headers=old).status_code == 401
    assert LabMessage.objects.count() == 0
    kit.refresh_from_db()
    assert kit.state == "ordered"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"id": "x"},
        {"id": str(uuid4()), "type": "kit.eaten", "kit_id": str(uuid4()), "occurred_at": "now"},
    ],
)
def test_what_cannot_be_read_is_refused_with_the_fields_named(client: Client, db: None, body: Any) -> None:
    answer = signed_post(client, make_lab(), "/lab/v1/events", body)
    assert answer.status_code == 400
    assert answer.json()


def test_sequenced_without_its_files_is_refused_and_may_be_sent_again(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab, state="sequencing")
    answer = tell(client, lab, kit, "kit.sequenced", files=[{"role": "fastq-r1", "sha256": "0" * 64, "size": 1}])
    assert answer.status_code == 409
    kit.refresh_from_db()
    assert kit.state == "sequencing"
    assert LabMessage.objects.count() == 0
    assert not ProcrastinateJob.objects.filter(task_name="runs.open").exists()


def test_nothing_personal_stands_in_events_notes_or_messages(client: Client, cast: Cast) -> None:
    lab = make_lab()
    kit = ordered_kit(cast, lab)
    tell(client, lab, kit, "kit.shipped", **TRACKING)
    written = " ".join(
        str(row)
        for model in (Event, SampleStatus, KitMove, LabMessage, ProcrastinateJob)
        for row in model.objects.values_list()
    )
    for personal in (RECIPIENT.name, RECIPIENT.line1, RECIPIENT.email, RECIPIENT.phone, "Jane"):
        assert personal not in written


def test_a_letter_is_sent_once_and_one_that_is_refused_for_good_is_given_up(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = ordered_kit(cast, make_lab(), state="shipped")
    refusal = smtplib.SMTPRecipientsRefused({"jane.doe@example.com": (550, b"no such user")})

    def refuse(self: EmailMessage) -> int:
        raise refusal

    busy = smtplib.SMTPDataError(451, b"try again")
    monkeypatch.setattr(EmailMessage, "send", lambda self: (_ for _ in ()).throw(busy))
    with pytest.raises(smtplib.SMTPDataError):
        send_letter(kit.id, "shipped")
    assert Letter.objects.get().given_up is None
    monkeypatch.setattr(EmailMessage, "send", refuse)
    send_letter(kit.id, "shipped")
    letter = Letter.objects.get()
    assert letter.given_up is not None
    assert letter.sent is None
    assert Hold.objects.get().reason_code == "letter_refused"
    monkeypatch.undo()
    send_letter(kit.id, "shipped")
    assert mail.outbox == []
