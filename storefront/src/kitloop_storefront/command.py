"""The `kitloop-shop` command."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from kitloop_storefront.data_folder import prepare

Command = TypeVar("Command", bound=Callable[..., Any])

EXAMPLES = """\b
Examples:
  kitloop-shop serve --api http://127.0.0.1:8000 --api-key-file key --project 06a5d04b-526a-4471-83ba-fb54e0941758 \\
      --webhook-secret-file secret --test-mode
  kitloop-shop create-staff --email ann@example.com
  kitloop-shop doctor
"""


def option(*names: str, env: str, **more: Any) -> Callable[[Command], Command]:
    return click.option(*names, envvar=f"KITLOOP_SHOP_{env}", show_envvar=True, **more)


def about_data(command: Command) -> Command:
    """The options by which every command finds the shop's data."""
    command = option("--database-url", env="DATABASE_URL", help="Another database than SQLite in the data folder.")(
        command
    )
    return option(
        "--data",
        env="DATA",
        type=click.Path(path_type=Path),
        help="Data folder.  [default: $KITLOOP_DATA/shop or .kitloop/shop]",
    )(command)


def about_platform(command: Command) -> Command:
    """The options by which serve and doctor find the platform."""
    for add in (
        option(
            "--webhook-secret-file",
            env="WEBHOOK_SECRET_FILE",
            help="File with the webhook secret; read again when it changes, two lines while rotating.",
        ),
        option("--webhook-secret", env="WEBHOOK_SECRET", help="The secret itself; a file is safer."),
        option("--project", env="PROJECT", help="Project id that kits are ordered in."),
        option("--api-key-file", env="API_KEY_FILE", help="File with the API key."),
        option("--api-key", env="API_KEY", help="The key itself; a file is safer."),
        option("--api", env="API", help="Platform's address.  [default: https://api.gencove.com]"),
    ):
        command = add(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EXAMPLES)
@click.version_option(package_name="kitloop-storefront", prog_name="kitloop-shop")
def main() -> None:
    """The reference shop: customers order kits, follow them, and read their results."""


@main.command(epilog=EXAMPLES)
@option("--host", env="HOST", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option("--port", env="PORT", default=8030, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@about_data
@about_platform
@option("--public-url", env="PUBLIC_URL", help="Address that customers use; https switches on secure cookies and HSTS.")
@option("--poll-seconds", env="POLL_SECONDS", type=float, help="Look for news that no webhook told.  [default: 3600]")
@option(
    "--track-seconds", env="TRACK_SECONDS", type=float, help="Refresh a kit that somebody has open.  [default: 3600]"
)
@option("--test-mode/--real", env="TEST_MODE", default=False, help="Order with test_mode: nothing is shipped.")
@option("--threads", env="THREADS", default=8, show_default=True, type=click.IntRange(2, 64), help="Requests at once.")
def serve(host: str, port: int, threads: int, **settings: Any) -> None:
    """Serve the shop, and send and fetch in the background. Migrates the database first."""
    from kitloop_storefront.serve import PortTaken, Server, check_port

    _set_up(HOST=host, **settings)
    _run_migrations_if_behind()
    try:
        check_port(host, port)
    except PortTaken as error:
        click.echo(f"{host}:{port} can't be used ({error}). Choose another with --port or KITLOOP_SHOP_PORT.", err=True)
        raise SystemExit(2) from error
    click.echo(f"The shop is at http://{host}:{port}/  (Ctrl-C ends it)")
    Server(host=host, port=port, threads=threads).run()


@main.command()
@about_data
def migrate(**settings: Any) -> None:
    """Bring the database to this version. `serve` does it too."""
    _set_up(**settings)
    _run_migrations()
    click.echo("The database is up to date.")


def _account_options(command: Command) -> Command:
    for add in (
        click.option("--exist-ok", is_flag=True, help="Leave an existing account as it is, and succeed."),
        option(
            "--password",
            env="NEW_PASSWORD",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="Asked for when not given.",
        ),
        click.option("--name", default="", help="Shown on orders."),
        click.option("--email", prompt=True, help="Address to log in with."),
    ):
        command = add(command)
    return about_data(command)


@main.command()
@_account_options
def create_staff(**given: Any) -> None:
    """Make an account that sees all orders."""
    _create(is_staff=True, **given)


@main.command()
@_account_options
def create_customer(**given: Any) -> None:
    """Make an account of a customer."""
    _create(is_staff=False, **given)


@main.command()
@about_data
@about_platform
def doctor(**settings: Any) -> None:
    """Check that the shop can do its work, and say what to do where it can't."""
    _set_up(**settings)
    from kitloop_storefront.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'FAIL'}  {finding.text}")
        if not finding.well:
            click.echo(f"      {finding.remedy}")
    raise SystemExit(0 if all(finding.well for finding in findings) else 1)


def _create(*, is_staff: bool, email: str, name: str, password: str, exist_ok: bool, **settings: Any) -> None:
    _set_up(**settings)
    _run_migrations()
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from kitloop_storefront.models import Customer
    from kitloop_storefront.models.customer import plain_email

    try:
        validate_email(email)
    except ValidationError as error:
        raise click.BadParameter("not an e-mail address", param_hint="--email") from error
    if Customer.objects.filter(email=plain_email(email)).exists():
        click.echo("There is an account with this address already.", err=not exist_ok)
        raise SystemExit(0 if exist_ok else 1)
    account = Customer.objects.create_user(email, password, name=name, is_staff=is_staff)
    click.echo(f"Made the {'staff' if is_staff else 'customer'} account {account.pk}.")


def _set_up(**settings: Any) -> None:
    """Hand the options to the settings by the environment, so that each is said once and works in both ways."""
    for name, value in settings.items():
        if value is not None:
            os.environ[f"KITLOOP_SHOP_{name.upper()}"] = (
                ("1" if value else "0") if isinstance(value, bool) else str(value)
            )
    api = os.environ.get("KITLOOP_SHOP_API", "")
    if api and urlsplit(api).scheme not in ("http", "https"):
        raise click.BadParameter(
            "an http or https address, as http://127.0.0.1:8000", param_hint="--api / KITLOOP_SHOP_API"
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kitloop_storefront.settings")
    folder = os.environ.get("KITLOOP_SHOP_DATA") or Path(os.environ.get("KITLOOP_DATA") or ".kitloop") / "shop"
    try:
        prepare(Path(folder).absolute())
    except OSError as error:
        raise click.ClickException(
            f"The data folder {folder} can't be used: {error.strerror}. Choose another with --data."
        ) from error
    import django

    django.setup()


def _run_migrations_if_behind() -> None:
    """What a start needs: the whole command would take a tenth of it to find that there is nothing to do."""
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _run_migrations()
    connections.close_all()  # a connection must not be carried over a fork


def _run_migrations() -> None:
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
