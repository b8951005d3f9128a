"""The web server: gunicorn with one process of threads, which the background threads share."""

import ctypes
import signal
import socket
import sys
import time
from typing import Any

from gunicorn.app.base import BaseApplication

PATIENCE_SECONDS = 2.0  # a server that was just killed needs a moment to let go of its port


class PortTaken(Exception):
    """Another program listens there."""


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, *, host: str, port: int, threads: int) -> None:
        self.bind, self.threads = f"{'[' + host + ']' if ':' in host else host}:{port}", threads
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": [self.bind],
            "workers": 1,  # the background threads live in it, and SQLite has one writer
            "worker_class": "gthread",
            "threads": self.threads,
            "timeout": 60,
            "graceful_timeout": 1,
            "proc_name": "kitloop-shop",
            "control_socket_disable": True,
            "errorlog": "-",
            "loglevel": "warning",
            "post_fork": _die_with_parent,
            "post_worker_init": _start_background,
            "worker_int": _stop_background,
            "worker_exit": lambda server, worker: _stop_background(worker),
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from kitloop_storefront.wsgi import application

        return application


def check_port(host: str, port: int) -> None:
    """Raises PortTaken. Asked before anything starts, as gunicorn would retry for long and end with a traceback."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
                return
        except OSError as error:
            if time.monotonic() > until:
                raise PortTaken(str(error)) from error
            time.sleep(0.1)


def _start_background(worker: object) -> None:
    from kitloop_storefront import background

    background.start()


def _stop_background(worker: object) -> None:
    from kitloop_storefront import background

    background.stop()


def _die_with_parent(arbiter: object, worker: object) -> None:
    """When the server is killed -9, its process of threads goes too, and the port is free for the next start."""
    if sys.platform == "linux":
        death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None, use_errno=True).prctl(death_signal, signal.SIGKILL)
