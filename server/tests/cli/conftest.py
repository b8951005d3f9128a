"""The official `gencove` command, unmodified, as its users run it: a program of its own against a running sandbox."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from faults.running import Sandbox, new_home

GENCOVE = str(Path(sys.executable).with_name("gencove"))
NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass(slots=True)
class World:
    """A sandbox in which one sample has succeeded and one has failed its quality control; and the webhooks that told of them."""

    sandbox: Sandbox
    folder: Path  # where the command is run, and its home
    succeeded: str = ""
    failed: str = ""
    secret: str = ""
    heard: list[tuple[str, str]] = field(default_factory=list)  # signature and body, as they came
    forks: "subprocess.Popen[str] | None" = None

    @property
    def project(self) -> str:
        return str(self.sandbox.facts["project_id"])

    def gencove(self, *words: str, typed: str = "", **settings: str) -> Said:
        """Runs the command with the owner's key, unless other credentials are in `settings`."""
        assert self.forks is not None
        assert self.forks.stdin is not None
        assert self.forks.stdout is not None
        streams = [self.folder.with_name(f"gencove.{name}") for name in ("in", "out", "err")]
        streams[0].write_text(typed)
        asked = {
            "words": words,
            "environment": self.environment(**settings),
            "folder": str(self.folder),
            "streams": [str(path) for path in streams],
        }
        self.forks.stdin.write(json.dumps(asked) + "\n")
        self.forks.stdin.flush()
        return Said(int(self.forks.stdout.readline()), streams[1].read_text(), streams[2].read_text())

    def installed_gencove(self, *words: str, typed: str = "", **settings: str) -> Said:
        """The same, by the program that pip has installed."""
        done = subprocess.run(
            [GENCOVE, *words], cwd=self.folder, env=self.environment(**settings), input=typed, capture_output=True,
            text=True, timeout=60,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def environment(self, **settings: str) -> dict[str, str]:
        facts = self.sandbox.facts
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GENCOVE_HOST": facts["host"],
            "GENCOVE_SAVE_DUMP_LOG": "FALSE",
            **(settings if "GENCOVE_EMAIL" in settings else {"GENCOVE_API_KEY": facts["api_key"], **settings}),
        }

    def api(self, path: str, *, method: str = "GET", body: Any = None, key: str = "") -> Any:
        """What the wire says, to hold the command's words against."""
        answer = httpx2.request(
            method,
            f"{self.sandbox.facts['host']}{path}",
            headers={"Authorization": f"Api-Key {key or self.sandbox.facts['api_key']}"},
            json=body,
            timeout=15,
            trust_env=False,
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def project_of_ones_own(self, name: str) -> str:
        (shared,) = [each for each in self.api("/api/v2/projects/")["results"] if each["id"] == self.project]
        body = {"name": name, "pipeline_capabilities": shared["pipeline_capabilities"]}
        return str(self.api("/api/v2/projects/", method="POST", body=body)["id"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever of these comes first waits for the sandbox to start and for two samples to be analyzed."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not sys.platform.startswith("linux"):
        pytest.skip("processes are found in /proc")
    sandbox = Sandbox(new_home())
    made = World(sandbox, tmp_path_factory.mktemp("gencove"))
    try:
        sandbox.start()
        with _receiver(made) as url:
            _carry_two_samples_through(made, url)
        with subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forked_gencove.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as made.forks:  # fmt: skip
            yield made
        assert sandbox.end(signal.SIGINT) == 0, sandbox.last_words()
    finally:
        sandbox.clear()


def _carry_two_samples_through(world: World, url: str) -> None:
    sandbox = world.sandbox
    with sandbox.client() as client:
        subscription = client.create_subscription(world.project, url, ["analysis_complete_v2"])
        world.secret = client.subscription_secret(subscription.id)
    world.succeeded = sandbox.order("one", metadata={"customer_id": "cust_1"})
    world.failed = sandbox.order("two", metadata={"sandbox_scenario": "failed_qc"})
    sandbox.wait_for_all([world.succeeded, world.failed], seconds=120)
    sandbox.wait_until("both webhooks have come", lambda: len(world.heard) >= 2, seconds=20)


class _receiver:
    """Takes webhooks and keeps them as they came."""

    def __init__(self, world: World) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                world.heard.append((self.headers["Gencove-Signature"], body.decode()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
