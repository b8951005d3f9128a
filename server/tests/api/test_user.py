"""One's own user: profile, and the settings that a client keeps with it."""

from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.accounts.models import User
from kitloop.events.audit import AuditEntry
from kitloop.wire.times import iso
from sending import sent


def test_the_user_to_the_letter(client: Client, cast: Cast) -> None:
    user = cast.viewer.user
    answer = sent(client, cast, "GET", "user/", who="viewer")
    assert answer.content.decode() == (
        f'{{"id":"{user.id}","email":"{user.email}","name":"Viewer","uploads_enabled":false,"explorer_enabled":false,'
        f'"created":"{iso(user.created)}","is_support":false}}'
    )
    assert sent(client, cast, "GET", "user", who="owner").json()["uploads_enabled"] is True
    cast.organization.uploads_enabled = False
    cast.organization.save()
    assert sent(client, cast, "GET", "user/", who="owner").json()["uploads_enabled"] is False


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_one_changes_ones_own_name_and_nothing_else(client: Client, cast: Cast, method: str) -> None:
    body = {"name": "Ann", "email": "other@example.com", "is_active": False, "role": "owner", "id": "x"}
    answer = sent(client, cast, method, "user/", body, who="viewer")
    assert (answer.status_code, answer.json()["name"]) == (200, "Ann")
    found = User.objects.get(pk=cast.viewer.user.pk)
    assert (found.name, found.email, found.role, found.is_active) == ("Ann", cast.viewer.user.email, "viewer", True)
    assert sent(client, cast, method, "user/", {}, who="viewer").json()["name"] == "Ann"
    entry = AuditEntry.objects.filter(action=f"user.{method.lower()}").earliest("position")
    assert entry.subjects == [found.id]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 255, "Ensure this field has no more than 254 characters."),
        (None, "This field may not be null."),
        ("a\x07b", "This field must not contain control or invisible characters."),
        ([1], "Not a valid string."),
    ],
)
def test_a_name_that_can_not_be_kept_is_refused(client: Client, cast: Cast, name: Any, said: str) -> None:
    answer = sent(client, cast, "PATCH", "user/", {"name": name})
    assert (answer.status_code, answer.json()) == (400, {"name": [said]})
    assert User.objects.get(pk=cast.owner.user.pk).name == "Owner"


def test_settings_of_a_client_are_kept_key_by_key(client: Client, cast: Cast) -> None:
    assert sent(client, cast, "GET", "user-config/").content == b"{}"
    first = {"theme": "dark", "columns": ["id", "status"], "seen": {"tour": True}}
    assert sent(client, cast, "PATCH", "user-config/", first).json() == first
    answer = sent(client, cast, "PATCH", "user-config/", {"theme": "light", "columns": None})
    assert (answer.status_code, answer.json()) == (200, {"theme": "light", "seen": {"tour": True}})
    assert sent(client, cast, "GET", "user-config").json() == {"theme": "light", "seen": {"tour": True}}
    assert sent(client, cast, "GET", "user-config/", who="analyst").json() == {}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([1], {"non_field_errors": ["Send an object: one key for each setting."]}),
        ({"x": "y" * 65_536}, {"non_field_errors": ["Settings of more than 65536 bytes can't be kept."]}),
        ({"x": "\x00"}, ["Text must not contain null characters or unpaired surrogates."]),
    ],
)
def test_settings_that_can_not_be_kept_are_refused(client: Client, cast: Cast, body: Any, said: Any) -> None:
    answer = sent(client, cast, "PATCH", "user-config/", body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert User.objects.get(pk=cast.owner.user.pk).config == {}
