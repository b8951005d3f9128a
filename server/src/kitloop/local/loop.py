"""Everything that both `kitloop demo` and `kitloop sandbox` run: platform, worker and sandbox lab, on this machine."""

import contextlib
import fcntl
import io
import json
import os
import secrets
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import click

from kitloop.base import postgres
from kitloop.base.data import private_folder
from kitloop.base.signals import undisturbed
from kitloop.local.processes import Program, Supervisor, command

ROOM_BYTES = 1024**3
Say = Callable[[str], None]


@dataclass(slots=True)
class Loop:
    """Where the loop lives and listens. `environment` goes to every program of it."""

    data: Path
    demo: Path  # the genomics demo: reference bundle, and the people that the lab's samples are drawn from
    host: str
    port: int
    lab_port: int
    stage_seconds: float
    environment: dict[str, str] = field(default_factory=dict)
    supervisor: Supervisor = field(default_factory=Supervisor)
    _lock: IO[str] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def lab_url(self) -> str:
        return f"http://{self.host}:{self.lab_port}"

    def log(self, name: str) -> Path:
        return private_folder(self.data / "logs") / f"{name}.log"

    def make_folder(self) -> None:
        """Makes the loop's folder. Refuses, before anything is written, where it can't be or where there is no room."""
        there = next(folder for folder in (self.data, *self.data.parents) if folder.exists())
        free = shutil.disk_usage(there).free
        if free < ROOM_BYTES:
            raise click.ClickException(
                f"{free >> 20} MB are free in {there}; the loop needs 1 GB. Make room, or set KITLOOP_DATA."
            )
        try:
            self.data.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            said = f"The data folder {self.data} can't be made: {error.strerror}. Set KITLOOP_DATA to another."
            raise click.ClickException(said) from None
        if not os.access(self.data, os.W_OK | os.X_OK):
            raise click.ClickException(f"The data folder {self.data} can't be written. Set KITLOOP_DATA to another.")

    def enter(self) -> None:
        """Makes this process, and all that it starts, live in the loop's folder."""
        self.make_folder()
        self._alone()
        self.environment = {
            "KITLOOP_DATA": str(self.data),
            "KITLOOP_URL": self.url,
            "KITLOOP_SANDBOX": "1",
            "KITLOOP_BUNDLE": str(self.demo / "bundle"),
            "KITLOOP_LAB_ALLOWED_NETWORKS": "127.0.0.0/8",
            **self.environment,
        }
        os.environ.update(self.environment)

    def _alone(self) -> None:
        """One loop a folder: two would each start what the other's ports and rows belong to. Held until this process ends."""
        self._lock = (self.data / "loop.lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo(
                f"Error: another demo or sandbox runs in {self.data}. Set KITLOOP_DATA to another folder.", err=True
            )
            sys.exit(2)

    def build_reference(self, say: Say) -> None:
        """The demo's reference bundle, built once; and the analysis' numerical kernels, compiled once."""
        if not (self.demo / "bundle" / "manifest.json").exists():
            say("building the simulated reference (once, about 20 s)")
        self._run([command("kitloop-genomics"), "panel", "demo", str(self.demo)], "reference")
        say("compiling the analysis (once; later starts find it done)")
        self._run([command("kitloop-genomics"), "warmup"], "reference")

    def _run(self, argv: list[str], name: str) -> None:
        program = Program(name, argv, self.log(name))
        try:
            code = program.run()
        finally:
            program.stop()
        if code:
            raise click.ClickException(f"`{' '.join(argv[:3])}` failed; {program.log} says:\n{program.last_words()}")

    def lab_secret_file(self) -> Path:
        path = self.data / "lab-secret"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path

    def start_platform(self, *, pid_file: Callable[[int], None] | None = None) -> None:
        """Server and worker; the tables must be up to date."""
        host_port = ["--host", self.host, "--port", str(self.port)]
        self.supervisor.add(
            Program(
                "platform",
                [command("kitloop"), "serve", *host_port, "--no-migrate"],
                self.log("platform"),
                started=pid_file,
            )
        )
        worker = [command("kitloop"), "worker", "--no-migrate"]
        self.supervisor.add(Program("worker", [*worker, "--queues", "lab,housekeeping"], self.log("worker")))
        # A mail server that is slow must keep neither orders nor webhooks waiting.
        self.supervisor.add(Program("mail", [*worker, "--queues", "mail", "--concurrency", "2"], self.log("mail")))
        # Drains wait on others' servers, and cost nothing while they do: many at once, and none in the way of an order.
        drains = ["--queues", "webhooks", "--concurrency", "100"]
        self.supervisor.add(Program("webhooks", [*worker, *drains], self.log("webhooks")))
        # Analyses in a worker of their own: each takes a core and some 500 MB, and must not keep a webhook waiting.
        cores = str(min(4, os.cpu_count() or 1))
        self.supervisor.add(
            Program("analysis", [*worker, "--queues", "analysis", "--concurrency", cores], self.log("analysis"))
        )

    def start_lab(self) -> None:
        argv = [
            command("kitloop-lab"), "serve", "--host", self.host, "--port", str(self.lab_port),
            "--data", str(self.data / "lab"), "--platform", self.url, "--secret-file", str(self.lab_secret_file()),
            "--demo", str(self.demo), "--stage-seconds", str(self.stage_seconds),
        ]  # fmt: skip
        self.supervisor.add(Program("lab", argv, self.log("lab")))

    def look_after(self) -> list[str]:
        """Starts again what has ended, PostgreSQL first. Returns the names."""
        again = []
        if not os.environ.get("DATABASE_URL"):
            where = postgres.cluster()
            if not postgres.is_running(where):
                with contextlib.suppress(
                    postgres.PostgresFailed
                ):  # it may still be going down; the next look tries again
                    postgres.start(where)
                    again.append("postgres")
        return again + self.supervisor.look_after()

    def wait_for(self, name: str, url: str, *, seconds: float = 180.0) -> None:
        """Until the URL answers 200; says what the program printed last where it does not."""
        program = next(p for p in self.supervisor.programs if p.name == name)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.look_after()
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 our own
                if answer.status == 200:
                    return
            if program.restarts >= 4:
                break  # it does not just take long: it keeps ending
            time.sleep(0.1)
        raise click.ClickException(f"{name} did not come up; {program.log} says:\n{program.last_words()}")


def call(subcommand: click.Command, *words: str) -> dict[str, Any]:
    """Runs one of our own commands in this process, with --json, and returns what it says."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        subcommand.main([*words, "--json"], standalone_mode=False)
    found: dict[str, Any] = json.loads(said.getvalue())
    return found


@contextlib.contextmanager
def running(loop: Loop) -> Iterator[Loop]:
    """Stops everything that the loop started, however this is left; SIGTERM leaves it as Ctrl-C does."""
    try:
        yield loop
    finally:
        with undisturbed():  # a second Ctrl-C would leave what the first one was about to end
            loop.supervisor.stop()
