"""A webhook receiver as an integrator writes one: verifies, counts by event id, and may be down for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kitloop_sdk import WebhookVerificationError, verify_webhook
from running import Sandbox


@dataclass(frozen=True, slots=True)
class Heard:
    event_id: str
    event_type: str
    sample_id: str
    at: float


@dataclass(slots=True)
class Ear:
    """`answers` is asked for a status each time, with the number of requests that came before; it may take its time."""

    port: int = 0
    secret: str = ""
    heard: list[Heard] = field(default_factory=list)  # taken: answered with 200
    knocks: list[float] = field(default_factory=list)  # every request, when it came
    forged: int = 0
    answers: Callable[[int], int] = field(default=lambda number: 200)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def subscribe(self, sandbox: Sandbox) -> str:
        """The new subscription's id."""
        with sandbox.client() as client:
            made = client.create_subscription(sandbox.facts["project_id"], self.url, ["analysis_complete_v2"])
            self.secret = client.subscription_secret(made.id)
        return made.id

    def take(self, body: bytes, header: str | None) -> int:
        with self._lock:
            number = len(self.knocks)
            self.knocks.append(time.monotonic())
        status = self.answers(number)
        if status != 200:
            return status
        try:
            events = verify_webhook(body, header, self.secret)
        except WebhookVerificationError:
            self.forged += 1
            return 400
        with self._lock:
            for event in events:
                for sample in event.payload["samples"]:
                    self.heard.append(Heard(event.event_id, event.event_type, sample["id"], time.monotonic()))
        return 200

    def events_of(self, sample_id: str) -> set[str]:
        return {heard.event_id for heard in self.heard if heard.sample_id == sample_id}

    def check_told_once(self, samples: list[str]) -> int:
        """Each sample by one event; returns how many repeats of the same event came."""
        assert not self.forged
        for sample in samples:
            assert len(self.events_of(sample)) == 1, f"{sample}: {self.events_of(sample)}"
        mine = [heard for heard in self.heard if heard.sample_id in set(samples)]
        assert {heard.event_type for heard in mine} == {"analysis_complete_v2"}
        return len(mine) - len(samples)


@contextmanager
def listening(ear: Ear) -> Iterator[Ear]:
    """Listens; on the same port again, where the ear has had one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = ear.take(body, self.headers.get("Gencove-Signature"))
            try:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:  # the sender was killed meanwhile
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", ear.port), Handler)
    ear.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ear
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
