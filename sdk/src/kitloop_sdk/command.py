"""The `kitloop` command. Each installed part adds its subcommands through the entry point group `kitloop.commands`."""

from importlib.metadata import entry_points

import click


class InstalledCommands(click.Group):
    """A group whose subcommands are looked up among the installed parts, and loaded only when called or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(e.name for e in entry_points(group="kitloop.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in entry_points(group="kitloop.commands", name=cmd_name):
            command = entry.load()
            assert isinstance(command, click.Command)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=InstalledCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: kitloop demo    (all four parties on this machine, one kit from order to results)",
)
@click.version_option(package_name="kitloop-sdk", prog_name="kitloop")
def main() -> None:
    """Kitloop runs a genetic-testing kit programme end to end."""
