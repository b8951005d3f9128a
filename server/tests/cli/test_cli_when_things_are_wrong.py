"""Logging in, and how it looks to the command's user when something is in the way."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from cli.conftest import NOWHERE, World
from faults.running import KITLOOP, environment
from kitloop.local.processes import Program, free_port


def kitloop(world: World, *words: str) -> None:
    settings = {**environment(), "KITLOOP_DATA": str(world.sandbox.data)}
    subprocess.run([KITLOOP, *words], env=settings, check=True, capture_output=True, timeout=30)


def test_email_and_password_log_in_as_a_key_does(world: World) -> None:
    facts = world.sandbox.facts
    said = world.gencove("projects", "list", GENCOVE_EMAIL=facts["email"], GENCOVE_PASSWORD=facts["password"])
    assert (said.code, said.out) == (0, world.gencove("projects", "list").out), said.err
    said = world.gencove(
        "projects", "list", "--email", facts["email"], "--password", "wrong", GENCOVE_EMAIL=facts["email"]
    )
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("ERROR: Failed to login. Please verify your credentials and try again\n")


def test_a_wrong_key_is_said_to_be_one(world: World) -> None:
    for wrong in ("nonsense", "abcdefgh." + "x" * 32):
        said = world.gencove("projects", "list", GENCOVE_API_KEY=wrong)
        assert (said.code, said.out) == (1, "")
        assert "Traceback" not in said.err
        assert said.err.endswith("Aborted!\n")


@pytest.mark.parametrize(
    "words",
    [
        ("projects", "list-samples", NOWHERE),
        ("projects", "list-batches", NOWHERE),
        ("projects", "list-batch-types", "{project}"),
        ("projects", "list-batches", "{project}"),
        ("projects", "status-merged-vcf", "{project}"),
        ("projects", "get-sample-manifests", "{project}", "."),
        ("uploads", "list"),
    ],
)
def test_what_is_not_there_and_what_is_not_served_is_a_clean_404(world: World, words: tuple[str, ...]) -> None:
    said = world.gencove(*(word.format(project=world.project) for word in words))
    assert (said.code, said.out) == (1, "")
    assert "ERROR: API Client Error: Not Found: Not found." in said.err.splitlines()
    assert "Traceback" not in said.err


def test_a_role_that_may_not_is_told_so(world: World) -> None:
    kitloop(world, "create-user", "viewer@sandbox.example", "--organization", organization(world), "--role", "viewer")
    key = make_key(world, "viewer@sandbox.example")
    said = world.gencove("projects", "hide", world.project, GENCOVE_API_KEY=key)
    assert said.code == 1
    assert "You do not have the sufficient permission level required to perform this operation." in said.err
    assert world.api(f"/api/v2/projects/{world.project}")["hidden"] is False


def organization(world: World) -> str:
    return str(world.api(f"/api/v2/projects/{world.project}")["organization"])


def make_key(world: World, email: str) -> str:
    settings = {**environment(), "KITLOOP_DATA": str(world.sandbox.data)}
    words = [KITLOOP, "create-api-key", email]
    done = subprocess.run(words, env=settings, check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.rpartition(" ")[2].strip()


def test_maintenance_is_announced_with_its_end_and_over_at_once(world: World) -> None:
    kitloop(world, "maintenance", "on", "--until", "2126-01-01T17:00", "--message", "New disks")
    try:
        for credentials in ({}, {"GENCOVE_EMAIL": "x@example.com", "GENCOVE_PASSWORD": "x"}):
            said = world.gencove("projects", "list", **credentials)
            assert (said.code, said.out) == (1, "")
            assert said.err == "ERROR: New disks\nERROR: ETA is 2126-01-01T17:00:00\nAborted!\n"
    finally:
        kitloop(world, "maintenance", "off")
    assert world.gencove("projects", "list").code == 0


@contextmanager
def another_server(world: World, **settings: str) -> Iterator[str]:
    """A second web server of the same platform, with settings of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = Program(
        "another", [KITLOOP, "serve", "--no-migrate", "--port", str(port)], world.folder / "another.log",
        {**environment(), "KITLOOP_DATA": str(world.sandbox.data), "KITLOOP_URL": url, **settings},
    )  # fmt: skip
    program.start()
    try:
        world.sandbox.wait_until(
            "another server is up", lambda: httpx2.get(f"{url}/health", trust_env=False).status_code == 200, seconds=30
        )
        yield url
    finally:
        program.stop()


def _hold_the_minute(world: World, key: str) -> None:
    """As if another machine's clock were ahead: whoever asks draws on that minute, and none begins while the test looks."""
    update = "UPDATE base_requestwindow SET minute = minute + 9 WHERE who = (SELECT 'key:' || id FROM accounts_apikey WHERE prefix = %s)"
    assert world.sandbox.rows(f"{update} RETURNING leases", key.partition(".")[0]) != []


def test_too_many_requests_are_said_to_be_too_many(world: World) -> None:
    """Whichever of its processes, and of its servers, is asked: what the first has given out counts at the second."""
    key = world.sandbox.facts["other_api_key"]
    headers = {"Authorization": f"Api-Key {key}"}
    with another_server(world, KITLOOP_REQUESTS_PER_MINUTE="1") as url:
        httpx2.get(f"{url}/api/v2/projects/", headers=headers, trust_env=False)
        _hold_the_minute(world, key)
        said = world.gencove("projects", "list", GENCOVE_API_KEY=key, GENCOVE_HOST=url)
        assert (said.code, said.out) == (1, "")
        assert "ERROR: Too Many Requests" in said.err.splitlines()
        for _ in range(8):  # over all web processes
            answer = httpx2.get(f"{url}/api/v2/projects/", headers=headers, trust_env=False)
            assert answer.status_code == 429
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert world.gencove("projects", "list", GENCOVE_API_KEY=key).code == 0


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /api/v2/projects/?search=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /api/v2/projects/ HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_no_view_ever_sees_is_answered_in_json(world: World, head: bytes, status: int) -> None:
    port = int(world.sandbox.facts["host"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head)
        said = b""
        while block := line.recv(65536):
            said += block
    first, _, body = said.partition(b"\r\n\r\n")
    assert first.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"\r\nContent-Type: application/json\r\n" in first
    assert list(json.loads(body)) == ["detail"]
