"""The switch under which programs are told to come again, and people read a page."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.base.maintenance import Maintenance, switch_off, switch_on
from program import kitloop
from pytest_django import Settings
from sending import ordered

JSON = "application/json"


UNTIL = datetime(2126, 1, 1, 17, tzinfo=UTC)


@pytest.fixture
def maintenance(settings: Settings) -> Iterator[Maintenance]:
    found = Maintenance("New <disks>", UNTIL)
    switch_on(settings.DATA, found)
    yield found
    switch_off(settings.DATA)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v2/jwt-create/"),
        ("get", "/api/v2/projects/"),
        ("delete", "/api/v2/projects-delete/"),
        ("get", "/api/v2/no-such-thing"),
        ("get", "/api/kitloop/v1/audit/"),
        ("post", "/lab/v1/events"),
        ("put", "/uploads/token"),
        ("get", "/objects/a/qc.json"),
    ],
)
def test_under_maintenance_programs_are_answered_as_recorded(
    client: Client, maintenance: Maintenance, method: str, path: str
) -> None:
    """Without a database: no fixture opens one here."""
    answer = client.generic(method.upper(), path, b"{}", JSON, headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert answer.content == (
        b'{"maintenance":true,"maintenance_eta":"2126-01-01T17:00:00","maintenance_message":"New <disks>"}'
    )
    assert answer["Content-Type"] == JSON
    assert int(answer["Retry-After"]) == pytest.approx((UNTIL - datetime.now(UTC)).total_seconds(), abs=10)
    assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    expires = datetime.strptime(answer["Expires"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(expires - datetime.now(UTC)) < timedelta(seconds=5)
    assert answer["X-Request-Id"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.usefixtures("maintenance")
@pytest.mark.parametrize("path", ["/", "/login", "/projects"])
def test_under_maintenance_people_read_a_page(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")
    page = answer.content.decode()
    assert "New &lt;disks&gt;" in page
    assert "2126-01-01 17:00 UTC" in page
    assert int(answer["Retry-After"]) > 3600


@pytest.mark.parametrize(
    ("until", "eta", "seconds"),
    [(None, None, 3600), (datetime.now(UTC) - timedelta(hours=1), ..., 3600)],
)
def test_without_an_end_in_sight_clients_come_again_in_an_hour(
    client: Client, settings: Settings, until: datetime | None, eta: Any, seconds: int
) -> None:
    switch_on(settings.DATA, Maintenance("Repairs", until))
    try:
        answer = client.get("/api/v2/projects/")
    finally:
        switch_off(settings.DATA)
    assert answer["Retry-After"] == str(seconds)
    assert list(answer.json()) == ["maintenance", "maintenance_eta", "maintenance_message"]
    assert eta is ... or answer.json()["maintenance_eta"] is eta


def test_health_tells_of_maintenance_and_all_is_well_after_it(client: Client, cast: Cast, settings: Settings) -> None:
    assert client.get("/health").content == b'{"status":"ok"}'
    for message in ("first", "second"):  # changed while on: read anew
        switch_on(settings.DATA, Maintenance(message, UNTIL))
        answer = client.get("/health")
        assert answer.status_code == 200
        assert answer.json() == {"status": "maintenance", "until": "2126-01-01T17:00:00", "message": message}
    assert ordered(client, cast, cast.analyst.key).status_code == 503
    assert switch_off(settings.DATA)
    assert not switch_off(settings.DATA)
    assert ordered(client, cast, cast.analyst.key).status_code == 201


def test_a_file_that_cant_be_read_is_maintenance_too(client: Client, settings: Settings) -> None:
    (settings.DATA / "maintenance.json").write_text("{")
    try:
        assert client.get("/health").json()["status"] == "maintenance"
    finally:
        switch_off(settings.DATA)


def test_the_command_switches_it(tmp_path: Path) -> None:
    said = kitloop(tmp_path, "maintenance", "on", "--until", "2126-01-01T18:00+01:00", "--message", "New disks")
    assert (said.returncode, said.stdout) == (0, "Maintenance is on until 2126-01-01T17:00:00 UTC: New disks\n")
    assert json.loads(kitloop(tmp_path, "maintenance", "status", "--json").stdout) == {
        "maintenance": True,
        "until": "2126-01-01T17:00:00",
        "message": "New disks",
    }
    assert kitloop(tmp_path, "maintenance", "off").stdout == "Maintenance is off.\n"
    assert json.loads(kitloop(tmp_path, "maintenance", "status", "--json").stdout) == {"maintenance": False}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "tomorrow"], "is not a time"),
        (["--until", "2020-01-01"], "past"),
        (["--message", " "], "--message"),
    ],
)
def test_the_command_refuses_what_it_cant_say(tmp_path: Path, words: list[str], said: str) -> None:
    done = kitloop(tmp_path, "maintenance", "on", *words)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert not (tmp_path / "maintenance.json").exists()
