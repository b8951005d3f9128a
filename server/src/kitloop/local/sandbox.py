"""`kitloop sandbox`: platform, worker and a lab that plays by itself, for an integrator's own tests."""

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kitloop.base.signals import undisturbed
from kitloop.local import commands
from kitloop.local.loop import Loop, call, running
from kitloop.local.processes import free_port, port_is_free
from kitloop.local.setup import database, migrate_in_a_process

PORT = click.IntRange(0, 65535)
LOOPBACK = ["127.0.0.0/8"]
PASSWORD = "sandbox password"  # noqa: S105 of a database that is thrown away


def _place(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """A file that can be written where it is to stand. Found out now, and not when all of it is running."""
    folder = Path(given or ".").absolute().parent
    if given is not None and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise click.BadParameter(f"{folder} is no folder that can be written.")
    return given


@click.command(epilog="Example: kitloop sandbox --ready sandbox.json    (then read host and api_key from that file)")
@click.option(
    "--ready",
    required=True,
    callback=_place,
    type=click.Path(dir_okay=False),
    help="Written, as JSON, when everything is ready.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=0,
    type=PORT,
    envvar="KITLOOP_PORT",
    show_envvar=True,
    help="The platform's port; a free one by default.",
)
@click.option(
    "--lab-port",
    default=0,
    type=PORT,
    envvar="KITLOOP_LAB_PORT",
    show_envvar=True,
    help="The lab's port; a free one by default.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False),
    help="Keep everything here; by default a new folder, thrown away at the end.",
)
@click.option(
    "--stage-seconds",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="How long a kit stays at each stage.",
)
@click.option(
    "--private-webhooks/--no-private-webhooks", default=True, help="Whether webhooks may go to loopback addresses."
)
@click.option(
    "--pid-file",
    callback=_place,
    type=click.Path(dir_okay=False),
    help="Names the server's process, which may be killed with -9.",
)
def sandbox(
    ready: str, host: str, port: int, lab_port: int, data: str | None, stage_seconds: float, private_webhooks: bool,
    pid_file: str | None,
) -> None:  # fmt: skip
    """Run platform and sandbox lab for your own tests.

    Runs until Ctrl-C, in a new data folder unless --data names one. Webhooks may go to loopback addresses, and are tried again
    1, 3, 5, 10 and 30 s after the first try. Kits travel as fast as the machine goes.
    """
    for name, given in (("--port", port), ("--lab-port", lab_port)):
        if given and not port_is_free(host, given):
            click.echo(f"Error: port {given} on {host} is taken. Choose another with {name}.", err=True)
            sys.exit(2)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell starts what runs in the background with SIGINT ignored
        signal.signal(number, _leave)
    Path(ready).unlink(missing_ok=True)
    folder = Path(data).absolute() if data else Path(tempfile.mkdtemp(prefix="kitloop-sandbox-"))
    try:
        if not data and os.geteuid() == 0:
            folder.chmod(0o711)  # a new folder of ours, which the database's account has to pass through
        loop = Loop(
            data=folder / "data", demo=_demo_folder(), host=host, port=port or free_port(), lab_port=lab_port or free_port(),
            stage_seconds=stage_seconds, environment=_environment(private_webhooks),
        )  # fmt: skip
        _run(loop, Path(ready), _pid_writer(pid_file), LOOPBACK if private_webhooks else [])
    except (KeyboardInterrupt, click.Abort):  # our own commands turn the one into the other
        click.echo("stopped", err=True)
    finally:
        with undisturbed():
            Path(ready).unlink(missing_ok=True)
            if pid_file:  # whoever reads it kills what it names
                Path(pid_file).unlink(missing_ok=True)
            if not data:
                _throw_away(folder)


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def _throw_away(folder: Path) -> None:
    database = folder / "data" / "postgres"
    if database.is_symlink():  # it had to stand outside a closed folder
        shutil.rmtree(database.resolve(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _environment(private_webhooks: bool) -> dict[str, str]:
    return {
        "KITLOOP_WEBHOOK_RETRY_SECONDS": "0,1,3,5,10,30",
        "KITLOOP_WEBHOOK_TIMEOUT_SECONDS": "5",
        "KITLOOP_WEBHOOK_ALLOWED_NETWORKS": ",".join(LOOPBACK) if private_webhooks else "",
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR") or str(_demo_folder().with_name("numba")),
    }


def _demo_folder() -> Path:
    """Shared by all sandboxes of this user: the same bytes each time, and 20 seconds to make."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("KITLOOP_DEMO") or cache / "kitloop" / "demo")


def _pid_writer(pid_file: str | None) -> Callable[[int], None] | None:
    if pid_file is None:
        return None
    return lambda pid: _write_whole(Path(pid_file), f"{pid}\n")


def _run(loop: Loop, ready: Path, pid_file: Callable[[int], None] | None, networks: list[str]) -> None:
    started = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"{time.monotonic() - started:5.1f} s  {text}", err=True)

    loop.enter()
    with database(), running(loop):
        loop.build_reference(say)
        migrate_in_a_process()
        rows = _rows(loop)
        loop.start_platform(pid_file=pid_file)
        loop.start_lab()
        loop.wait_for("platform", f"{loop.url}/health")
        loop.wait_for("lab", f"{loop.lab_url}/lab/v1/health")
        _write_whole(ready, json.dumps({"host": loop.url, **rows, "webhook_networks": networks}, indent=1) + "\n")
        say(f"ready: {loop.url} (everything about it is in {ready}; Ctrl-C ends it)")
        while True:
            for name in loop.look_after():
                say(f"{name} had ended and was started again")
            time.sleep(0.2)


def _rows(loop: Loop) -> dict[str, Any]:
    """Two organizations, each with an owner, a project and a key, made on a folder's first start; and the lab."""
    call(
        commands.create_lab, "sandbox", "--url", loop.lab_url, "--sandbox", "--secret-file", str(loop.lab_secret_file())
    )
    kept = loop.data / "sandbox.json"
    if kept.exists():
        rows: dict[str, Any] = json.loads(kept.read_text())
    else:
        rows = _make_rows(loop)
        _write_whole(kept, json.dumps(rows) + "\n")
    return rows


def _make_rows(loop: Loop) -> dict[str, Any]:
    password = loop.data / "password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD)
    found: dict[str, Any] = {}
    for prefix, name in (("", "Sandbox"), ("other_", "Other")):
        # A start that was killed half-way has left a user of its own, who is not in the way of this one's.
        email = f"owner-{secrets.token_hex(3)}@{name.lower()}.example"
        organization = call(commands.create_organization, name, "--kit-ordering")["organization_id"]
        call(commands.create_user, email, "--organization", organization, "--password-file", str(password))
        found[f"{prefix}api_key"] = call(commands.create_api_key, email, "--name", "sandbox")["api_key"]
        found[f"{prefix}project_id"] = call(commands.create_project, "Kits", "--organization", organization)[
            "project_id"
        ]
        if not prefix:
            found |= {"email": email, "password": PASSWORD}
    return found


def _write_whole(path: Path, text: str) -> None:
    """Written elsewhere and renamed into place: a reader sees all of it or nothing."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
