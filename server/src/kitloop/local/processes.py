"""Programs on this machine: free ports, starting, watching and stopping them together."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kitloop.base.signals import disturbable, undisturbed

STOP_SECONDS = 8.0
STEADY_SECONDS = 10.0  # a program that ran for so long does not just keep ending
_PR_SET_PDEATHSIG = 1


def command(name: str) -> str:
    """A command of this environment, found beside its Python."""
    return str(Path(sys.executable).with_name(name))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class Program:
    """One program that is kept running; what it prints goes to its log."""

    name: str
    argv: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    started: Callable[[int], None] | None = None  # told the process id after each start
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    not_before: float = 0.0
    since: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, undisturbed():
            self.since = time.monotonic()
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Lab and shop are Django projects of their own: which one we are is not for them to inherit.
                env={**{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}, **self.environment},
                start_new_session=True,  # a Ctrl-C at the terminal is ours alone; we stop them in order
                preexec_fn=_in_the_child,
            )
        if self.started:
            self.started(self.process.pid)

    def run(self) -> int:
        """Starts it and waits for its end; returns its exit code. Call `stop` however this ends."""
        self.start()
        assert self.process is not None
        return self.process.wait()

    def ask(self) -> None:
        """Asks the program and all that it started to end, and does not wait."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)

    def stop(self, *, is_asked: bool = False) -> None:
        """Asks the program and all that it started to end, and makes them, after a while."""
        if self.process is None:
            return
        if not is_asked:  # some take a second asking for impatience
            self.ask()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def has_ended(self) -> bool:
        """Whether it ended, however. What it started and left behind would hold its port, or work on unseen: that ends too."""
        if self.process is None:
            return True
        if self.process.poll() is None:
            return False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None
        return True

    def last_words(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def _in_the_child() -> None:
    """Linux: the kernel ends the program when we are killed. Elsewhere a killed parent leaves them running."""
    disturbable()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Keeps programs running: one that ends, however it ends, is started again (a worker leaves with 0 when PostgreSQL dies)."""

    def __init__(self) -> None:
        self.programs: list[Program] = []

    def add(self, program: Program) -> Program:
        self.programs.append(program)
        program.start()
        return program

    def look_after(self) -> list[str]:
        """Starts again what has ended; returns the names. Call it some times a second."""
        again = []
        for program in self.programs:
            now = time.monotonic()
            if not program.has_ended() or now < program.not_before:
                continue
            program.restarts = 1 if now - program.since > STEADY_SECONDS else program.restarts + 1
            program.not_before = now + min(5.0, 0.2 * 2 ** min(program.restarts, 5))
            program.start()
            again.append(program.name)
        return again

    def stop(self) -> None:
        """All are asked before the first is waited for: none needs another in order to end."""
        for program in reversed(self.programs):
            program.ask()
        for program in reversed(self.programs):
            program.stop(is_asked=True)
        self.programs.clear()
