"""Webhook deliveries per second to a receiver on this machine: signed, recorded, one subscription and twenty.

The yardstick is the same bodies sent by the same HTTP library, eight at a time to each endpoint, with nothing signed or recorded.
"""

import asyncio
import json
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import aiohttp
import psycopg
from kitloop.base.postgres import cluster
from kitloop.local.processes import Program, Supervisor, command

from bench.platform import Platform, platform

EVENTS, IN_FLIGHT = 1600, 8


class Receiver:
    """Answers 200 and counts."""

    def __init__(self) -> None:
        outer = self
        self.count, self.last = 0, 0.0
        self.lock = threading.Lock()

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                with outer.lock:
                    outer.count += 1
                    outer.last = time.monotonic()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.server = Server(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def main() -> None:
    print(f"webhook deliveries, {EVENTS} events to a receiver on this machine")
    for endpoints in (1, 20):
        with platform(KITLOOP_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as running:
            ours = _through_platform(running, endpoints)
        plain = asyncio.run(_plain(endpoints))
        print(
            f"  {endpoints:2d} endpoints: kitloop {ours:6.0f}/s   plain client {plain:6.0f}/s   ratio {ours / plain:.2f}"
        )


def _through_platform(running: Platform, endpoints: int) -> float:
    receiver = Receiver()
    subscriptions = [_subscribe(running, f"{receiver.url}/{number}") for number in range(endpoints)]
    import os

    os.environ["KITLOOP_DATA"] = running.environment["KITLOOP_DATA"]
    now = datetime.now(UTC)
    with psycopg.connect(host=str(cluster().sockets), user="kitloop", dbname="kitloop") as connection:
        connection.cursor().executemany(
            "INSERT INTO webhooks_delivery (id, subscription_id, event_id, event_type, body, is_test, is_retried, state, due_at,"
            " attempts, failures, created) VALUES (%s, %s, %s, 'analysis_complete_v2', %s, false, true, 'pending', %s, 0, 0, %s)",
            [(uuid4(), subscriptions[n % endpoints], uuid4(), _body(), now, now) for n in range(EVENTS)],
        )
    supervisor = Supervisor()
    try:
        argv = [
            command("kitloop"),
            "worker",
            "--no-migrate",
            "--queues",
            "webhooks,housekeeping",
            "--concurrency",
            "100",
        ]
        supervisor.add(Program("webhooks", argv, running.data / "webhooks.log", running.environment))
        deadline = time.monotonic() + 40
        while receiver.count == 0 and time.monotonic() < deadline:
            time.sleep(0.005)
        first = time.monotonic()
        while receiver.count < EVENTS and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        supervisor.stop()
        receiver.server.shutdown()
    assert receiver.count >= EVENTS, f"{receiver.count} of {EVENTS} arrived"
    return EVENTS / (receiver.last - first)


def _subscribe(running: Platform, target: str) -> str:
    headers = {"Authorization": f"Api-Key {running.api_key}", "Content-Type": "application/json"}

    def post(path: str, body: dict[str, object]) -> dict[str, str]:
        request = urllib.request.Request(f"{running.url}/api/v2/{path}", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    wanted = {"target": target, "event_types": ["analysis_complete_v2"]}
    made = post(f"project-subscriptions/{running.project_id}", wanted)["id"]
    post(f"project-subscription-secret/{made}", {})
    return made


def _body() -> str:
    sample = {"id": str(uuid4()), "client_id": "", "last_status": {"status": "succeeded"}}
    payload = {"project": {"id": str(uuid4())}, "samples": [sample]}
    event = {
        "event_id": str(uuid4()),
        "event_type": "analysis_complete_v2",
        "timestamp": "2026-01-01T00:00:00Z",
        "payload": payload,
    }
    return json.dumps([event], separators=(",", ":"))


async def _plain(endpoints: int) -> float:
    receiver = Receiver()
    body = _body().encode()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send(target: str, count: int) -> None:
            for _ in range(count):
                async with session.post(target, data=body) as answer:
                    await answer.read()

        began = time.monotonic()
        share = EVENTS // (endpoints * IN_FLIGHT)
        await asyncio.gather(*(send(f"{receiver.url}/{n}", share) for n in range(endpoints) for _ in range(IN_FLIGHT)))
        took = time.monotonic() - began
    receiver.server.shutdown()
    return receiver.count / took
