"""The journey that the sandbox plays by itself."""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from builders import send_order, settle
from django.test import Client
from django.utils import timezone
from kitloop_lab import outbox, robot
from kitloop_lab.barcodes import is_code
from kitloop_lab.journey import ENDS, STAGES
from kitloop_lab.models import Kit, Order, OutboxEvent, StageChange, Upload
from kitloop_lab.scenarios import SCENARIOS
from receiver import Receiver

pytestmark = pytest.mark.django_db
ALL = ["packed", "shipped", "delivered", "returning", "received", "sequencing", "sequenced"]


def test_a_kit_goes_all_the_way_by_itself(client: Client, platform: Receiver, lab: Path) -> None:
    kit_id = send_order(client)
    settle()
    assert platform.types(kit_id) == ALL
    told = {e["type"]: e["data"] for e in platform.heard}
    assert told["kit.packed"] == told["kit.shipped"]
    assert set(told["kit.packed"]) == {"barcode", "carrier", "outbound_tracking", "return_tracking"}
    assert all(is_code(v) for k, v in told["kit.packed"].items() if k != "carrier")
    assert told["kit.received"] == {"condition": "good"}
    assert told["kit.sequencing"]["run"].startswith("RUN-")
    for file in told["kit.sequenced"]["files"]:
        stored = platform.files[kit_id, file["role"]]
        assert stored == (lab / "lab/kits" / kit_id / f"R{file['role'][-1]}.fastq.gz").read_bytes()
        assert (hashlib.sha256(stored).hexdigest(), len(stored)) == (file["sha256"], file["size"])
    assert len(platform.files) == 2  # the truth stays at the lab
    assert (lab / "lab/kits" / kit_id / "truth.json").exists()
    assert [h.stage for h in StageChange.objects.order_by("pk")] == [
        "accepted", *ALL[:-1], "reads_written", "uploaded", "sequenced",
    ]  # fmt: skip
    assert Kit.objects.get(order__isnull=False).state == "used_up"
    # A lab that lost its database and plays the kit again tells the same facts under the same ids.
    assert {e["id"] for e in platform.heard} == {str(uuid.uuid5(uuid.UUID(kit_id), f"kit.{s}")) for s in ALL}
    times = [e["occurred_at"] for e in platform.heard]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("scenario", "heard", "reason_code"),
    [
        ("undeliverable", [*ALL[:2], "undeliverable"], "address_unknown"),
        ("lost", [*ALL[:4], "lost"], "lost_in_transit"),
        ("low_dna", [*ALL[:5], "sample_rejected"], "low_dna"),
    ],
)
def test_kits_that_end_badly_say_why(
    client: Client, platform: Receiver, scenario: str, heard: list[str], reason_code: str
) -> None:
    kit_id = send_order(client, scenario=scenario)
    settle()
    assert platform.types(kit_id) == heard
    assert platform.heard[-1]["data"]["reason_code"] == reason_code
    assert platform.heard[-1]["data"]["note"]
    assert platform.files == {}


@pytest.mark.parametrize(
    ("scenario", "problem"),
    [
        ("failed_qc", "low-depth"),
        ("truncated", "truncated"),
        ("mispaired", "mispaired"),
        ("empty", "empty"),
        ("not_gzip", "not-gzip"),
    ],
)
def test_bad_files_are_uploaded_as_they_are(
    client: Client, platform: Receiver, lab: Path, scenario: str, problem: str
) -> None:
    kit_id = send_order(client, scenario=scenario)
    settle()
    assert platform.types(kit_id) == ALL
    assert json.loads((lab / "lab/kits" / kit_id / "truth.json").read_text()) == {"problem": problem}
    if scenario == "empty":
        assert platform.files == {(kit_id, "fastq-r1"): b"", (kit_id, "fastq-r2"): b""}


def test_disordered_messages_come_late_twice_and_out_of_order_and_still_end_right(
    client: Client, platform: Receiver
) -> None:
    kit_id = send_order(client, scenario="disordered")
    settle()
    heard = platform.types(kit_id)
    assert heard == [
        "packed", "delivered", "shipped", "received", "received", "returning", "sequencing", "sequenced", "sequencing",
        "shipped",
    ]  # fmt: skip
    for stage in ALL:  # a message that comes twice is the same message, byte for byte
        bodies = [json.dumps(e) for e in platform.heard if e["type"] == f"kit.{stage}"]
        assert len(set(bodies)) == 1
    at = {e["type"]: e["occurred_at"] for e in platform.heard}
    assert at["kit.shipped"] < at["kit.delivered"]  # late, and true
    assert Order.objects.get().stage == "sequenced"


def test_a_wrong_checksum_is_refused_and_a_person_has_to_look(client: Client, platform: Receiver) -> None:
    kit_id = send_order(client, scenario="wrong_checksum")
    settle()
    order = Order.objects.get()
    assert order.parked_at is not None
    assert "fastq-r2 was refused: 422" in order.trouble
    assert "checksum_mismatch" in order.trouble
    assert platform.types(kit_id) == ALL[:-1]
    assert list(platform.files) == [(kit_id, "fastq-r1")]
    assert platform.puts == 2
    settle()
    assert platform.puts == 2  # parked: nothing is tried by itself


def test_expired_upload_addresses_are_asked_for_again(client: Client, platform: Receiver) -> None:
    platform.expired_puts = 2
    kit_id = send_order(client)
    settle()
    assert platform.types(kit_id) == ALL
    assert platform.asked_for_uploads == 2
    assert platform.puts == 4


def test_addresses_that_always_expire_are_asked_for_with_pauses(client: Client, platform: Receiver) -> None:
    platform.expired_puts = 6
    send_order(client)
    settle()
    assert platform.asked_for_uploads == 4  # three rounds, a pause, and one more


def test_files_that_are_there_are_not_sent_again(client: Client, platform: Receiver) -> None:
    send_order(client)
    settle()
    order = Order.objects.get()
    from kitloop_lab.uploads import upload_files

    Upload.objects.update(done_at=None)
    upload_files(order)
    assert platform.puts == 2
    assert Upload.objects.filter(done_at__isnull=True).count() == 0


def test_reads_that_are_written_are_not_simulated_again(client: Client, platform: Receiver, lab: Path) -> None:
    kit_id = send_order(client)
    folder = lab / "lab/kits" / kit_id
    folder.mkdir()
    for mate in "12":
        (folder / f"R{mate}.fastq.gz").write_bytes(b"written before the kill")
    settle()
    assert platform.files[kit_id, "fastq-r1"] == b"written before the kill"


def test_a_simulator_that_fails_is_tried_three_times_then_parked_with_what_it_said(
    client: Client, platform: Receiver, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GENOMICS_FAILS", "1")
    kit_id = send_order(client)
    settle()
    order = Order.objects.get()
    assert order.attempts == 3
    assert order.trouble == "kitloop-genomics simulate ended with 1: the bundle is missing"
    assert list((lab / "lab/kits").iterdir()) == []
    monkeypatch.delenv("FAKE_GENOMICS_FAILS")
    assert robot.try_again(order) == 1
    settle()
    assert platform.types(kit_id) == ALL


@pytest.mark.parametrize(
    ("setting", "value", "trouble"),
    [("LAB_DEMO", "", "--demo"), ("LAB_GENOMICS", "/nowhere/kitloop-genomics", "does not start")],
)
def test_a_lab_without_its_simulator_parks_and_names_what_is_missing(
    client: Client, platform: Receiver, settings: Any, setting: str, value: str, trouble: str
) -> None:
    setattr(settings, setting, value)
    send_order(client)
    settle()
    assert trouble in Order.objects.get().trouble


def test_a_stage_and_its_messages_are_one_transaction(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    send_order(client)

    def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "tell", fail)
    with pytest.raises(OSError, match="disk"):
        robot.take_step(Order.objects.get().pk)
    assert Order.objects.get().stage == "accepted"
    assert StageChange.objects.count() == 1
    assert Kit.objects.filter(order__isnull=False).count() == 0


def test_a_step_is_not_taken_twice_and_not_after_a_cancel(client: Client) -> None:
    send_order(client)
    stale = Order.objects.get()
    assert robot.reach(stale, "packed") is True
    assert robot.reach(stale, "packed") is False
    assert OutboxEvent.objects.count() == 1
    Order.objects.update(stage="cancelled", next_step_at=None)
    assert robot.take_step(stale.pk) is False
    assert robot.reach(stale, "packed") is False


def test_the_pause_between_stages_is_kept_and_slow_is_ten_times_slower(client: Client, settings: Any) -> None:
    settings.LAB_STAGE_SECONDS = 30.0
    for scenario in ("happy", "slow"):
        send_order(client, scenario=scenario)
    for order in Order.objects.all():
        assert robot.take_step(order.pk) is True
        assert robot.take_step(order.pk) is False
    pauses = [(o.next_step_at - o.stage_at).total_seconds() for o in Order.objects.order_by("pk") if o.next_step_at]
    assert pauses == [30.0, 300.0]


def test_the_next_step_is_known_before_it_is_due(client: Client, settings: Any) -> None:
    settings.LAB_STAGE_SECONDS = 30.0
    now = timezone.now()
    assert robot.next_due(now) is None
    for scenario in ("slow", "happy"):
        send_order(client, scenario=scenario)
        robot.take_step(Order.objects.latest("pk").pk)
    happy = Order.objects.latest("pk")
    assert robot.next_due(now) == happy.next_step_at
    Order.objects.filter(pk=happy.pk).update(parked_at=now, trouble="why")
    assert robot.next_due(now) == Order.objects.get(scenario="slow").next_step_at


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_every_scenario_starts_with_the_order_and_ends_at_an_end(scenario: Any) -> None:
    assert scenario.way[0] == "accepted"
    assert scenario.way[-1] in ENDS
    assert not set(scenario.way[:-1]) & ENDS
    for stage in scenario.way:
        assert all(STAGES[told].tells for told in scenario.told_at(stage))
    told = {t for stage in scenario.way for t in scenario.told_at(stage)}
    assert told == {stage for stage in scenario.way if STAGES[stage].tells}
