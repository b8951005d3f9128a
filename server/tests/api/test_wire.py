"""The wire to the letter: envelope, times, headers, filters, keys."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from cast import Cast, make_lab
from django.db import connection, transaction
from django.test import Client
from kitloop.accounts.keys import create_api_key, revoke_api_key
from kitloop.kits.models import Sample
from kitloop.kits.orders import place_order
from kitloop.wire.times import iso, pythonic

from lab import RECIPIENT, ordered_kit


def samples(cast: Cast, count: int) -> list[str]:
    return [
        str(
            place_order(
                cast.analyst.user.caller(),
                project_id=cast.project.id,
                recipient=RECIPIENT,
                metadata={"order_number": f"ORD-2025-{number:03}", "customer_id": f"cust_{number}"},
            )
        )
        for number in range(count)
    ]


def listing(client: Client, cast: Cast, query: str = "") -> Any:
    answer = client.get(f"/api/v2/project-samples/{cast.project.id}{query}", headers=cast.analyst.headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_empty_list_is_61_bytes(client: Client, cast: Cast) -> None:
    answer = client.get(f"/api/v2/project-samples/{cast.project.id}", headers=cast.analyst.headers)
    assert answer.content == b'{"meta":{"count":0,"next":null,"previous":null},"results":[]}'
    assert answer["Content-Length"] == "61"
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Request-Id"]


def test_pages_follow_each_other_by_sorted_absolute_urls(client: Client, cast: Cast) -> None:
    made = samples(cast, 5)
    first = listing(client, cast, "?sort_order=asc&sort_by=created&limit=2")
    assert first["meta"]["count"] == 5
    assert first["meta"]["previous"] is None
    base = f"http://testserver/api/v2/project-samples/{cast.project.id}"
    assert first["meta"]["next"] == f"{base}?limit=2&offset=2&sort_by=created&sort_order=asc"
    second = client.get(first["meta"]["next"], headers=cast.analyst.headers).json()
    assert second["meta"]["previous"] == f"{base}?limit=2&sort_by=created&sort_order=asc"
    third = client.get(second["meta"]["next"], headers=cast.analyst.headers).json()
    assert third["meta"]["next"] is None
    found = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert found == made


@pytest.mark.parametrize(
    ("query", "rows"),
    [("", 20), ("?limit=7", 7), ("?limit=1000", 23), ("?limit=x&offset=y", 20), ("?offset=22", 1), ("?offset=99", 0)],
)
def test_limits_are_20_by_default_and_clamped(client: Client, cast: Cast, query: str, rows: int) -> None:
    samples(cast, 23)
    assert len(listing(client, cast, query)["results"]) == rows


def test_an_item_has_the_contracts_keys_in_their_order(client: Client, cast: Cast) -> None:
    samples(cast, 1)
    row = listing(client, cast)["results"][0]
    assert list(row) == [
        "id", "run", "created", "hidden", "modified", "client_id", "physical_id", "legacy_id", "last_status",
        "archive_last_status", "failed_qc",
    ]  # fmt: skip
    assert row["created"].endswith("Z")
    assert row["archive_last_status"]["created"].endswith("+00:00")
    assert row["archive_last_status"]["status"] == "available"
    assert row["failed_qc"] is None


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ORD-2025-003", [3]),
        ("ord-2025-00", [0, 1, 2, 3, 4]),
        ("cust_4", [4]),
        ("customer_id cust_2", [2]),
        ("nobody", []),
        ("  ", [0, 1, 2, 3, 4]),
        ("'; DROP TABLE kits_sample; --", []),
        ("a & b | !c:*", []),
        ("\\", []),
    ],
)
def test_search_finds_metadata_by_word_and_prefix(client: Client, cast: Cast, search: str, found: list[int]) -> None:
    made = samples(cast, 5)
    answer = client.get(
        f"/api/v2/project-samples/{cast.project.id}", {"search": search}, headers=cast.analyst.headers
    ).json()
    assert sorted(row["id"] for row in answer["results"]) == sorted(made[number] for number in found)


def test_search_finds_a_sample_by_its_id(client: Client, cast: Cast) -> None:
    made = samples(cast, 3)
    assert [row["id"] for row in listing(client, cast, f"?search={made[1]}")["results"]] == [made[1]]


def test_filters_choose_by_status_time_and_visibility(client: Client, cast: Cast) -> None:
    made = samples(cast, 4)
    Sample.objects.filter(pk=made[0]).update(status="succeeded")
    Sample.objects.filter(pk=made[1]).update(status="failed_qc")
    Sample.objects.filter(pk=made[2]).update(hidden=True)
    for query, chosen in (
        ("?status=all", [0, 1, 3]), ("?status=succeeded", [0]), ("?status=failed", [1]), ("?status=completed", [0, 1]),
        ("?status=running", [3]), ("?hidden_status=hidden", [2]), ("?hidden_status=all", [0, 1, 2, 3]),
        ("?archive_status=archived", []), ("?archive_status=available", [0, 1, 3]),
        ("?created_after=2999-01-01T00:00:00Z", []), ("?created_before=2999-01-01", [0, 1, 3]),
    ):  # fmt: skip
        assert {row["id"] for row in listing(client, cast, query)["results"]} == {made[n] for n in chosen}, query
    for query in ("?status=eaten", "?sort_by=name", "?sort_order=up", "?created_after=soon"):
        answer = client.get(f"/api/v2/project-samples/{cast.project.id}{query}", headers=cast.analyst.headers)
        assert answer.status_code == 400, query


def test_times_have_microseconds_only_where_there_are_any() -> None:
    assert iso(datetime(2024, 7, 25, 15, 5, 20, tzinfo=UTC)) == "2024-07-25T15:05:20Z"
    assert iso(datetime(2021, 10, 12, 19, 47, 15, 332776, tzinfo=UTC)) == "2021-10-12T19:47:15.332776Z"
    assert pythonic(datetime(2021, 10, 12, 19, 47, 15, 394485, tzinfo=UTC)) == "2021-10-12 19:47:15.394485+00:00"


def test_the_history_is_told_newest_first(client: Client, cast: Cast) -> None:
    kit = ordered_kit(cast, make_lab())
    lines = client.get(f"/api/v2/sample-statuses/{kit.sample_id}", headers=cast.viewer.headers).json()["results"]
    assert [line["status"] for line in lines] == ["kit_ordered", "kit_requested"]
    assert list(lines[0]) == ["status", "note", "created"]


def test_a_key_opens_until_its_last_day_from_its_networks_and_until_it_is_revoked(client: Client, cast: Cast) -> None:
    today = date.fromisoformat(datetime.now(UTC).date().isoformat())
    path = f"/api/v2/project-samples/{cast.project.id}"
    for changes, status in (
        ({}, 200),
        ({"expiry_date": today}, 200),
        ({"expiry_date": today - timedelta(days=1)}, 401),
        ({"ip_range": ["127.0.0.0/8"]}, 200),
        ({"ip_range": ["10.0.0.0/8", "::1/128"]}, 401),
    ):
        key, text = create_api_key(cast.analyst.user, name="k", **changes)
        assert client.get(path, headers={"Authorization": f"Api-Key {text}"}).status_code == status, changes
        revoke_api_key(key)
        assert client.get(path, headers={"Authorization": f"Api-Key {text}"}).status_code == 401
    for bad in (
        "Api-Key",
        "Api-Key x",
        "Api-Key x.y",
        f"Bearer {cast.analyst.key}",
        "Basic eDp5",
        f"Api-Key {cast.analyst.key}x",
    ):
        answer = client.get(path, headers={"Authorization": bad})
        assert answer.status_code == 401, bad
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    cast.analyst.user.is_active = False
    cast.analyst.user.save()
    assert client.get(path, headers=cast.analyst.headers).status_code == 401


def test_a_secret_is_nowhere_in_the_database(client: Client, cast: Cast) -> None:
    secret = cast.analyst.key.partition(".")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_apikey WHERE hashed_secret LIKE %s", [f"%{secret}%"])
        assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"null", b"1", b'{"metadata": NaN}', b"[" * 5000, b"\xff\xfe", b'{"a":"\\ud800"}']
)
def test_a_body_that_cannot_be_an_order_is_a_400_with_json(client: Client, cast: Cast, body: bytes) -> None:
    answer = client.post("/api/v2/sample-kit/", body, content_type="application/json", headers=cast.analyst.headers)
    assert answer.status_code == 400, answer.content
    assert answer.json()


def test_an_order_may_be_a_form_too(client: Client, cast: Cast) -> None:
    form = {key: value for key, value in cast.order().items() if key != "metadata"}
    assert client.post("/api/v2/sample-kit/", form, headers=cast.analyst.headers).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_same_key_while_the_first_request_is_in_flight_is_409(client: Client) -> None:
    from cast import make_cast

    cast = make_cast()
    held, done = threading.Event(), threading.Event()

    def hold_the_key() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            name = f"{cast.organization.id}:order-1"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            held.set()
            done.wait(10)
        connection.close()

    other = threading.Thread(target=hold_the_key)
    other.start()
    held.wait(10)
    headers = {**cast.analyst.headers, "Idempotency-Key": "order-1"}
    try:
        answer = client.post("/api/v2/sample-kit/", cast.order(), content_type="application/json", headers=headers)
        assert answer.status_code == 409
        assert int(answer["Retry-After"]) >= 1
        assert Sample.objects.count() == 0
    finally:
        done.set()
        other.join()
    again = client.post("/api/v2/sample-kit/", cast.order(), content_type="application/json", headers=headers)
    assert again.status_code == 201
