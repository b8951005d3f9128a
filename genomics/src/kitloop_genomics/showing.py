"""What the commands print for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def tell() -> Callable[[str], None]:
    """Says a line at a terminal, and nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return lambda line: console.print(f"[dim]·[/dim] {line}") if console.is_terminal else None


def show(result: dict[str, Any]) -> None:
    """A summary of a `result.json`."""
    click.echo(f"{result['sample_id']}: {result['status']}")
    for told, rows in (("", result["reasons"]), ("warning, ", result["warnings"]), ("hold, ", result["holds"])):
        for reason in rows:
            click.echo(f"  {told}{reason['code']}: {reason['message']}")
    if result["ancestry"]:
        for row in result["ancestry"]["value"]["populations"]:
            click.echo(f"  {row['name']:10} {row['proportion']:6.1%}  ({row['low']:.1%} to {row['high']:.1%})")
    for score in result["scores"]:
        if score["reported"]:
            band = f"{score['percentile_low']:g} to {score['percentile_high']:g}"
            click.echo(f"  {score['name']}: percentile {score['percentile']:g} ({band})")
        else:
            click.echo(f"  {score['name']}: not reported, {score['not_reported_because']}")
    for trait in result["traits"]:
        said = trait["outcome"] if trait["reported"] else f"not reported, {trait['not_reported_because']}"
        click.echo(f"  {trait['name']}: {said}")
    if "accuracy" in result:
        show_accuracy(result["accuracy"])
        if "untyped" in result["accuracy"]:
            click.echo("at sites that the array doesn't hold:")
            show_accuracy(result["accuracy"]["untyped"])


def show_accuracy(found: dict[str, Any]) -> None:
    """A comparison with known genotypes, as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table("MAF", "sites", "dosage r²", title=f"r² {found['r2']}, NRC {found['nrc']}", title_justify="left")
    for row in found["by_maf"]:
        table.add_row(f"{row['maf_above']:.0%} to {row['maf_to']:.0%}", str(row["sites"]), str(row["r2"]))
    table.add_row("above 5%", "", str(found["r2_maf_above_5_percent"]))
    Console().print(table)
