"""`kitloop-lab serve`: one gunicorn worker with threads, and the desks in it."""

import ctypes
import os
import signal
import socket
import sys
import time
from typing import Any

from gunicorn.app.base import BaseApplication

PR_SET_PDEATHSIG = 1


class PortTaken(Exception):
    """Something else listens on this address."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Waits up to a second for the port: a predecessor that was killed is gone in a moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    until = time.monotonic() + 1.0
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(128)  # SO_REUSEADDR lets two bind; only one can listen
        except OSError as error:
            listener.close()
            if time.monotonic() > until:
                raise PortTaken(error.strerror) from None
            time.sleep(0.1)
        else:
            return listener


def serve(listener: socket.socket, threads: int) -> None:
    """Serves until told to stop. Django is set up and the database migrated."""
    LabServer(
        {
            "bind": f"fd://{listener.fileno()}",
            "workers": 1,
            "threads": threads,
            "worker_class": "gthread",
            "graceful_timeout": 1,
            "timeout": 60,
            "keepalive": 5,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "kitloop-lab",
            "post_fork": _die_with_the_parent,
            "post_worker_init": _open_desks,
            "worker_int": _close_desks,
            "worker_exit": _close_desks_at_exit,
        }
    ).run()


class LabServer(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from kitloop_lab.wsgi import application

        return application


def _die_with_the_parent(arbiter: Any, _worker: Any) -> None:
    # kill -9 of the command must be the end of the worker too, or it would hold the port and play on. Linux says so
    # at once; elsewhere gunicorn's worker notices within a second or two by itself.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != arbiter.pid:
            os._exit(1)


def _open_desks(_worker: Any) -> None:
    from kitloop_lab.desks import open_desks

    open_desks()


def _close_desks(_worker: Any) -> None:
    from kitloop_lab.desks import close_desks

    close_desks()


def _close_desks_at_exit(_arbiter: Any, worker: Any) -> None:
    _close_desks(worker)
