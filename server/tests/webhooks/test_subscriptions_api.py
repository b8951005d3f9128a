"""Subscriptions as the contract has them (§7.1), and who may do what with them."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, Person, person
from django.core import signing
from django.test import Client
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from owed import owe, subscribed
from procrastinate.contrib.django.models import ProcrastinateJob

pytestmark = pytest.mark.django_db

TARGET = "https://shop.example/kits"
WANTED = {"target": TARGET, "event_types": ["analysis_complete_v2"]}


def call(client: Client, method: str, path: str, who: Person | None, body: Any = None) -> Any:
    headers = who.headers if who else {}
    return client.generic(
        method, f"/api/v2/{path}", "" if body is None else json.dumps(body), "application/json", headers=headers
    )


def test_a_subscription_is_made_listed_read_and_deleted(client: Client, cast: Cast) -> None:
    made = call(client, "POST", f"project-subscriptions/{cast.project.id}", cast.owner, {**WANTED, "name": "Shop"})
    assert made.status_code == 201
    assert list(made.json()) == ["id", "name", "target", "event_types"]
    assert made.json() == {"id": made.json()["id"], "name": "Shop", **WANTED}

    listed = call(client, "GET", f"project-subscriptions/{cast.project.id}", cast.viewer)
    assert listed.json()["meta"] == {"count": 1, "next": None, "previous": None}
    (row,) = listed.json()["results"]
    assert list(row) == ["id", "name", "project", "target", "protocol", "event_types", "has_secret"]
    assert row["project"] == str(cast.project.id)
    assert (row["protocol"], row["has_secret"]) == ("webhook", False)
    details = f"project-subscription-details/{row['id']}"
    for path in (details, details + "/"):
        assert call(client, "GET", path, cast.viewer).json() == row

    assert Subscription.objects.get().created_by == cast.owner.user
    deleted = call(client, "DELETE", details, cast.owner, {})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert call(client, "GET", details, cast.owner).status_code == 404
    assert call(client, "DELETE", details, cast.owner).status_code == 404


def test_without_a_name_it_gets_the_contracts(client: Client, cast: Cast) -> None:
    made = call(client, "POST", f"project-subscriptions/{cast.project.id}", cast.owner, WANTED).json()
    assert re.fullmatch(r"Subscription \d{14} UTC", made["name"])


def test_a_form_is_read_like_json(client: Client, cast: Cast) -> None:
    made = client.post(
        f"/api/v2/project-subscriptions/{cast.project.id}",
        {"target": "kits@shop.example", "event_types": ["analysis_complete_v2", "samples_restored"]},
        headers=cast.owner.headers,
    )
    assert made.status_code == 201
    assert made.json()["event_types"] == ["analysis_complete_v2", "samples_restored"]
    assert Subscription.objects.get().protocol == "email"


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"event_types": ["kit_shipped"]}, {"event_types": ['"kit_shipped" is not a valid choice.']}),
        ({"event_types": []}, {"event_types": ["This selection may not be empty."]}),
        ({"event_types": "analysis_complete_v2"}, {"event_types": ['Expected a list of items but got type "str".']}),
        ({"event_types": None}, {"event_types": ["This field may not be null."]}),
        ({"target": ""}, {"target": ["This field may not be blank."]}),
        (
            {"target": "https://a.example/" + "x" * 240},
            {"target": ["Ensure this field has no more than 255 characters."]},
        ),
        ({"target": "shop"}, {"target": ["Enter a valid URL, or an email address."]}),
        ({"target": "ftp://shop.example"}, {"target": ["Only http and https URLs can be called."]}),
        ({"target": "kits@"}, {"target": ["Enter a valid email address."]}),
        (
            {"target": "https://user:pass@shop.example"},
            {"target": ["A URL with a user name or password can't be used."]},
        ),
        ({"name": "x" * 256}, {"name": ["Ensure this field has no more than 255 characters."]}),
    ],
)
def test_what_can_not_be_right_is_refused_and_leaves_nothing(
    client: Client, cast: Cast, change: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    answer = call(client, "POST", f"project-subscriptions/{cast.project.id}", cast.owner, {**WANTED, **change})
    assert (answer.status_code, answer.json()) == (400, errors)
    assert Subscription.objects.count() == 0


def test_missing_fields_are_all_named(client: Client, cast: Cast) -> None:
    answer = call(client, "POST", f"project-subscriptions/{cast.project.id}", cast.owner, {})
    assert answer.json() == {name: ["This field is required."] for name in ("target", "event_types")}


def test_a_secret_is_shown_once_and_kept_sealed(client: Client, cast: Cast) -> None:
    subscription = subscribed(cast, TARGET)
    answer = call(client, "POST", f"project-subscription-secret/{subscription.id}", cast.owner)
    assert answer.status_code == 200
    assert list(answer.json()) == ["secret"]
    secret = answer.json()["secret"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", secret)
    kept = Subscription.objects.get()
    assert kept.secret == secret
    assert secret.encode() not in bytes(kept.sealed_secret or b"")
    details = call(client, "GET", f"project-subscription-details/{subscription.id}", cast.owner)
    assert details.json()["has_secret"] is True
    assert secret not in details.content.decode()
    again = call(client, "POST", f"project-subscription-secret/{subscription.id}", cast.owner).json()["secret"]
    assert again != secret


@pytest.mark.parametrize(
    ("body", "event_type", "is_retried"),
    [
        (None, "analysis_complete_v2", False),
        ({}, "analysis_complete_v2", False),
        ({"event_type": None, "retry": True}, "analysis_complete_v2", True),
        ({"event_type": "samples_restored", "retry": False}, "samples_restored", False),
    ],
)
def test_a_test_event_is_owed_and_rung_for(
    client: Client, cast: Cast, django_capture_on_commit_callbacks: Any, body: Any, event_type: str, is_retried: bool
) -> None:
    subscription = subscribed(cast, TARGET)
    with django_capture_on_commit_callbacks(execute=True):
        answer = call(client, "POST", f"project-subscription-test/{subscription.id}", cast.owner, body)
    assert (answer.status_code, answer.content) == (202, b"")
    delivery = Delivery.objects.get()
    assert (delivery.event_type, delivery.is_retried, delivery.is_test) == (event_type, is_retried, True)
    assert ProcrastinateJob.objects.filter(task_name="webhooks.drain").count() == 1


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"event_type": "kit_shipped"}, {"event_type": ['"kit_shipped" is not a valid choice.']}),
        ({"retry": "perhaps"}, {"retry": ["Must be a valid boolean."]}),
    ],
)
def test_a_wrong_test_is_refused(client: Client, cast: Cast, body: Any, errors: Any) -> None:
    subscription = subscribed(cast, TARGET)
    answer = call(client, "POST", f"project-subscription-test/{subscription.id}", cast.owner, body)
    assert (answer.status_code, answer.json()) == (400, errors)
    assert Delivery.objects.count() == 0


def test_the_event_types_are_listed_and_paged(client: Client, cast: Cast) -> None:
    answer = call(client, "GET", "project-subscription-event-types/", cast.viewer).json()
    assert answer["meta"] == {"count": 7, "next": None, "previous": None}
    assert answer["results"][0]["key"] == "analysis_complete_v2"
    assert all(list(row) == ["key", "description"] for row in answer["results"])
    second = call(client, "GET", "project-subscription-event-types/?limit=3&offset=3", cast.viewer).json()
    assert second["results"] == answer["results"][3:6]
    assert second["meta"]["next"].endswith("?limit=3&offset=6")


def test_notifications_say_what_was_sent_and_answered(client: Client, cast: Cast) -> None:
    subscription = subscribed(cast, TARGET)
    owe(cast.project, 2)
    newest, oldest = Delivery.objects.order_by("-created")
    Delivery.objects.filter(pk=oldest.pk).update(response_status=500, attempts=2)
    for number, answer in ((1, "first"), (2, "second")):
        Attempt.objects.create(
            delivery=oldest, number=number, started=oldest.created, duration_ms=3, response_status=500, answer=answer
        )
    listed = call(client, "GET", f"project-subscription-notifications/{subscription.id}", cast.viewer).json()
    assert listed["meta"]["count"] == 2
    assert [row["id"] for row in listed["results"]] == [str(newest.id), str(oldest.id)]
    row = listed["results"][1]
    assert list(row) == ["id", "created", "response_status", "notification_event_type"]
    assert (row["response_status"], row["notification_event_type"]) == (500, "analysis_complete_v2")
    assert listed["results"][0]["response_status"] is None

    detail = call(client, "GET", f"notifications/{oldest.id}", cast.viewer).json()
    assert list(detail) == [*row, "response_message", "payload_url"]
    assert detail["response_message"] == "second"
    assert call(client, "GET", f"notifications/{newest.id}", cast.viewer).json()["response_message"] is None

    payload = client.get(detail["payload_url"].removeprefix("http://127.0.0.1:8000"))
    assert (payload.status_code, payload.headers["Content-Type"]) == (200, "application/json")
    assert payload.content == oldest.body.encode()


def test_a_payload_link_expires_and_opens_only_its_own(client: Client, cast: Cast, settings: Any) -> None:
    subscribed(cast, TARGET)
    owe(cast.project, 2)
    first, second = Delivery.objects.all()
    url = call(client, "GET", f"notifications/{first.id}", cast.viewer).json()["payload_url"]
    path = url.removeprefix("http://127.0.0.1:8000")
    assert client.get(path).status_code == 200
    assert client.get(path.replace(str(first.id), str(second.id))).status_code == 403
    assert client.get(path.partition("?")[0]).status_code == 403
    foreign = signing.TimestampSigner(salt="kitloop.objects").sign(str(first.id)).partition(":")[2]
    assert client.get(f"/payloads/{first.id}?signature={foreign}").status_code == 403
    Delivery.objects.filter(pk=first.pk).delete()
    assert client.get(path).status_code == 404
    settings.KITLOOP_URL_SECONDS = -1
    assert client.get(path).status_code == 403


VIEW, EDIT = {"owner", "manager", "analyst", "viewer"}, {"owner", "manager"}
ENDPOINTS = [
    ("GET", "project-subscriptions/{project}", None, VIEW, 200),
    ("POST", "project-subscriptions/{project}", WANTED, EDIT, 201),
    ("GET", "project-subscription-details/{subscription}", None, VIEW, 200),
    ("POST", "project-subscription-secret/{subscription}", None, EDIT, 200),
    ("POST", "project-subscription-test/{subscription}", {}, EDIT, 202),
    ("GET", "project-subscription-notifications/{subscription}", None, VIEW, 200),
    ("GET", "notifications/{delivery}", None, VIEW, 200),
    ("POST", "../kitloop/v1/subscriptions/{subscription}/enable", None, EDIT, 204),
    ("DELETE", "project-subscription-details/{subscription}", None, EDIT, 204),
]


def everything() -> list[Any]:
    return [list(rows.objects.order_by("pk").values()) for rows in (Subscription, Delivery, Attempt)]


@pytest.mark.parametrize(
    ("method", "path", "body", "may", "success"), ENDPOINTS, ids=[f"{e[0]} {e[1].split('/')[0]}" for e in ENDPOINTS]
)
def test_each_may_do_what_its_role_may_and_a_refusal_changes_nothing(
    client: Client, cast: Cast, method: str, path: str, body: Any, may: set[str], success: int
) -> None:
    subscription = subscribed(cast, TARGET)
    owe(cast.project)
    delivery = Delivery.objects.get()
    path = path.format(project=cast.project.id, subscription=subscription.id, delivery=delivery.id)
    if path.startswith("../"):
        path = f"/api/{path.removeprefix('../')}"
    before, jobs = everything(), ProcrastinateJob.objects.count()

    def ask(who: Person | None) -> Any:
        url = path if path.startswith("/") else f"/api/v2/{path}"
        said = "" if body is None else json.dumps(body)
        return client.generic(method, url, said, "application/json", headers=who.headers if who else {})

    roles = {
        "analyst": cast.analyst,
        "viewer": cast.viewer,
        "member": cast.member,
        **{role: person(cast.organization, role) for role in ("uploader", "explorer")},
    }
    may_too = may | ({"explorer"} if "viewer" in may else set())
    for role, who in roles.items():
        answer = ask(who)
        if role in may_too:
            assert answer.status_code == success, role
        else:
            assert (answer.status_code, answer.json()) == (
                403,
                {"detail": "You do not have permission to perform this action."},
            ), role
    answer = ask(cast.stranger)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert ask(None).status_code == 401
    assert (everything(), ProcrastinateJob.objects.count()) == (before, jobs)

    manager = person(cast.organization, "manager")
    if method == "DELETE":
        assert ask(manager).status_code == success
        assert ask(cast.owner).status_code == 404
    else:
        assert [ask(manager).status_code, ask(cast.owner).status_code] == [success, success]


def test_everybody_signed_in_sees_the_event_types(client: Client, cast: Cast) -> None:
    path = "project-subscription-event-types/"
    statuses = {
        name: call(client, "GET", path, who).status_code
        for name, who in (
            ("viewer", cast.viewer),
            ("member", cast.member),
            ("stranger", cast.stranger),
            ("no one", None),
        )
    }
    assert statuses == {"viewer": 200, "member": 200, "stranger": 200, "no one": 401}


@pytest.mark.parametrize("unknown", [str(uuid4()), "nonsense", "0"])
def test_what_is_not_there_is_a_json_404(client: Client, cast: Cast, unknown: str) -> None:
    for method, path, body, _, _ in ENDPOINTS:
        if path.startswith("../"):
            continue
        answer = call(client, method, re.sub(r"\{\w+\}", unknown, path), cast.owner, body)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
