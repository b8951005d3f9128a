"""`kitloop-genomics inspect-array`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

EXIT_REFUSED = 4
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("inspect-array")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the counts, or an `error` with code and remedy.")
def inspect_array_command(file: Path, as_json: bool) -> None:
    """Say whose export FILE is and whether it can be used. Prints counts, never genotypes. Exit code 4 if refused.

    \b
    Example: kitloop-genomics inspect-array genome_v5_Full.zip --json
    """
    from kitloop_genomics.arrays.errors import ExportError
    from kitloop_genomics.arrays.export import read_export

    try:
        found = read_export(file).as_json()
    except ExportError as error:
        if as_json:
            click.echo(json.dumps({"error": error.as_json()}))
        else:
            click.echo(f"✗ {error}\n  {error.code}", err=True)
        sys.exit(EXIT_REFUSED)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name.replace('_', ' '):16} {'not stated' if value in (None, '') else value}")
