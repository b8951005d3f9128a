import logging
import uuid

import pytest
from kitloop_sdk import (
    Client,
    Conflict,
    InvalidOrder,
    KeyReused,
    KitOrder,
    NoAnswer,
    NotAuthenticated,
    NotPermitted,
    UnexpectedAnswer,
)
from loopback import KEY, Answer, Loopback

SAMPLE = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
PLACED = Answer(201, {"sample_id": SAMPLE})


def test_an_order_is_the_guides_request_and_returns_the_sample_id(
    host: Loopback, client: Client, order: KitOrder
) -> None:
    host.say(PLACED)
    assert client.order_kit(order) == SAMPLE
    (asked,) = host.asked
    assert (asked.method, asked.path) == ("POST", "/api/v2/sample-kit/")
    assert asked.headers["Authorization"] == f"Api-Key {KEY}"
    assert asked.json == {
        "project_id": "06a5d04b-526a-4471-83ba-fb54e0941758",
        "recipient_address_name": "Jane Doe",
        "recipient_address_line1": "123 Main Street",
        "recipient_address_city": "San Francisco",
        "recipient_address_state_region": "CA",
        "recipient_address_postal_code": "94102",
        "recipient_address_country_code": "US",
        "recipient_email": "jane.doe@example.com",
        "recipient_phone": "+14155551234",
        "metadata": {"customer_id": "cust_12345"},
    }


def test_an_unanswered_order_is_sent_again_with_the_same_key(host: Loopback, client: Client, order: KitOrder) -> None:
    host.say(Answer(hang_up=0), Answer(503), PLACED)
    assert client.order_kit(order) == SAMPLE
    keys = [asked.headers["Idempotency-Key"] for asked in host.asked]
    assert len(keys) == 3
    assert set(keys) == {str(uuid.UUID(keys[0]))}


def test_the_callers_key_is_used_as_it_is(host: Loopback, client: Client, order: KitOrder) -> None:
    host.say(PLACED)
    client.order_kit(order, idempotency_key="order-17")
    assert host.asked[0].headers["Idempotency-Key"] == "order-17"


def test_two_orders_without_a_key_get_two_keys(host: Loopback, client: Client, order: KitOrder) -> None:
    host.say(PLACED)
    client.order_kit(order)
    client.order_kit(order)
    assert host.asked[0].headers["Idempotency-Key"] != host.asked[1].headers["Idempotency-Key"]


def test_a_refused_order_says_which_fields_and_is_sent_once(host: Loopback, client: Client, order: KitOrder) -> None:
    refusal = {"recipient_address_country_code": ['"XX" is not a valid choice.']}
    host.say(Answer(400, refusal, {"X-Request-ID": "r-1"}))
    with pytest.raises(InvalidOrder) as caught:
        client.order_kit(order)
    assert caught.value.fields == refusal
    assert (caught.value.status, caught.value.request_id) == (400, "r-1")
    assert len(host.asked) == 1
    assert "XX" not in str(caught.value)  # a value that a person typed
    assert "recipient_address_country_code" in str(caught.value)


def test_an_unknown_project_is_an_invalid_order_without_fields(host: Loopback, client: Client, order: KitOrder) -> None:
    said = "Project does not exist or you do not have privileges to access it."
    host.say(Answer(400, [said]))
    with pytest.raises(InvalidOrder, match=said) as caught:
        client.order_kit(order)
    assert caught.value.fields == {}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "No."}, NotAuthenticated),
        (403, {"detail": "No."}, NotPermitted),
        (409, {"detail": "Not now.", "code": "busy"}, Conflict),
        (422, {"detail": "Another body.", "code": "idempotency_key_reused"}, KeyReused),
    ],
)
def test_a_refusal_for_good_is_one_class_per_fact_and_not_repeated(
    host: Loopback, client: Client, order: KitOrder, status: int, body: dict[str, str], kind: type[Exception]
) -> None:
    host.say(Answer(status, body))
    with pytest.raises(kind) as caught:
        client.order_kit(order)
    assert getattr(caught.value, "code", None) == body.get("code", "")
    assert len(host.asked) == 1


def test_a_key_that_is_being_worked_on_is_asked_again_after_the_said_time(
    host: Loopback, client: Client, order: KitOrder, pauses: list[float]
) -> None:
    host.say(Answer(409, {"detail": "busy"}, {"Retry-After": "1"}), PLACED)
    assert client.order_kit(order) == SAMPLE
    assert pauses == [1.0]


def test_nobody_there_is_no_answer(order: KitOrder) -> None:
    with Client("http://127.0.0.1:9", KEY, max_retries=1) as client, pytest.raises(NoAnswer) as caught:
        client.order_kit(order)
    assert caught.value.status is None


def test_a_proxys_page_is_an_unexpected_answer(host: Loopback, client: Client, order: KitOrder) -> None:
    host.say(Answer(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}))
    with pytest.raises(UnexpectedAnswer):
        client.order_kit(order)


def test_an_answer_without_a_sample_id_is_an_unexpected_answer(host: Loopback, client: Client, order: KitOrder) -> None:
    host.say(Answer(201, {"id": SAMPLE}))
    with pytest.raises(UnexpectedAnswer, match="KeyError"):
        client.order_kit(order)


def test_neither_key_nor_person_is_in_repr_or_log(
    host: Loopback, client: Client, order: KitOrder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host.say(Answer(503), PLACED)
    client.order_kit(order)
    said = repr(client) + repr(order) + caplog.text
    for secret in (KEY, KEY.split(".")[1], "Jane", "jane.doe@example.com", "Main Street", "94102", "cust_12345"):
        assert secret not in said
    assert host.url in repr(client)
    assert "POST /api/v2/sample-kit/ answered 503" in caplog.text
