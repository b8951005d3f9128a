"""The `kitloop-lab` command."""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from kitloop_lab import folders
from kitloop_lab.scenarios import SCENARIOS

F = TypeVar("F", bound=Callable[..., Any])
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(
    context_settings=HELP,
    epilog="""\b
Examples:
  kitloop-lab serve --platform http://127.0.0.1:8000 --secret-file lab.secret --demo demo
  kitloop-lab create-user ada
  kitloop-lab make-kits --batch 100
  kitloop-lab doctor

Every option of `serve` is also an environment variable; see lab/README.md.""",
)
@click.version_option(package_name="kitloop-lab", prog_name="kitloop-lab")
@click.option("--data", type=click.Path(file_okay=False), envvar="KITLOOP_LAB_DATA", help="The lab's data folder.")
def main(data: str | None) -> None:
    """The reference lab: takes orders by the Kitloop lab protocol and, as a sandbox, plays the kit's journey."""
    if data:
        os.environ["KITLOOP_LAB_DATA"] = data


def _option(name: str, variable: str, **more: Any) -> Callable[[F], F]:
    """An option that is also an environment variable, which is where the settings read it."""

    def keep(_ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
        if value is not None:
            os.environ[variable] = str(value)
        return value

    return click.option(name, envvar=variable, callback=keep, show_envvar=True, **more)


@main.command(
    epilog="""\b
Examples:
  kitloop-lab serve --platform http://127.0.0.1:8000 --secret-file lab.secret --demo demo
  kitloop-lab serve --platform http://127.0.0.1:8000 --stage-seconds 0 --scenario disordered
  KITLOOP_LAB_SECRET=… kitloop-lab serve --mode bench --platform https://kitloop.example.org"""
)
@_option("--data", "KITLOOP_LAB_DATA", type=click.Path(file_okay=False), help="Data folder [.kitloop/lab].")
@_option("--host", "KITLOOP_LAB_HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_option("--port", "KITLOOP_LAB_PORT", type=click.IntRange(0, 65535), default=8020, show_default=True)
@_option("--platform", "KITLOOP_LAB_PLATFORM_URL", help="Where events and files go: the platform's address.")
@_option("--slug", "KITLOOP_LAB_SLUG", default="sandbox", show_default=True, help="This lab's name at the platform.")
@_option(
    "--secret-file",
    "KITLOOP_LAB_SECRET_FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="A file with the shared secret; or set KITLOOP_LAB_SECRET.",
)
@_option(
    "--mode",
    "KITLOOP_LAB_MODE",
    type=click.Choice(["sandbox", "bench"]),
    default="sandbox",
    show_default=True,
    help="sandbox plays the journey by itself; in bench mode people do.",
)
@_option(
    "--stage-seconds",
    "KITLOOP_LAB_STAGE_SECONDS",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="Pause between stages; 0 is full speed.",
)
@_option(
    "--scenario",
    "KITLOOP_LAB_SCENARIO",
    type=click.Choice(list(SCENARIOS)),
    default="happy",
    show_default=True,
    help="What is played for orders that name no scenario.",
)
@_option(
    "--demo",
    "KITLOOP_LAB_DEMO",
    type=click.Path(exists=True, file_okay=False),
    help="The genomics demo folder (with bundle/ and people/) that reads are simulated from.",
)
@_option(
    "--depth",
    "KITLOOP_LAB_DEPTH",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Mean depth of simulated reads.",
)
@_option(
    "--threads",
    "KITLOOP_LAB_THREADS",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Requests answered at once.",
)
def serve(port: int, host: str, platform: str | None, threads: int, **_: Any) -> None:
    """Runs the lab until Ctrl-C: protocol, pages and, in sandbox mode, the robot."""
    from kitloop_lab.server import PortTaken, listen
    from kitloop_lab.server import serve as serve_until_stopped

    _check_platform(platform)
    if not (os.environ.get("KITLOOP_LAB_SECRET") or os.environ.get("KITLOOP_LAB_SECRET_FILE")):
        raise click.UsageError(
            "The lab needs the secret that it shares with the platform: --secret-file or KITLOOP_LAB_SECRET."
        )
    try:
        listener = listen(host, port)
    except PortTaken as taken:
        click.echo(
            f"Cannot listen on {host}:{port} ({taken}). Choose another with --port or KITLOOP_LAB_PORT.", err=True
        )
        sys.exit(2)
    _start_django()
    _migrate_if_behind()
    where = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/"
    from django.conf import settings

    click.echo(f"Lab {settings.LAB_SLUG} ({settings.LAB_MODE}) on {where}  platform {platform}  data {settings.DATA}")
    sys.stdout.flush()
    serve_until_stopped(listener, threads)


@main.command()
def migrate() -> None:
    """Makes or updates the lab's database. `serve` does this at every start."""
    _start_django()
    _migrate()
    click.echo("The lab's database is up to date.")


@main.command("make-kits", epilog="Example: kitloop-lab make-kits --batch 100")
@click.option("--batch", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Kits in the batch.")
def make_kits(batch: int) -> None:
    """Makes a batch of kits with barcodes, before any order."""
    _start_django()
    _migrate()
    from kitloop_lab.models import Kit
    from kitloop_lab.stock import make_batch

    made = make_batch(batch)
    stock = Kit.objects.filter(state=Kit.State.MADE).count()
    click.echo(f"Batch {made.pk}: {batch} kits. {stock} in stock.")


@main.command("create-user", epilog="Example: kitloop-lab create-user ada")
@click.argument("name")
@click.option("--ships/--no-ships", default=True, show_default=True, help="May see recipients, to print labels.")
@click.option("--exist-ok", is_flag=True, help="Leave an existing login as it is, and succeed.")
@click.password_option(envvar="KITLOOP_LAB_PASSWORD", show_envvar=True, help="Asked for when not given.")
def create_user(name: str, ships: bool, exist_ok: bool, password: str) -> None:
    """Makes a login of the bench for a person of the lab."""
    _start_django()
    _migrate()
    from django.contrib.auth.models import Permission, User
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if User.objects.filter(username=name).exists():
        if exist_ok:
            click.echo(f"There is a user {name} already.")
            return
        raise click.ClickException(f"There is a user {name} already.")
    try:
        validate_password(password)
    except ValidationError as weak:
        raise click.ClickException(" ".join(weak.messages)) from None
    user = User.objects.create_user(name, password=password, is_staff=True)
    if ships:
        user.user_permissions.add(Permission.objects.get(codename="view_sealedrecipient"))
    click.echo(f"User {name} can log in at the bench{'' if ships else ', without seeing recipients'}.")


@main.command()
def doctor() -> None:
    """Says what is in order and what is not. Ends with 1 where something has to be mended."""
    _start_django(make_folder=False)
    from kitloop_lab.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.fine else 'MEND'}  {finding.says}")
    sys.exit(0 if all(finding.fine for finding in findings) else 1)


def _check_platform(platform: str | None) -> None:
    if not platform:
        raise click.UsageError("The lab needs the platform's address: --platform or KITLOOP_LAB_PLATFORM_URL.")
    parts = urlsplit(platform)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--platform (KITLOOP_LAB_PLATFORM_URL) must be an http:// or https:// address.")


def _start_django(*, make_folder: bool = True) -> None:
    folder: Path = folders.data_folder()
    if make_folder:
        try:
            folders.prepare(folder)
        except OSError as error:
            raise click.ClickException(
                f"The data folder {folder} cannot be made: {error.strerror}. Choose another with --data "
                "or KITLOOP_LAB_DATA."
            ) from None
    os.environ["DJANGO_SETTINGS_MODULE"] = "kitloop_lab.settings"
    import django

    django.setup()


def _migrate_if_behind() -> None:
    """What a start needs: the whole command would take a tenth of it to find that there is nothing to do.

    `create-user` runs the whole one, which also makes the permissions that a first start, killed, may have left unmade.
    """
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _migrate()
    connections.close_all()  # a connection must not be carried into the worker's process


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connections

    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
