import json

import pytest
from kitloop_sdk import WebhookVerificationError, verify_webhook
from kitloop_sdk.webhooks import signature

SECRET = "a-secret-of-thirty-two-characters"
NOW = 1_760_000_000
EVENT = {
    "event_id": "0b2d5f6e-0000-4000-8000-000000000001",
    "event_type": "analysis_complete_v2",
    "timestamp": "2026-04-09T12:01:26.346341Z",
    "payload": {
        "project": {"id": "p"},
        "samples": [{"id": "s", "client_id": "", "last_status": {"status": "succeeded"}}],
    },
}
BODY = json.dumps([EVENT]).encode()


def test_a_right_signature_gives_the_events() -> None:
    (event,) = verify_webhook(BODY, signature(SECRET, BODY, timestamp=NOW), SECRET, now=NOW + 10)
    assert (event.event_id, event.event_type) == (EVENT["event_id"], "analysis_complete_v2")
    assert event.payload["samples"][0]["id"] == "s"


def test_other_schemes_beside_v1_are_ignored() -> None:
    header = signature(SECRET, BODY, timestamp=NOW) + ",v2=feed"
    assert len(verify_webhook(BODY, header, SECRET, now=NOW)) == 1


@pytest.mark.parametrize(
    ("body", "secret", "now"),
    [
        (BODY, "another-secret", NOW),
        (BODY + b" ", SECRET, NOW),
        (BODY, SECRET, NOW + 301),
        (BODY, SECRET, NOW - 301),
    ],
    ids=["wrong secret", "changed body", "old", "from the future"],
)
def test_a_wrong_request_is_refused(body: bytes, secret: str, now: int) -> None:
    with pytest.raises(WebhookVerificationError):
        verify_webhook(body, signature(SECRET, BODY, timestamp=NOW), secret, now=now)


def test_any_age_is_taken_when_asked_for() -> None:
    header = signature(SECRET, BODY, timestamp=1)
    assert len(verify_webhook(BODY, header, SECRET, tolerance_seconds=None)) == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1760000000",
        "v1=00",
        "t=,v1=00",
        "t=x,v1=00",
        "t=-1,v1=00",
        "t=1760000000,v1=",
        "t=1760000000,v1=é",
        "t=99999999999999999999,v1=00",
        "t=١,v1=00",
        ",,,",
        "=,=",
    ],
)
def test_a_malformed_header_is_refused(header: str | None) -> None:
    with pytest.raises(WebhookVerificationError):
        verify_webhook(BODY, header, SECRET, now=NOW)


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"{}x", b'"text"', b"1", b"null", b"[1]", b"[{}]", b"\xff\xfe", b'{"a":1}']
)
def test_a_signed_body_that_is_no_list_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookVerificationError, match="not a list of events"):
        verify_webhook(body, signature(SECRET, body, timestamp=NOW), SECRET, now=NOW)


def test_an_empty_secret_lets_nobody_in() -> None:
    with pytest.raises(WebhookVerificationError, match="no secret"):
        verify_webhook(BODY, signature("", BODY, timestamp=NOW), "", now=NOW)
