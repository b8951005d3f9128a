"""`kitloop maintenance`: the switch, for the person who runs the platform. Needs neither the database nor the server."""

import json
from datetime import UTC, datetime

import click

from kitloop.base.data import data_folder
from kitloop.base.maintenance import MESSAGE, Maintenance, Switch, switch_off, switch_on

JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")


def _moment(context: click.Context, option: click.Parameter, given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given.strip())
    except ValueError:
        raise click.BadParameter(f"{given} is not a time. Write it like 2026-01-01T17:00, in UTC.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@click.group(epilog='Example: kitloop maintenance on --until 2026-01-01T17:00 --message "New disks"')
def maintenance() -> None:
    """Answer 503 to everybody for a while. Webhooks and analyses go on: stop the workers to stop them."""


@maintenance.command(epilog="Example: kitloop maintenance on --until 2026-01-01T17:00")
@click.option("--until", callback=_moment, help="When it should be over, in UTC: 2026-01-01T17:00.")
@click.option("--message", default=MESSAGE, show_default=True, help="What clients and people read.")
@JSON
def on(until: datetime | None, message: str, as_json: bool) -> None:
    """Switch maintenance on, for every web process of this data folder, at once and through restarts."""
    if until is not None and until <= datetime.now(UTC):
        raise click.BadParameter("this time is past.", param_hint="--until")
    if not message.strip() or not message.isprintable():
        raise click.BadParameter("must be one line of text.", param_hint="--message")
    found = Maintenance(message.strip(), until)
    switch_on(data_folder(), found)
    _say(found, as_json)


@maintenance.command(epilog="Example: kitloop maintenance off")
@JSON
def off(as_json: bool) -> None:
    """Switch it off. Safe to do again."""
    switch_off(data_folder())
    _say(None, as_json)


@maintenance.command(epilog="Example: kitloop maintenance status --json")
@JSON
def status(as_json: bool) -> None:
    """Say whether it is on."""
    _say(Switch(data_folder()).state(), as_json)


def _say(found: Maintenance | None, as_json: bool) -> None:
    if as_json:
        facts = {"until": found.eta, "message": found.message} if found else {}
        click.echo(json.dumps({"maintenance": found is not None, **facts}))
    elif found is None:
        click.echo("Maintenance is off.")
    else:
        click.echo(f"Maintenance is on{f' until {found.eta} UTC' if found.eta else ''}: {found.message}")
