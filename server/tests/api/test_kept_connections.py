"""A request meets a connection that lives, and an order asks the database twice."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from cast import Cast
from django.db import connection
from django.test import Client
from kitloop.base.database import base
from kitloop.base.database.base import DatabaseWrapper
from kitloop.kits.models import Sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the database from here on, by Django's cursor or beside it."""
    found: list[str] = []
    execute = psycopg.Cursor.execute

    def remembered(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        found.append(str(query).split()[0])
        return execute(self, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", remembered)
    return found


@pytest.fixture
def kept() -> Iterator[DatabaseWrapper]:
    """A connection of its own, as a thread of the web server keeps one."""
    made = connection.copy()
    assert isinstance(made, DatabaseWrapper)
    made.connect()
    yield made
    made.close()


def test_a_connection_that_answered_within_a_second_is_not_asked_again(
    kept: DatabaseWrapper, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [kept.is_usable() for _ in range(3)] == [True] * 3
    assert asked == []
    monkeypatch.setattr(base, "ASK_EVERY_SECONDS", 0.0)
    assert kept.is_usable()
    assert asked == ["SELECT"]
    monkeypatch.setattr(base, "ASK_EVERY_SECONDS", 3600.0)
    assert kept.is_usable()
    assert asked == ["SELECT"]


def test_a_connection_whose_server_ended_is_known_without_asking(
    kept: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "ASK_EVERY_SECONDS", 3600.0)
    assert kept.connection is not None
    assert kept.is_usable()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [kept.connection.info.backend_pid])
    deadline = time.monotonic() + 5
    while kept.is_usable() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not kept.is_usable()
    kept.close()
    assert not kept.is_usable()
    kept.connect()
    assert kept.is_usable()


def test_an_order_is_two_statements_one_for_the_key_and_one_for_all_rows(
    client: Client, cast: Cast, asked: list[str]
) -> None:
    def order(**headers: str) -> int:
        headers = {**cast.analyst.headers, **headers}
        return client.post("/api/v2/sample-kit/", cast.order(), "application/json", headers=headers).status_code

    assert order() == 201  # takes this minute's lease, and writes when the key was last used
    asked.clear()
    assert order() == 201
    assert asked == ["SELECT", "WITH"]
    assert Sample.objects.count() == 2
    asked.clear()
    assert order(**{"Idempotency-Key": "once"}) == 201
    assert asked == [
        "SELECT",
        "SAVEPOINT",
        "SELECT",
        "WITH",
        "INSERT",
        "RELEASE",
    ]  # in a test's transaction, a savepoint
    asked.clear()
    assert order(**{"Idempotency-Key": "once"}) == 201
    assert asked == ["SELECT", "SAVEPOINT", "SELECT", "RELEASE"]
    assert Sample.objects.count() == 3


def test_a_town_is_looked_up_once_and_judged_as_ever(client: Client, cast: Cast) -> None:
    """The rules of a town are kept; which ZIP code fits it is asked of each order anew."""
    fits, misfits = cast.order(), {**cast.order(), "recipient_address_postal_code": "10001"}
    answers = [
        client.post("/api/v2/sample-kit/", body, "application/json", headers=cast.analyst.headers).status_code
        for body in (fits, misfits, fits)
    ]
    assert answers == [201, 400, 201]
