"""What the platform calls at the lab."""

import json
import time
from typing import Any

import pytest
from builders import PERSONAL, order_body, post, send_order, settle, signed
from django.db import connection
from django.test import Client
from kitloop_lab import robot
from kitloop_lab.models import Kit, Order, OutboxEvent, SealedRecipient
from kitloop_lab.sealing import unseal
from receiver import Receiver

pytestmark = pytest.mark.django_db
ORDERS = "/lab/v1/orders"


def test_an_order_sent_twice_makes_one_kit(client: Client, platform: Receiver) -> None:
    body = order_body()
    first, second = post(client, ORDERS, body), post(client, ORDERS, body)
    settle()
    third = post(client, ORDERS, body)
    assert [first.status_code, second.status_code, third.status_code] == [201, 200, 200]
    assert first.json() == second.json() == third.json()
    assert first.json()["kit_id"] == body["kit_id"]
    assert Order.objects.count() == 1
    assert Kit.objects.exclude(state="made").count() == 1


def test_the_same_order_written_in_another_way_is_the_same_order(client: Client) -> None:
    body = order_body()
    assert post(client, ORDERS, body).status_code == 201
    again = dict(reversed(body.items())) | {"ordered_at": "2026-03-01T10:30:00+01:00", "kit_id": body["kit_id"].upper()}
    assert post(client, ORDERS, json.dumps(again, indent=3).encode()).status_code == 200


@pytest.mark.parametrize("change", [{"recipient": {"line1": "9 Elsewhere"}}, {"scenario": "lost"}])
def test_the_same_kit_id_with_other_content_is_409_and_changes_nothing(client: Client, change: dict[str, Any]) -> None:
    kit_id = send_order(client)
    answer = post(client, ORDERS, order_body(kit_id, **change))
    assert answer.status_code == 409
    assert Order.objects.get().scenario == "happy"
    assert unseal(SealedRecipient.objects.get().sealed).line1 == "123 Marigold Street"


def _wrong_signatures() -> dict[str, Any]:
    body = json.dumps(order_body("8f0c0000-0000-4000-8000-000000000000")).encode()
    right = signed(ORDERS, body)
    return {
        "none": {},
        "no lab": {k: v for k, v in right.items() if k != "Kitloop-Lab"},
        "other lab": right | {"Kitloop-Lab": "elsewhere"},
        "old": signed(ORDERS, body, now=time.time() - 301),
        "of the future": signed(ORDERS, body, now=time.time() + 302),
        "other path": signed("/lab/v1/events", body),
        "other method": signed(ORDERS, body, method="PUT"),
        "other body": signed(ORDERS, body + b" "),
        "nonsense": right | {"Kitloop-Lab-Signature": "t=x,v1=y"},
    }


@pytest.mark.parametrize("wrong", _wrong_signatures())
def test_an_order_with_a_wrong_signature_is_401_and_nothing_is_taken(client: Client, wrong: str) -> None:
    body = json.dumps(order_body("8f0c0000-0000-4000-8000-000000000000")).encode()
    answer = post(client, ORDERS, body, headers=_wrong_signatures()[wrong])
    assert answer.status_code == 401
    assert set(answer.json()) == {"detail"}
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kit_id": "not-a-uuid"}, "kit_id"),
        ({"kit_id": 7}, "kit_id"),
        ({"ordered_at": "2026-03-01T09:30:00"}, "ordered_at"),
        ({"ordered_at": None}, "ordered_at"),
        ({"test_mode": "yes"}, "test_mode"),
        ({"scenario": ["happy"]}, "scenario"),
        ({"recipient": None}, "recipient"),
        ({"recipient": {}}, "recipient.name"),
        ({"recipient": order_body()["recipient"] | {"line1": "  "}}, "recipient.line1"),
        ({"recipient": order_body()["recipient"] | {"city": 5}}, "recipient.city"),
        ({"recipient": order_body()["recipient"] | {"country_code": "usa"}}, "recipient.country_code"),
        ({"recipient": order_body()["recipient"] | {"name": "Zebrowski" * 40}}, "recipient.name"),
        ({"recipient": order_body()["recipient"] | {"line2": "Zebrowski\x00"}}, "recipient.line2"),
        ({"recipient": order_body()["recipient"] | {"line2": "Zebrowski\ud800"}}, "recipient.line2"),
    ],
)
def test_an_order_that_cannot_be_read_is_400_and_names_the_field_only(
    client: Client, change: dict[str, Any], field: str
) -> None:
    answer = post(client, ORDERS, order_body() | change)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not any(part in answer.content.decode() for part in PERSONAL)
    assert Order.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": NaN}', b"[" * 60_000, b"null"])
def test_a_body_that_is_not_a_json_object_is_400(client: Client, body: bytes) -> None:
    answer = post(client, ORDERS, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [""]


def test_all_that_is_wrong_with_an_order_is_said_at_once(client: Client) -> None:
    answer = post(client, ORDERS, {"recipient": {"name": ""}})
    assert {"kit_id", "ordered_at", "test_mode", "recipient.name", "recipient.line1"} <= set(answer.json()["errors"])


def test_fields_that_a_newer_protocol_adds_are_ignored(client: Client) -> None:
    body = order_body()
    assert post(client, ORDERS, body | {"priority": "high"}).status_code == 201
    assert post(client, ORDERS, body).status_code == 200


def test_a_body_above_64_kb_is_413(client: Client) -> None:
    body = order_body()
    body["recipient"]["instructions"] = "x" * 65_536
    answer = post(client, ORDERS, body)
    assert answer.status_code == 413
    assert set(answer.json()) == {"detail"}


def test_an_unknown_scenario_is_422_and_the_known_ones_are_listed(client: Client) -> None:
    answer = post(client, ORDERS, order_body(scenario="sunny"))
    assert answer.status_code == 422
    assert answer.json()["reason_code"] == "unknown_scenario"
    assert "happy, disordered, undeliverable, lost, low_dna, failed_qc" in answer.json()["detail"]
    assert Order.objects.count() == 0


def test_the_rejected_scenario_is_422_each_time(client: Client) -> None:
    body = order_body(scenario="rejected")
    for _ in range(2):
        answer = post(client, ORDERS, body)
        assert answer.status_code == 422
        assert answer.json()["reason_code"] == "not_in_service_area"
    assert Order.objects.count() == 0


def test_an_order_without_scenario_plays_the_labs_own(client: Client, settings: Any) -> None:
    settings.LAB_SCENARIO = "lost"
    send_order(client)
    assert Order.objects.get().scenario == "lost"


def test_a_bench_lab_plays_no_scenarios_and_leaves_orders_to_people(client: Client, settings: Any) -> None:
    settings.LAB_MODE = "bench"
    assert post(client, ORDERS, order_body(scenario="happy")).status_code == 422
    send_order(client)
    assert Order.objects.get().next_step_at is None


def test_cancelling_in_the_house_is_200_and_again_200_and_told_once(client: Client, platform: Receiver) -> None:
    kit_id = send_order(client)
    robot.take_step(Order.objects.get().pk)
    assert Order.objects.get().stage == "packed"
    for _ in range(2):
        assert post(client, f"{ORDERS}/{kit_id}/cancel").status_code == 200
    settle()
    assert Order.objects.get().stage == "cancelled"
    assert Order.objects.get().box.state == "withdrawn"
    assert platform.types(kit_id) == ["packed", "cancelled"]


def test_cancelling_a_kit_that_left_the_house_is_409_and_changes_nothing(client: Client, platform: Receiver) -> None:
    kit_id = send_order(client)
    for _ in range(2):
        robot.take_step(Order.objects.get().pk)
    assert post(client, f"{ORDERS}/{kit_id}/cancel").status_code == 409
    settle()
    assert Order.objects.get().stage == "sequenced"
    assert OutboxEvent.objects.filter(type="kit.cancelled").count() == 0


def test_cancelling_what_is_not_known_is_404_and_unsigned_401(client: Client) -> None:
    path = f"{ORDERS}/8f0c0000-0000-4000-8000-000000000000/cancel"
    assert post(client, path).status_code == 404
    kit_id = send_order(client)
    assert post(client, f"{ORDERS}/{kit_id}/cancel", headers={}).status_code == 401
    assert Order.objects.get().stage == "accepted"


def test_health_is_open_and_says_which_lab(client: Client) -> None:
    answer = client.get("/lab/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "lab": "sandbox", "protocol": 1})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", ORDERS, 405),
        ("put", ORDERS, 405),
        ("post", "/lab/v1/health", 405),
        ("get", "/lab/v2/orders", 404),
        ("post", f"{ORDERS}/no-uuid/cancel", 404),
        ("get", "/lab/", 404),
    ],
)
def test_every_refusal_is_json(client: Client, method: str, path: str, status: int) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail"}


def test_the_recipient_is_sealed_at_rest_and_kept_whole(client: Client) -> None:
    body = order_body(recipient={"name": "Zoë 张伟"})
    post(client, ORDERS, body)
    assert unseal(SealedRecipient.objects.get().sealed).name == "Zoë 张伟"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            stored = repr(cursor.fetchall())
            assert not any(part in stored for part in ("Zoë", *PERSONAL)), table
