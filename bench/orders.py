"""Orders accepted per second at 8 connections, beside two yardsticks in the same run.

Raw: the same rows, written by the same statement and committed, from 8 processes that do nothing else. Mock: the server that integrators
use instead (prism on the contract's OpenAPI file), which checks a request and stores nothing. Runs take turns, so that a machine whose
speed drifts treats all alike.
"""

import json
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from kitloop.local.processes import free_port

from bench.load import Load, post
from bench.platform import Platform, platform, wait_for

SECONDS, TURNS, CONNECTIONS = 5.0, 5, 8
CONTRACT = Path(os.environ.get("KITLOOP_BENCH_OPENAPI", "server/src/kitloop/api/description/openapi-facts.json"))


def main() -> None:
    with platform() as running:
        print(f"orders, {CONNECTIONS} connections, {TURNS} turns of {SECONDS:.0f} s each")
        body = json.dumps(order(running.project_id)).encode()
        headers = {"Authorization": f"Api-Key {running.api_key}"}
        mock = Mock()
        ours, raws, mocks = [], [], []
        try:
            _load(f"{running.url}/api/v2/sample-kit/", body, headers, seconds=2)  # warm
            for _ in range(TURNS):
                ours.append(_load(f"{running.url}/api/v2/sample-kit/", body, headers))
                raws.append(raw_per_second(running))
                if mock.url:
                    mocks.append(_load(f"{mock.url}/api/v2/sample-kit/", body, headers))
        finally:
            mock.stop()
        assert all(set(load.statuses) == {201} for load in ours), [load.statuses for load in ours]
        our = median(load.per_second for load in ours)
        print(
            f"  kitloop  {our:7.0f}/s   p50 {median(x.p50_ms for x in ours):5.1f} ms   p99 {median(x.p99_ms for x in ours):5.1f} ms"
        )
        print(
            f"  raw      {median(raws):7.0f}/s   kitloop/raw  {median(o.per_second / r for o, r in zip(ours, raws, strict=True)):.2f}"
        )
        if mocks:
            ratio = median(o.per_second / m.per_second for o, m in zip(ours, mocks, strict=True))
            print(f"  mock     {median(m.per_second for m in mocks):7.0f}/s   kitloop/mock {ratio:.2f}")
        else:
            print(f"  mock     not measured: {mock.why_not}")


def _load(url: str, body: bytes, headers: dict[str, str], *, seconds: float = SECONDS) -> Load:
    return post(url, lambda _: body, headers=headers, connections=CONNECTIONS, seconds=seconds)


def order(project_id: str) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "recipient_address_name": "Jane Doe",
        "recipient_address_line1": "123 Main Street",
        "recipient_address_city": "San Francisco",
        "recipient_address_state_region": "CA",
        "recipient_address_postal_code": "94102",
        "recipient_address_country_code": "US",
        "recipient_email": "jane.doe@example.com",
        "recipient_phone": "+14155551234",
        "metadata": {"customer_id": "cust_12345"},
    }


def raw_per_second(running: Platform) -> float:
    """Commits per second of the order's rows and its job, from CONNECTIONS processes without HTTP, checks or Django's ORM."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(CONNECTIONS) as pool:
        place = (running.environment["KITLOOP_DATA"], running.organization_id, running.project_id)
        done = pool.map(_write_rows, [place] * CONNECTIONS, chunksize=1)
    return sum(count / seconds for count, seconds in done)


def _write_rows(place: tuple[str, str, str]) -> tuple[int, float]:
    os.environ["KITLOOP_DATA"] = place[0]
    from datetime import UTC, datetime
    from uuid import uuid4

    from kitloop.base import postgres
    from kitloop.local.setup import load_django

    load_django()  # the statement lives among models; they are loaded before the clock starts, and not used
    from kitloop.kits.writing import INSERT
    from psycopg.types.json import Jsonb

    count = 0
    with psycopg.connect(host=str(postgres.cluster().sockets), user="kitloop", dbname="kitloop") as connection:
        began = time.monotonic()
        while time.monotonic() - began < SECONDS:
            kit = uuid4()
            values = {
                "sample": uuid4(), "kit": kit, "status": uuid4(), "event": uuid4(), "organization": place[1],
                "project": place[2], "metadata": Jsonb({"customer_id": "cust_12345"}), "test_mode": False,
                "search": "customer id cust 12345", "sealed": b"x" * 400, "note": "Kit requested.", "now": datetime.now(UTC),
                "queue": "lab", "user": None, "api_key": None, "request": "0" * 32,
                "task": "labs.submit", "arguments": Jsonb({"kit_id": str(kit)}),
            }  # fmt: skip
            connection.execute(INSERT, values, prepare=True)
            connection.commit()
            count += 1
        return count, time.monotonic() - began


class Mock:
    """prism, where node is there; installed into a folder that is thrown away."""

    def __init__(self) -> None:
        self.url, self.why_not = "", ""
        self._folder = Path(tempfile.mkdtemp(prefix="kitloop-prism-"))
        self._process: subprocess.Popen[bytes] | None = None
        if not shutil.which("npm"):
            self.why_not = "npm is not installed"
            return
        if not CONTRACT.exists():
            self.why_not = f"{CONTRACT} is not there (set KITLOOP_BENCH_OPENAPI)"
            return
        install = [
            "npm",
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(self._folder),
            "@stoplight/prism-cli@5",
        ]
        if subprocess.run(install, check=False, capture_output=True).returncode:
            self.why_not = "npm could not install @stoplight/prism-cli"
            return
        port = free_port()
        prism = self._folder / "node_modules" / ".bin" / "prism"
        self._process = subprocess.Popen(
            [prism, "mock", "-p", str(port), str(CONTRACT.resolve())],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                wait_for_port(port)
                return
            except OSError:
                time.sleep(0.2)
        self.url, self.why_not = "", "prism did not come up"

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def wait_for_port(port: int) -> None:
    import socket

    socket.create_connection(("127.0.0.1", port), timeout=1).close()


__all__ = ["main", "order", "wait_for"]
