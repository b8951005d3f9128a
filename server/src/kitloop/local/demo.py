"""`kitloop demo`: all four parties on this machine, and one kit from the shop's button to its results."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx2
from kitloop_sdk import Client, KitloopError
from rich.console import Console

from kitloop.local import commands
from kitloop.local.customer import Customer, ShopSaidNo
from kitloop.local.feed import Feed, Passed
from kitloop.local.loop import Loop, call, running
from kitloop.local.processes import Program, command, port_is_free
from kitloop.local.setup import database, load_django, migrate_in_a_process

STAFF = "staff@kitloop-shop.example"
NOTES = "demo.json"  # ids and logins of this demo
MARK = "this-is-a-demo"  # its presence lets --fresh remove what lies beside it
KEPT_WHEN_FRESH = ("demo", "numba")  # the simulated reference and the compiled analysis: the same bytes each time
PATIENCE_SECONDS = 420.0
PORT = click.IntRange(1, 65535)
COLOURS = {"customer": "magenta", "shop": "cyan", "platform": "green", "lab": "yellow"}


@click.command(epilog="Example: kitloop demo --once    (ends by itself when the results page shows results)")
@click.option("--once", is_flag=True, help="End with exit code 0 when the results page shows results.")
@click.option("--fresh", is_flag=True, help="Throw the demo's data away first, and begin anew.")
@click.option(
    "--port",
    default=8000,
    envvar="KITLOOP_PORT",
    show_envvar=True,
    show_default=True,
    type=PORT,
    help="The platform's port.",
)
@click.option(
    "--lab-port",
    default=8020,
    envvar="KITLOOP_LAB_PORT",
    show_envvar=True,
    show_default=True,
    type=PORT,
    help="The lab's port.",
)
@click.option(
    "--shop-port",
    default=8030,
    envvar="KITLOOP_SHOP_PORT",
    show_envvar=True,
    show_default=True,
    type=PORT,
    help="The shop's port.",
)
@click.option(
    "--stage-seconds",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0),
    help="How long the kit stays at each stage.",
)
def demo(once: bool, fresh: bool, port: int, lab_port: int, shop_port: int, stage_seconds: float) -> None:
    """Run the whole loop on this machine.

    Starts shop, platform and lab, and carries one kit from the order button to its results.

    Everything is left running until Ctrl-C. A second start goes on with the data of the first.
    """
    settings = (("KITLOOP_PORT", port), ("KITLOOP_LAB_PORT", lab_port), ("KITLOOP_SHOP_PORT", shop_port))
    for name, number in settings:
        if not port_is_free("127.0.0.1", number):
            click.echo(f"Error: port {number} is taken. Set {name} to a free one, and start again.", err=True)
            sys.exit(2)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell starts what runs in the background with SIGINT ignored
        signal.signal(number, _leave)
    data = Path(os.environ.get("KITLOOP_DATA") or ".kitloop").absolute()
    console = Console(highlight=False, soft_wrap=True)
    loop = Loop(
        data=data,
        demo=Path(os.environ.get("KITLOOP_DEMO") or data / "demo"),
        host="127.0.0.1",
        port=port,
        lab_port=lab_port,
        stage_seconds=stage_seconds,
        environment={
            "KITLOOP_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "KITLOOP_WEBHOOK_RETRY_SECONDS": "0,1,3,5,10,30,60,300",
        },
    )
    playing = _Demo(loop, shop_port, console)
    try:
        if fresh:
            _forget(data)
        loop.make_folder()
        (data / MARK).touch()  # first of all: what is half made is a demo's too
        playing.play(once=once)
    except (KeyboardInterrupt, click.Abort):  # our own commands turn the one into the other
        console.print("stopped; everything that was started has ended")
        if not playing.is_carried:
            sys.exit(130)  # nobody should take an interrupted `--once` for one that saw results
    except ShopSaidNo as error:
        raise click.ClickException(str(error)) from None


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def _forget(data: Path) -> None:
    """Removes a demo's data, and nothing that is not a demo's."""
    if not data.exists() or not any(data.iterdir()):
        return
    if not (data / MARK).exists():
        raise click.ClickException(f"{data} holds no demo ({MARK} is not there), so --fresh does not touch it.")
    for entry in data.iterdir():
        if entry.name in {*KEPT_WHEN_FRESH, MARK}:
            continue
        if entry.is_symlink():  # the database, where it had to stand outside a closed folder
            shutil.rmtree(entry.resolve(), ignore_errors=True)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@dataclass(slots=True)
class _Demo:
    loop: Loop
    shop_port: int
    console: Console
    began: float = 0.0
    is_carried: bool = False

    @property
    def shop_url(self) -> str:
        return f"http://127.0.0.1:{self.shop_port}"

    def play(self, *, once: bool) -> None:
        self.began = time.monotonic()
        self.console.print("[bold]Kitloop[/]: customer, shop, platform and lab, on this machine")
        self.loop.enter()
        with database(), running(self.loop):
            self.loop.build_reference(self._say)
            self._say("database, platform, worker and lab are starting")
            migrate_in_a_process()
            notes = self._notes()
            self.loop.start_platform()
            self.loop.start_lab()
            self.loop.wait_for("platform", f"{self.loop.url}/health")
            self.loop.wait_for("lab", f"{self.loop.lab_url}/lab/v1/health")
            self._start_shop(notes)
            self._carry_one_kit(notes)
            self.is_carried = True
            self._tell_where(notes)
            while not once:
                self._look_after()
                time.sleep(0.3)

    def _say(self, text: str) -> None:
        self.console.print(f"[dim]{time.monotonic() - self.began:6.1f} s[/]  {text}")

    def _look_after(self) -> None:
        for name in self.loop.look_after():
            self._say(f"[red]{name} had ended and was started again[/]")

    def _notes(self) -> dict[str, Any]:
        """Ids and logins, made by our own commands on the first start and kept in the data folder (mode 0600)."""
        path = self.loop.data / NOTES
        if path.exists():
            notes: dict[str, Any] = json.loads(path.read_text())
        else:
            notes = self._make_rows()
        for name in ("shop_password", "staff_password", "lab_password"):
            notes.setdefault(name, secrets.token_urlsafe(12))
        _write_secret(path, json.dumps(notes, indent=1) + "\n")  # before the logins: who was made has a known password
        if not notes.get("has_logins"):
            self._make_logins(notes)
            _write_secret(path, json.dumps({**notes, "has_logins": True}, indent=1) + "\n")
        # Always: the ports may be others than the last time.
        secret = str(self.loop.lab_secret_file())
        call(commands.create_lab, "sandbox", "--url", self.loop.lab_url, "--sandbox", "--secret-file", secret)
        return notes

    def _make_rows(self) -> dict[str, Any]:
        # What was made before a Ctrl-C stays unused: names carry no meaning, and this runs once more from the start.
        email = f"owner-{secrets.token_hex(2)}@acme.example"
        organization = call(
            commands.create_organization, "Acme Health", "--kit-ordering", "--results-url", f"{self.shop_url}/kits/"
        )["organization_id"]
        made = call(commands.create_user, email, "--organization", organization, "--role", "owner")
        key = call(commands.create_api_key, email, "--name", "shop")["api_key"]
        project = call(commands.create_project, "Kits", "--organization", organization)["project_id"]
        return {"email": email, "api_key": key, "project_id": project, "password": made["password"]}

    def _make_logins(self, notes: dict[str, Any]) -> None:
        """Somebody at the bench and somebody of the shop's staff, so that those pages can be seen from inside too."""
        lab = [command("kitloop-lab"), "--data", str(self.loop.data / "lab"), "create-user", "ada", "--exist-ok"]
        shop = [command("kitloop-shop"), "create-staff", "--data", str(self.loop.data / "shop"), "--exist-ok"]
        shop += ["--email", STAFF, "--name", "Staff"]
        for argv, name in ((lab, "KITLOOP_LAB_PASSWORD"), (shop, "KITLOOP_SHOP_NEW_PASSWORD")):
            password = notes["lab_password" if argv is lab else "staff_password"]
            done = subprocess.run(
                argv, env={**self._others_environment(), name: password}, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise click.ClickException(f"`{' '.join(argv[:2])}` failed: {done.stderr.strip()}")

    def _others_environment(self) -> dict[str, str]:
        """Lab and shop are Django projects of their own."""
        return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    def _start_shop(self, notes: dict[str, Any]) -> None:
        folder = self.loop.data / "shop"
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_secret(folder / "api-key", notes["api_key"])
        self._subscribe(notes, folder / "webhook-secret")
        argv = [
            command("kitloop-shop"), "serve", "--port", str(self.shop_port), "--data", str(folder), "--api", self.loop.url,
            "--api-key-file", str(folder / "api-key"), "--project", notes["project_id"],
            "--webhook-secret-file", str(folder / "webhook-secret"), "--test-mode", "--track-seconds", "1",
            "--public-url", self.shop_url,
        ]  # fmt: skip
        self.loop.supervisor.add(Program("shop", argv, self.loop.log("shop")))
        self.loop.wait_for("shop", f"{self.shop_url}/health")

    def _subscribe(self, notes: dict[str, Any], secret_file: Path) -> None:
        """The shop's webhook, as an integrator sets it up: over the API. Kept from the last time where the port is the same."""
        target = f"{self.shop_url}/webhooks/kitloop"
        with Client(self.loop.url, notes["api_key"]) as client:
            there = [s for s in client.subscriptions(notes["project_id"]) if s.target == target]
            if there and secret_file.exists():
                return
            subscription = there[0] if there else client.create_subscription(
                notes["project_id"], target, ["analysis_complete_v2"]
            )  # fmt: skip
            _write_secret(secret_file, client.subscription_secret(subscription.id))

    def _carry_one_kit(self, notes: dict[str, Any]) -> None:
        customer = Customer(self.shop_url)
        try:
            customer.log_in_or_sign_up(name="Jane Doe", email="jane.doe@example.com", password=notes["shop_password"])
            before = self._sample_ids(notes)
            kit_path = customer.order_kit()
            self._show(Passed(_now(), "customer", "shop", "presses “Order a kit”"))
            load_django()
            feed = Feed()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                self._look_after()
                with contextlib.suppress(httpx2.HTTPError, KitloopError, OSError):
                    if feed.sample_id is None:
                        new = self._sample_ids(notes) - before
                        feed.sample_id = new.pop() if new else None
                    for passed in feed.news():
                        self._show(passed)
                    if customer.results(kit_path):
                        self._wait_for_the_webhook(feed)
                        self._show(Passed(_now(), "shop", "customer", f"results: {self.shop_url}{kit_path}results/"))
                        return
                time.sleep(0.3)
        finally:
            customer.close()
        raise click.ClickException(
            f"After {PATIENCE_SECONDS:.0f} s the results page shows no results. The logs are in {self.loop.log('*').parent}."
        )

    def _wait_for_the_webhook(self, feed: Feed) -> None:
        """The shop shows results as soon as it is told, and the platform writes down after its answer that it told it."""
        deadline = time.monotonic() + 20
        while not feed.has_webhook and time.monotonic() < deadline:
            for passed in feed.news():
                self._show(passed)
            time.sleep(0.1)

    def _sample_ids(self, notes: dict[str, Any]) -> set[Any]:
        load_django()
        from kitloop.kits.models import Sample

        return set(Sample.objects.filter(project_id=notes["project_id"]).values_list("id", flat=True))

    def _show(self, passed: Passed) -> None:
        sender, receiver = (f"[{COLOURS[party]}]{party:<8}[/]" for party in (passed.sender, passed.receiver))
        arrow = "  " if passed.sender == passed.receiver else "→ "
        self._say(f"{sender} {arrow}{receiver if arrow.strip() else ' ' * 8} {passed.text}")

    def _tell_where(self, notes: dict[str, Any]) -> None:
        say = self.console.print
        say()
        say(f"  [cyan]shop[/]      {self.shop_url}   jane.doe@example.com / {notes['shop_password']}")
        say(f"  [cyan]its staff[/] {self.shop_url}/staff/   {STAFF} / {notes['staff_password']}")
        say(f"  [green]dashboard[/] {self.loop.url}   {notes['email']} / {notes['password']}")
        say(f"  [yellow]lab[/]       {self.loop.lab_url}   ada / {notes['lab_password']}")
        say(f"  e-mails   {self.loop.data / 'mail'}")
        say(f"  logs      {self.loop.log('*').parent}")
        say()


def _now() -> Any:
    from kitloop.base import clock

    return clock.now()


def _write_secret(path: Path, text: str) -> None:
    """Written elsewhere and renamed into place: an interrupted start leaves the old text or the new one."""
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
