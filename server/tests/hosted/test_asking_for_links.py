"""What an integrator gets who asks for a form's link (contract §5.2)."""

import logging
from typing import Any
from uuid import UUID

import jwt
import pytest
from cast import Cast
from django.test import Client
from django.utils.dateparse import parse_datetime
from hosted_visits import asked, kit_link
from kitloop.base.logs import WithoutTokens
from kitloop.events.models import AuditEntry, Event
from kitloop.kits.links import Link
from kitloop.kits.models import Kit, Sample


def test_a_kit_form_is_a_placeholder_sample_and_a_link_with_a_token(client: Client, cast: Cast) -> None:
    answer = asked(
        client,
        cast,
        "sample-kit-form/",
        project_id=str(cast.project.id),
        metadata={"customer_id": "c 1"},
        test_mode=True,
    )
    assert answer.status_code == 201
    assert list(answer.json()) == ["sample_id", "url", "expires_at"]
    sample = Sample.objects.get(pk=answer.json()["sample_id"])
    assert (sample.status, sample.metadata, sample.test_mode) == (
        "consumer_awaiting_kit_order", {"customer_id": "c 1"}, True,
    )  # fmt: skip
    assert sample.statuses.get().id == sample.status_id
    assert Kit.objects.count() == 0
    assert Event.objects.get(sample_id=sample.id).type == "sample.consumer_awaiting_kit_order"
    entry = AuditEntry.objects.get(action="sample-kit-form.post")
    assert entry.subjects == [sample.id]
    url, token = answer.json()["url"].split("?token=")
    assert url == "http://127.0.0.1:8000/forms/kit"
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert sorted(claims) == ["aud", "exp", "iat", "jti"]
    link = Link.objects.get(sample=sample)
    assert UUID(claims["jti"]) == link.jti
    assert claims["exp"] - claims["iat"] == 600
    assert answer.json()["expires_at"] == link.expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    expires = parse_datetime(answer.json()["expires_at"])
    assert expires is not None
    assert expires.timestamp() == claims["exp"]


def test_the_sample_is_read_and_found_as_any_other(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast, metadata={"customer_id": "cust_form"})
    shown = client.get(f"/api/v2/samples/{link['sample_id']}", headers=cast.analyst.headers).json()
    assert shown["last_status"]["status"] == "consumer_awaiting_kit_order"
    found = client.get(f"/api/v2/project-samples/{cast.project.id}?search=cust_form", headers=cast.analyst.headers)
    assert [row["id"] for row in found.json()["results"]] == [link["sample_id"]]
    stats = client.get(f"/api/v2/project-stats/{cast.project.id}", headers=cast.analyst.headers).json()
    assert stats["counts"]["kit_processing_samples"] == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("project_id", None, "This field may not be null."),
        ("project_id", "nonsense", "Must be a valid UUID."),
        ("expires_in", 59, "Ensure this value is greater than or equal to 60."),
        ("expires_in", 3601, "Ensure this value is less than or equal to 3600."),
        ("expires_in", "soon", "A valid integer is required."),
        ("test_mode", "perhaps", "Must be a valid boolean."),
        ("redirect_on_success", "javascript:alert(1)", "Enter a valid http or https URL without a user name."),
        ("redirect_on_success", "/kits", "Enter a valid http or https URL without a user name."),
        ("redirect_on_success", "//shop.example", "Enter a valid http or https URL without a user name."),
        ("redirect_on_success", "ftp://shop.example/", "Enter a valid http or https URL without a user name."),
        ("redirect_on_failure", "https://shop.example@elsewhere.example/", "Enter a valid http or https URL without a user name."),
        ("redirect_on_failure", "https:\\\\shop.example/", "Enter a valid URL."),
        ("redirect_on_failure", "https://shop.example/\r\nSet-Cookie: a=b", "Enter a valid URL."),
        ("redirect_on_failure", "https://shop.example/" + "a" * 2000, "Ensure this field has no more than 2000 characters."),
        ("metadata", {"a": "\x00"}, "Text must not contain null characters or unpaired surrogates."),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_right_is_named(client: Client, cast: Cast, field: str, value: Any, said: str) -> None:
    body = {"project_id": str(cast.project.id), field: value}
    answer = asked(client, cast, "sample-kit-form/", **body)
    assert (answer.status_code, answer.json()) == (400, {field: [said]})
    assert Sample.objects.count() == 0


@pytest.mark.parametrize(
    "url", ["http://localhost:3000/thanks", "https://shop.example/a?order=1#top", "", "HTTPS://shop.example"]
)
def test_any_address_of_the_web_may_be_where_it_ends(client: Client, cast: Cast, url: str) -> None:
    link = kit_link(client, cast, redirect_on_success=url, redirect_on_failure=url)
    kept = Link.objects.get(sample_id=link["sample_id"])
    assert (kept.redirect_on_success, kept.redirect_on_failure) == (url, url)


def test_the_same_key_again_is_the_same_link(client: Client, cast: Cast) -> None:
    key = {"Idempotency-Key": "form 1"}
    body = {"project_id": str(cast.project.id)}
    first = asked(client, cast, "sample-kit-form/", headers=key, **body)
    again = asked(client, cast, "sample-kit-form/", headers=key, **body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Sample.objects.count() == 1
    assert asked(client, cast, "sample-kit-form/", headers=key, expires_in=60, **body).status_code == 422
    assert asked(client, cast, "sample-kit/", headers=key, **cast.order()).status_code == 422


def test_without_a_project_that_may_be_ordered_for_there_is_no_form(client: Client, cast: Cast) -> None:
    refused = ["Project does not exist or you do not have privileges to access it."]
    theirs = asked(client, cast, "sample-kit-form/", project_id=str(cast.strangers_project.id))
    assert (theirs.status_code, theirs.json()) == (400, refused)
    cast.project.locked = True
    cast.project.save()
    locked = asked(client, cast, "sample-kit-form/", project_id=str(cast.project.id))
    assert (locked.status_code, locked.json()) == (400, refused)
    assert Sample.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kit_ordering_enabled": False}, "kit_ordering_off"),
        ({"organization_type": "consumer"}, "not_consumer_provider"),
        ({"organization_type": "enterprise"}, "not_consumer_provider"),
        ({"account_on_hold": True}, "account_on_hold"),
    ],
)
def test_what_the_organization_may_not_do_is_403_and_says_so(
    client: Client, cast: Cast, change: dict[str, Any], code: str
) -> None:
    for name, value in change.items():
        setattr(cast.organization, name, value)
    cast.organization.save()
    answer = asked(client, cast, "sample-kit-form/", project_id=str(cast.project.id))
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert Sample.objects.count() == 0


def test_a_links_token_stands_in_no_log() -> None:
    record = logging.LogRecord(
        "a", logging.ERROR, "", 0, "Internal Server Error: %s", ("/forms/kit?token=e30.e30.e30",), None
    )
    assert WithoutTokens().filter(record)
    assert record.getMessage() == "Internal Server Error: /forms/kit?token=…"
