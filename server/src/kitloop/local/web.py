"""gunicorn, set up from Python."""

import json
import socket
from typing import Any

from gunicorn import util
from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):
    def __init__(self, application: str, settings: dict[str, Any]) -> None:
        self._application, self._settings = application, settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from gunicorn.util import import_app

        return import_app(self._application)


def run(application: str, *, bind: str, workers: int, threads: int, pid_file: str | None) -> None:
    """Serves until told to stop. Threads wait on PostgreSQL and on slow clients; processes use the cores."""
    settings = {
        "bind": bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "preload_app": True,  # loaded once, and what is loaded is shared; a worker that ended is replaced in no time
        "pidfile": pid_file,
        "limit_request_line": 8190,  # the longest that gunicorn reads
        "forwarded_allow_ips": "",  # whose X-Forwarded-Proto is believed is KITLOOP_TRUSTED_PROXIES' to say (base.requests)
        "timeout": 60,
        "graceful_timeout": 5,
        "keepalive": 30,
        "accesslog": None,  # paths carry ids only, but a line per request says nothing that helps
        "loglevel": "warning",
    }
    util.write_error = _refuse
    _Server(application, settings).run()


def _refuse(sock: socket.socket, status: int, reason: str, said: str) -> None:
    """What gunicorn answers before it has a request to pass on, above all an address that is too long: JSON, as ever (contract §1.1)."""
    body = json.dumps({"detail": f"{reason}."}, separators=(",", ":"))
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    util.write_nonblock(sock, f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
