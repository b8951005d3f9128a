"""How many requests a minute has, for a key and for whoever is unknown."""

from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.accounts.keys import create_api_key
from kitloop.base import limits
from kitloop.base.models import RequestWindow
from kitloop.kits.models import Sample
from pytest_django import Settings
from sending import ordered

JSON = "application/json"


NOON = 1_800_000_000.0  # a full minute


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_held", limits._Held())
    monkeypatch.setattr("kitloop.base.limits.time.time", lambda: NOON + 23)


@pytest.mark.usefixtures("noon", "db")
@pytest.mark.parametrize("limit", [1, 3, 49, 50, 51, 120, 199])
def test_a_minute_gives_out_its_limit_and_no_more(limit: int) -> None:
    given = [limits.take("somebody", limit=limit, now=NOON + 23) for _ in range(limit + 5)]
    assert given == [None] * limit + [37.0] * 5
    assert limits.take("another", limit=limit, now=NOON + 23) is None
    assert limits.take("somebody", limit=limit, now=NOON + 60) is None


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("limit", "processes"), [(120, 3), (7, 4), (3000, 2)])
def test_several_processes_together_give_out_the_limit(
    monkeypatch: pytest.MonkeyPatch, limit: int, processes: int
) -> None:
    memories = [limits._Held() for _ in range(processes)]
    given = 0
    for round in range(limit + 1):
        monkeypatch.setattr(limits, "_held", memories[round % processes])
        given += limits.take("somebody", limit=limit, now=NOON) is None
    for memory in memories:  # what each of them still held
        monkeypatch.setattr(limits, "_held", memory)
        while limits.take("somebody", limit=limit, now=NOON) is None:
            given += 1
    assert given == limit


@pytest.mark.usefixtures("noon", "db")
def test_forty_nine_requests_in_fifty_ask_nobody(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert [limits.take("somebody", limit=3000, now=NOON) for _ in range(120)] == [None] * 120


@pytest.mark.usefixtures("noon", "db")
def test_a_clock_that_is_behind_draws_on_the_same_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [limits.take("somebody", limit=2, now=NOON) for _ in range(2)] == [None, None]
    monkeypatch.setattr(limits, "_held", limits._Held())
    assert limits.take("somebody", limit=2, now=NOON - 5) == 5.0
    assert RequestWindow.objects.get(who="somebody").minute == NOON // 60


@pytest.mark.usefixtures("noon")
def test_too_many_requests_of_a_key_are_429_and_change_nothing(client: Client, cast: Cast, settings: Settings) -> None:
    settings.KITLOOP_REQUESTS_PER_MINUTE = 3
    assert ordered(client, cast, cast.analyst.key).status_code == 201
    # What is refused for another reason counts, and its own rollback does not give it back.
    assert ordered(client, cast, cast.analyst.key, recipient_email="nonsense").status_code == 400
    refused = client.patch(
        f"/api/v2/projects/{cast.project.id}", {"name": "x"}, content_type=JSON, headers=cast.analyst.headers
    )
    assert refused.status_code == 403
    answer = ordered(client, cast, cast.analyst.key)
    assert (answer.status_code, answer["Retry-After"]) == (429, "37")
    assert answer.content == b'{"detail":"Request was throttled. Expected available in 37 seconds."}'
    assert Sample.objects.count() == 1
    _, other = create_api_key(cast.analyst.user, name="other")
    assert ordered(client, cast, other).status_code == 201


@pytest.mark.usefixtures("noon")
def test_whoever_is_unknown_is_counted_by_address(client: Client, cast: Cast, settings: Settings) -> None:
    settings.KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE = 2
    bad = {"Authorization": "Api-Key abcdefgh." + "x" * 32}
    assert client.get("/api/v2/projects/").status_code == 401
    assert client.get("/api/v2/projects/", headers=bad).status_code == 401
    for headers in ({}, bad):
        answer = client.get("/api/v2/projects/", headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (429, "37")
    assert client.get("/api/v2/projects/", REMOTE_ADDR="192.0.2.7").status_code == 401
    assert client.get("/api/v2/projects/", headers=cast.viewer.headers).status_code == 200
    assert client.get("/api/v2/nothing/").status_code == 404
    assert not [who for who in RequestWindow.objects.values_list("who", flat=True) if "127.0.0.1" in who]


@pytest.mark.usefixtures("noon")
def test_no_limit_is_no_limit(client: Client, cast: Cast, settings: Settings) -> None:
    settings.KITLOOP_REQUESTS_PER_MINUTE = 0
    assert {client.get("/api/v2/projects/", headers=cast.viewer.headers).status_code for _ in range(5)} == {200}
    assert not RequestWindow.objects.exists()


@pytest.mark.usefixtures("noon", "db")
def test_windows_that_are_over_are_forgotten() -> None:
    for age in (0, 4, 6, 600):
        RequestWindow.objects.create(who=str(age), minute=NOON // 60 - age, leases=1)
    limits.forget_windows(older_than_minutes=5)
    assert set(RequestWindow.objects.values_list("who", flat=True)) == {"0", "4"}
