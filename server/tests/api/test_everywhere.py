"""What holds for every operation: headers, JSON whatever is asked, limits, proxies, and the maintenance switch."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cast import Cast
from django.http import HttpRequest
from django.test import Client, RequestFactory
from kitloop.accounts.keys import create_api_key
from kitloop.api.urls import kitloop_v1, v2
from kitloop.base import limits
from kitloop.base.maintenance import Maintenance, switch_off, switch_on
from kitloop.base.models import RequestWindow
from kitloop.base.requests import client_address
from kitloop.config.settings import _networks
from kitloop.kits.models import Sample
from pytest_django import Settings

KITLOOP = str(Path(sys.executable).with_name("kitloop"))
JSON = "application/json"


def order(client: Client, cast: Cast, key: str, **changes: Any) -> Any:
    return client.post(
        "/api/v2/sample-kit/", cast.order(**changes), content_type=JSON, headers={"Authorization": f"Api-Key {key}"}
    )


# Headers and forms ---------------------------------------------------------------------------------------------------


def test_answers_carry_the_recorded_headers(client: Client, cast: Cast) -> None:
    answer = client.get("/api/v2/projects/", headers=cast.viewer.headers)
    assert answer.status_code == 200
    said = {
        name: answer[name] for name in ("Content-Type", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")
    }
    assert said == {
        "Content-Type": JSON,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Permissions-Policy"].startswith("camera=(), encrypted-media=(), geolocation=()")
    assert answer["Content-Security-Policy"].startswith("default-src 'self';")
    assert set(answer["Vary"].lower().split(", ")) >= {"accept", "authorization", "origin"}
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_request_is_named_in_its_answer(client: Client, cast: Cast) -> None:
    assert client.get("/api/v2/x", headers={"X-Request-Id": "order-4711_abc"})["X-Request-Id"] == "order-4711_abc"
    made = client.get("/api/v2/x", headers={"X-Request-Id": "no spaces, please"})["X-Request-Id"]
    assert len(made) == 32


# Answered by 204 alone, without OPTIONS (contract §1).
BARE = {
    "projects-hide": "POST",
    "projects-unhide": "POST",
    "projects-delete": "DELETE",
    "project-hide-samples": "POST",
    "project-unhide-samples": "POST",
    "project-delete-samples": "DELETE",
}


@pytest.mark.parametrize("name", BARE)
def test_an_operation_that_answers_nothing_allows_its_one_method(client: Client, cast: Cast, name: str) -> None:
    path = f"/api/v2/{name}/{cast.project.id if name.startswith('project-') else ''}"
    refused = client.put(path, headers=cast.owner.headers)
    assert (refused.status_code, refused["Allow"]) == (405, BARE[name])
    options = client.options(path, headers=cast.owner.headers)
    assert (options.status_code, options["Allow"]) == (405, BARE[name])
    assert options.json() == {"detail": 'Method "OPTIONS" not allowed.'}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense", "*/*", ""])
@pytest.mark.parametrize("query", ["", "?format=xml", "?format=api"])
def test_json_is_answered_whatever_is_accepted(client: Client, cast: Cast, accept: str, query: str) -> None:
    answer = client.get(f"/api/v2/projects/{query}", headers={**cast.viewer.headers, "Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, JSON)
    assert answer.content.startswith(b'{"meta":{"count":1,"next":null,"previous":null},"results":[{"id":"')


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "body"),
    [
        ("get", "/api/v2/no-such-thing/", {}, 404, {"detail": "Not found."}),
        ("post", "/api/kitloop/v1/no-such-thing/", {}, 404, {"detail": "Not found."}),
        ("get", "/lab/v1/no-such-thing", {}, 404, {"detail": "Not found."}),
        ("put", "/api/v2/projects/", {}, 405, {"detail": 'Method "PUT" not allowed.'}),
        ("trace", "/api/v2/projects/", {}, 405, {"detail": 'Method "TRACE" not allowed.'}),
        ("post", "/api/v2/projects/", {"data": b"x", "content_type": "text/plain"}, 415,
         {"detail": 'Unsupported media type "text/plain" in request.'}),
        ("post", "/api/v2/projects/", {"data": b"{", "content_type": JSON}, 400,
         {"detail": "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}),
        ("post", "/api/v2/projects/", {"data": b"[" * 100_000, "content_type": JSON}, 400,
         {"detail": "JSON parse error - nested too deeply"}),
        ("get", "/api/v2/projects/", {"HTTP_HOST": "evil.example"}, 400,
         {"detail": "This host name is not served here. The operator names it in KITLOOP_ALLOWED_HOSTS."}),
    ],
)  # fmt: skip
def test_every_error_is_compact_json(
    client: Client, cast: Cast, method: str, path: str, options: dict[str, Any], status: int, body: Any
) -> None:
    answer = client.generic(
        method.upper(),
        path,
        options.get("data", b""),
        options.get("content_type", JSON),
        headers={**cast.owner.headers, "Accept": "text/html"},
        **{name: value for name, value in options.items() if name.startswith("HTTP_")},
    )
    assert (answer.status_code, answer["Content-Type"]) == (status, JSON)
    assert answer.json() == body
    assert answer.content == json.dumps(body, separators=(",", ":")).encode()


@pytest.mark.parametrize("path", ["/api/v2/projects/", "/api/kitloop/v1/audit/"])
def test_a_fault_of_ours_is_json_with_the_requests_name(cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("kitloop.api.projects.ProjectsView.get", broken)
    monkeypatch.setattr("kitloop.api.audit.AuditView.get", broken)
    client = Client(raise_request_exception=False)
    answer = client.get(path, headers={**cast.owner.headers, "Accept": "text/html", "X-Request-Id": "request-1"})
    assert answer.status_code == 500
    assert answer.content == b'{"detail":"Something went wrong on our side.","request_id":"request-1"}'


def test_head_answers_as_get_does_without_a_body(client: Client, cast: Cast) -> None:
    whole = client.get("/api/v2/projects/", headers=cast.viewer.headers)
    head = client.head("/api/v2/projects/", headers=cast.viewer.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == whole["Content-Type"]


def test_options_name_the_methods_and_no_one_gets_them_without_a_key(client: Client, cast: Cast) -> None:
    answer = client.options("/api/v2/projects/", headers=cast.member.headers)
    assert (answer.status_code, answer["Allow"]) == (200, "GET, POST, HEAD, OPTIONS")
    assert answer.json() == {
        "methods": ["GET", "POST", "HEAD", "OPTIONS"],
        "parses": [JSON, "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    assert client.options("/api/v2/projects/").status_code == 401


def test_both_slash_forms_answer_without_a_redirect(client: Client, cast: Cast) -> None:
    for pattern in [*v2, *kitloop_v1]:
        assert pattern.pattern.regex.pattern.endswith("/?$"), pattern.name  # type: ignore[union-attr]
    for path in ("/api/v2/projects", "/api/v2/projects/", f"/api/v2/projects/{cast.project.id}/"):
        assert client.get(path, headers=cast.viewer.headers).status_code == 200


# Limits --------------------------------------------------------------------------------------------------------------

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
    assert order(client, cast, cast.analyst.key).status_code == 201
    # What is refused for another reason counts, and its own rollback does not give it back.
    assert order(client, cast, cast.analyst.key, recipient_email="nonsense").status_code == 400
    refused = client.patch(
        f"/api/v2/projects/{cast.project.id}", {"name": "x"}, content_type=JSON, headers=cast.analyst.headers
    )
    assert refused.status_code == 403
    answer = order(client, cast, cast.analyst.key)
    assert (answer.status_code, answer["Retry-After"]) == (429, "37")
    assert answer.content == b'{"detail":"Request was throttled. Expected available in 37 seconds."}'
    assert Sample.objects.count() == 1
    _, other = create_api_key(cast.analyst.user, name="other")
    assert order(client, cast, other).status_code == 201


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


# Proxies -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "found"),
    [
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8,10.0.0.0/8", "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.0/8,10.0.0.0/8", "127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
        ("127.0.0.0/8", "192.0.2.5", "203.0.113.9", "192.0.2.5"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "[2001:db8::9]:51234", "2001:db8::9"),
        ("127.0.0.0/8", "127.0.0.1", "2001:db8::9", "2001:db8::9"),
        ("127.0.0.0/8", "::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),
        ("::1/128", "::1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_last_address_that_no_trusted_proxy_has_is_the_clients(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, trusted: str, peer: str, forwarded: str, found: str
) -> None:
    monkeypatch.setenv("KITLOOP_TRUSTED_PROXIES", trusted)
    settings.KITLOOP_TRUSTED_PROXIES = _networks("KITLOOP_TRUSTED_PROXIES")
    request: HttpRequest = RequestFactory().get(
        "/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": forwarded} if forwarded else {}
    )
    assert client_address(request) == found


def test_a_keys_ip_range_is_about_the_client_and_not_the_proxy(client: Client, cast: Cast, settings: Settings) -> None:
    _, key = create_api_key(cast.viewer.user, name="office", ip_range=["203.0.113.0/24"])
    headers = {"Authorization": f"Api-Key {key}", "X-Forwarded-For": "203.0.113.9"}
    assert client.get("/api/v2/projects/", headers=headers).status_code == 401
    settings.KITLOOP_TRUSTED_PROXIES = _networks_of("127.0.0.0/8")
    assert client.get("/api/v2/projects/", headers=headers).status_code == 200
    headers["X-Forwarded-For"] = "203.0.113.9, 198.51.100.1"  # the client wrote the first itself
    assert client.get("/api/v2/projects/", headers=headers).status_code == 401


def test_links_are_secure_where_a_trusted_proxy_says_so(client: Client, cast: Cast, settings: Settings) -> None:
    path, headers = "/api/v2/pipeline-capabilities/?offset=1", {
        **cast.viewer.headers, "Host": "testserver", "X-Forwarded-Proto": "https",
    }  # fmt: skip
    previous = client.get(path, headers=headers).json()["meta"]["previous"]
    assert previous.startswith("http://testserver/")
    settings.KITLOOP_TRUSTED_PROXIES = _networks_of("127.0.0.0/8")
    previous = client.get(path, headers=headers).json()["meta"]["previous"]
    assert previous.startswith("https://testserver/")


def _networks_of(text: str) -> Any:
    from ipaddress import ip_network

    return [ip_network(text)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KITLOOP_TRUSTED_PROXIES", "10.0.0.0/8,nonsense", "Error: KITLOOP_TRUSTED_PROXIES must be networks"),
        ("KITLOOP_TRUSTED_PROXIES", "10.1.2.3/8", "'10.1.2.3/8' is not one."),
        ("KITLOOP_REQUESTS_PER_MINUTE", "-1", "Error: KITLOOP_REQUESTS_PER_MINUTE must not be negative."),
        ("KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE", "many", "KITLOOP_ANONYMOUS_REQUESTS_PER_MINUTE must be a number"),
        ("KITLOOP_AUDIT_DAYS", "1.5", "KITLOOP_AUDIT_DAYS must be a number"),
    ],
)
def test_a_setting_that_means_nothing_stops_the_start(tmp_path: Path, name: str, value: str, said: str) -> None:
    done = _kitloop(tmp_path, "serve", **{name: value})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def _kitloop(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KITLOOP_", "DJANGO_", "DATABASE_"))}
    environment = {**clean, "KITLOOP_DATA": str(folder), **settings}
    return subprocess.run([KITLOOP, *words], env=environment, capture_output=True, text=True, timeout=60)


# Maintenance ---------------------------------------------------------------------------------------------------------

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
    assert order(client, cast, cast.analyst.key).status_code == 503
    assert switch_off(settings.DATA)
    assert not switch_off(settings.DATA)
    assert order(client, cast, cast.analyst.key).status_code == 201


def test_a_file_that_cant_be_read_is_maintenance_too(client: Client, settings: Settings) -> None:
    (settings.DATA / "maintenance.json").write_text("{")
    try:
        assert client.get("/health").json()["status"] == "maintenance"
    finally:
        switch_off(settings.DATA)


def test_the_command_switches_it(tmp_path: Path) -> None:
    said = _kitloop(tmp_path, "maintenance", "on", "--until", "2126-01-01T18:00+01:00", "--message", "New disks")
    assert (said.returncode, said.stdout) == (0, "Maintenance is on until 2126-01-01T17:00:00 UTC: New disks\n")
    assert json.loads(_kitloop(tmp_path, "maintenance", "status", "--json").stdout) == {
        "maintenance": True,
        "until": "2126-01-01T17:00:00",
        "message": "New disks",
    }
    assert _kitloop(tmp_path, "maintenance", "off").stdout == "Maintenance is off.\n"
    assert json.loads(_kitloop(tmp_path, "maintenance", "status", "--json").stdout) == {"maintenance": False}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--until", "tomorrow"], "is not a time"),
        (["--until", "2020-01-01"], "past"),
        (["--message", " "], "--message"),
    ],
)
def test_the_command_refuses_what_it_cant_say(tmp_path: Path, words: list[str], said: str) -> None:
    done = _kitloop(tmp_path, "maintenance", "on", *words)
    assert (done.returncode, said in done.stderr) == (2, True)
    assert not (tmp_path / "maintenance.json").exists()
