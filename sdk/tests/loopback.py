"""A real HTTP server on loopback that answers from a script, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "Ab3dE5gH.0123456789abcdefghijABCDEFGHIJxy"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """`hang_up` closes the connection after this many bytes of the body (0: without any answer)."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: int | None = None


class Loopback:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: list[Answer | Callable[[Asked], Answer]] = []
        self.url = ""

    def say(self, *answers: Answer | Callable[[Asked], Answer]) -> None:
        """The next answers, in order. The last one is given again to whoever asks on."""
        self.script.extend(answers)

    def next(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        given = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return given(asked) if callable(given) else given


@contextmanager
def serving() -> Iterator[Loopback]:
    loopback = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = loopback.next(Asked(self.command, self.path, dict(self.headers), body))
            content = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            content = b"" if given.body is None else content
            if given.hang_up == 0:
                self.close_connection = True
                return
            self.send_response(given.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))} | given.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content if given.hang_up is None else content[: given.hang_up])
            if given.hang_up is not None:
                self.close_connection = True

        do_GET = do_POST = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
