"""The platform's side of the lab protocol, as small as can be: a real HTTP server that remembers what it was told.

Also a program, to watch a lab by itself: `python receiver.py PORT SECRET`.
"""

import hashlib
import json
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kitloop_sdk.labs import LAB_HEADER, SIGNATURE_HEADER, BadSignature, verify_request


class Receiver:
    """`heard` has every event body in the order of arrival, `files` what was stored, by kit and role."""

    def __init__(self, secret: str, *, slug: str = "sandbox", port: int = 0) -> None:
        self.secret, self.slug = secret, slug
        self.heard: list[dict[str, Any]] = []
        self.heard_at: list[float] = []
        self.files: dict[tuple[str, str], bytes] = {}
        self.wanted: dict[str, dict[str, Any]] = {}
        self.puts = 0
        self.asked_for_uploads = 0
        self.bad_signatures: list[str] = []
        self.answers: deque[tuple[int, dict[str, str]]] = deque()  # given to events first, before 202
        self.expired_puts = 0  # this many PUTs are answered with 403
        self.put_seconds = 0.0
        self.lock = threading.Condition()  # notified of every event and every file
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def types(self, kit_id: str) -> list[str]:
        """What was heard of one kit, without `kit.`, in the order of arrival."""
        with self.lock:
            return [e["type"].removeprefix("kit.") for e in self.heard if e["kit_id"] == kit_id]

    def wait_for(self, kit_id: str, stage: str, seconds: float = 40.0) -> None:
        self.wait_until(lambda: stage in self.types(kit_id), f"kit.{stage}", seconds)

    def wait_until(self, what: Callable[[], bool], name: str, seconds: float = 40.0) -> None:
        with self.lock:
            assert self.lock.wait_for(what, seconds), f"no {name} within {seconds} s, only {self._told()}"

    def _told(self) -> list[tuple[str, str]]:
        return [(e["kit_id"], e["type"]) for e in self.heard]

    def _event(self, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        event = json.loads(body)
        with self.lock:
            if self.answers:
                status, headers = self.answers.popleft()
                if status == 0:
                    raise ConnectionAbortedError
                return status, {"detail": f"told to answer {status}"}, headers
            twice = any(e["id"] == event["id"] for e in self.heard)
            if event["type"] == "kit.sequenced":
                for file in event["data"]["files"]:
                    stored = self.files.get((event["kit_id"], file["role"]))
                    if stored is None or hashlib.sha256(stored).hexdigest() != file["sha256"]:
                        return 409, {"detail": "files are not here"}, {}
            self.heard.append(event)
            self.heard_at.append(time.monotonic())
            self.lock.notify_all()
        return 202, {"id": event["id"], "result": "duplicate" if twice else "applied"}, {}

    def _uploads(self, kit_id: str, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        with self.lock:
            self.asked_for_uploads += 1
            answers = []
            for file in json.loads(body)["files"]:
                stored = self.files.get((kit_id, file["role"]))
                done = stored is not None and hashlib.sha256(stored).hexdigest() == file["sha256"]
                token = secrets.token_hex(8)
                self.wanted[token] = {"kit_id": kit_id, **file}
                url = f"{self.url}/put/{token}?signature=permission"
                expires_at = "2100-01-01T00:00:00Z"
                answers.append(
                    {"role": file["role"], "method": "PUT", "url": url, "expires_at": expires_at, "done": done}
                )
        return 200, {"uploads": answers}, {}

    def _put(self, token: str, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        time.sleep(self.put_seconds)
        with self.lock:
            self.puts += 1
            self.lock.notify_all()
            if self.expired_puts:
                self.expired_puts -= 1
                return 403, {"detail": "expired"}, {}
            file = self.wanted[token]
            if len(body) != file["size"]:
                return 422, {"reason_code": "size_mismatch"}, {}
            if hashlib.sha256(body).hexdigest() != file["sha256"]:
                return 422, {"reason_code": "checksum_mismatch"}, {}
            self.files[file["kit_id"], file["role"]] = body
        return 201, {}, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                self.connection.settimeout(20)

            def do_GET(self) -> None:
                self._answer(200, {}, {})

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size)
                if len(body) < size:  # killed in the middle of saying it
                    return
                try:
                    assert self.headers[LAB_HEADER] == receiver.slug
                    verify_request(
                        receiver.secret,
                        signature=self.headers[SIGNATURE_HEADER],
                        method="POST",
                        path=self.path,
                        body=body,
                    )
                except BadSignature as wrong:
                    receiver.bad_signatures.append(str(wrong))
                    self._answer(401, {"detail": str(wrong)}, {})
                    return
                try:
                    if self.path == "/lab/v1/events":
                        self._answer(*receiver._event(body))
                    else:
                        self._answer(*receiver._uploads(self.path.split("/")[4], body))
                except ConnectionAbortedError:
                    self.close_connection = True

            def do_PUT(self) -> None:
                assert SIGNATURE_HEADER not in self.headers
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size)
                if len(body) == size:
                    self._answer(*receiver._put(self.path.split("/")[2].split("?")[0], body))

            def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

            def handle(self) -> None:
                try:
                    super().handle()
                except (ConnectionError, TimeoutError):  # a lab that was killed while it talked
                    self.close_connection = True

        return Handler


if __name__ == "__main__":
    watched = Receiver(sys.argv[2], port=int(sys.argv[1]))
    print(f"platform on {watched.url}", flush=True)
    seen = 0
    while True:
        time.sleep(0.2)
        for each in watched.heard[seen:]:
            print(json.dumps(each), flush=True)
            seen += 1
