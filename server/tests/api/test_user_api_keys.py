"""One's own API keys over the API: made, shown once, limited, changed, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.accounts.keys import create_api_key
from kitloop.accounts.models import APIKey
from kitloop.events.audit import AuditEntry
from sending import sent

TODAY = datetime.now(UTC).date()


def works(key: str, **more: Any) -> bool:
    return Client(**more).get("/api/v2/user/", headers={"Authorization": f"Api-Key {key}"}).status_code == 200


def test_a_new_key_is_shown_whole_once_and_works(client: Client, cast: Cast) -> None:
    answer = sent(client, cast, "POST", "user-api-keys/", {"name": "prod", "expiry_date": None, "ip_range": None})
    key = APIKey.objects.get(name="prod")
    text = answer.json()["key"]
    assert answer.status_code == 201
    assert answer.content.decode() == (
        f'{{"expiry_date":null,"id":"{key.id}","key":"{text}","name":"prod","prefix":"{key.prefix}","ip_range":null}}'
    )
    assert (len(text), text[:9]) == (41, f"{key.prefix}.")
    assert works(text)
    assert text[9:] not in str(APIKey.objects.filter(pk=key.pk).values().get())
    assert text[9:] not in sent(client, cast, "GET", "user-api-keys/").content.decode()
    assert AuditEntry.objects.get(action="user-api-keys.post").subjects == [key.id]


def test_keys_are_listed_newest_first_in_the_contracts_order(client: Client, cast: Cast) -> None:
    first = APIKey.objects.get(user=cast.owner.user)
    sent(client, cast, "POST", "user-api-keys/", {
        "name": "b", "expiry_date": TODAY.isoformat(), "ip_range": ["127.0.0.0/8"]
    })  # fmt: skip
    second = APIKey.objects.get(name="b")
    assert sent(client, cast, "GET", "user-api-keys/").content.decode() == (
        '{"meta":{"count":2,"next":null,"previous":null},"results":['
        f'{{"revoked":false,"id":"{second.id}","name":"b","prefix":"{second.prefix}","expiry_date":"{TODAY}",'
        '"has_expired":false,"ip_range":["127.0.0.0/8"]},'
        f'{{"revoked":false,"id":"{first.id}","name":"tests","prefix":"{first.prefix}","expiry_date":null,'
        '"has_expired":false,"ip_range":null}]}'
    )
    APIKey.objects.filter(pk=second.pk).update(expiry_date=TODAY - timedelta(days=1))
    (row, _) = sent(client, cast, "GET", "user-api-keys/").json()["results"]
    assert row["has_expired"] is True
    page = sent(client, cast, "GET", "user-api-keys/?limit=1").json()
    assert page["meta"]["next"] == "http://testserver/api/v2/user-api-keys/?limit=1&offset=1"


def test_a_key_works_through_its_last_day_and_from_its_networks(client: Client, cast: Cast) -> None:
    body = {"name": "x", "expiry_date": TODAY.isoformat(), "ip_range": ["192.0.2.0/24", "2001:db8::/32"]}
    key = sent(client, cast, "POST", "user-api-keys/", body).json()["key"]
    assert works(key, REMOTE_ADDR="192.0.2.7")
    assert works(key, REMOTE_ADDR="2001:db8::7")
    assert not works(key, REMOTE_ADDR="198.51.100.7")
    APIKey.objects.filter(name="x").update(expiry_date=TODAY - timedelta(days=1))
    assert not works(key, REMOTE_ADDR="192.0.2.7")


def test_revoking_is_for_good(client: Client, cast: Cast) -> None:
    key, text = create_api_key(cast.owner.user, name="old")
    answer = sent(client, cast, "PATCH", f"user-api-keys/{key.id}", {"revoked": True})
    assert answer.status_code == 200
    assert answer.content.decode() == (
        f'{{"revoked":true,"id":"{key.id}","name":"old","prefix":"{key.prefix}","expiry_date":null,"has_expired":false,'
        '"ip_range":null}'
    )
    assert not works(text)
    assert [row["name"] for row in sent(client, cast, "GET", "user-api-keys/").json()["results"]] == ["tests"]
    assert sent(client, cast, "PATCH", f"user-api-keys/{key.id}", {"revoked": False}).status_code == 404
    assert APIKey.objects.get(pk=key.pk).revoked


def test_name_and_networks_can_be_changed_and_the_last_day_can_not(client: Client, cast: Cast) -> None:
    key, text = create_api_key(cast.owner.user, name="old")
    body = {"name": "new", "ip_range": ["192.0.2.1"], "revoked": False, "expiry_date": "2020-01-01", "id": "x"}
    row = sent(client, cast, "PATCH", f"user-api-keys/{key.id}", body).json()
    assert (row["name"], row["ip_range"], row["expiry_date"], row["id"]) == ("new", ["192.0.2.1"], None, str(key.id))
    assert not works(text)
    assert works(text, REMOTE_ADDR="192.0.2.1")
    assert sent(client, cast, "PATCH", f"user-api-keys/{key.id}", {"ip_range": []}).json()["ip_range"] is None
    assert works(text)
    assert sent(client, cast, "PATCH", f"user-api-keys/{key.id}", {}).json()["name"] == "new"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": ""}, {"name": ["This field may not be blank."]}),
        ({"name": "x" * 51}, {"name": ["Ensure this field has no more than 50 characters."]}),
        ({"name": "x", "expiry_date": "2020-01-01"}, {"expiry_date": ["This day is over. Choose today or a later day."]}),
        ({"name": "x", "expiry_date": "soon"},
         {"expiry_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}),
        ({"name": "x", "ip_range": "10.0.0.0/8"}, {"ip_range": ['Expected a list of items but got type "str".']}),
        ({"name": "x", "ip_range": ["10.1.2.3/8"]},
         {"ip_range": {"0": ["10.1.2.3/8 has more digits than /8 keeps. Did you mean 10.0.0.0/8?"]}}),
        ({"name": "x", "ip_range": ["10.0.0.0/8"] * 51},
         {"ip_range": ["Ensure this field has no more than 50 elements."]}),
    ],
)  # fmt: skip
def test_what_can_not_be_a_key_is_refused_and_makes_none(client: Client, cast: Cast, body: Any, said: Any) -> None:
    before = APIKey.objects.count()
    answer = sent(client, cast, "POST", "user-api-keys/", body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert APIKey.objects.count() == before


def test_nobody_sees_or_changes_another_persons_key(client: Client, cast: Cast) -> None:
    key = APIKey.objects.get(user=cast.analyst.user)
    for who in ("owner", "viewer", "stranger"):
        assert key.prefix not in sent(client, cast, "GET", "user-api-keys/", who=who).content.decode()
        assert sent(client, cast, "PATCH", f"user-api-keys/{key.id}", {"revoked": True}, who=who).status_code == 404
    key.refresh_from_db()
    assert not key.revoked
