"""The commands `bench` and `simulate benchmark`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--depth", "depths", multiple=True, help="As in the file names, say 0.4; may be repeated. All, if none is given."
)
@click.option("--targets", type=click.IntRange(1), help="Only the first so many people.")
@click.option("--panel", help="Number of people: the full panel, or 1000 for the sub-panel.")
@click.option("--from-reads", is_flag=True, help="Begin with the one pair of FASTQ files of the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def bench(
    folder: Path, depths: tuple[str, ...], targets: int | None, panel: str | None, from_reads: bool, as_json: bool
) -> None:
    """Measure the imputer's accuracy, time and memory on FOLDER, one thread.

    FOLDER holds a panel, held-out targets and their likelihoods, as `simulate benchmark` writes it. If it holds
    GLIMPSE2's answer for the same targets too, paired differences with 95 % bootstrap intervals are printed.

    \b
    Example: kitloop-genomics bench simulated --depth 0.4 --targets 10 --json
    """
    from kitloop_genomics.benchmark.measure import measure

    found = measure(folder, panel=panel, depths=depths, targets=targets, from_reads=from_reads, tell=_tell())
    if as_json:
        click.echo(json.dumps(found if len(found["depths"]) != 1 else found["depths"][0] | found))
        return
    _show(found)


@click.command("benchmark")
@click.option("--out", type=_FOLDER, required=True, help="A folder that isn't there yet.")
@click.option("--seed", type=click.IntRange(0), required=True)
@click.option("--history", type=click.Choice(["americas", "islands"]), default="americas", show_default=True)
@click.option("--people", type=click.IntRange(20), default=3_202, show_default=True, help="In the panel.")
@click.option("--targets", type=click.IntRange(4), default=20, show_default=True, help="Held-out people.")
@click.option("--length-mb", type=click.FloatRange(0.1, 100), default=10, show_default=True)
@click.option(
    "--quiet-cm-per-mb", type=click.FloatRange(0.01, 10), default=0.3, show_default=True, help="Between hotspots."
)
def simulate_benchmark_command(
    out: Path, seed: int, history: str, people: int, targets: int, length_mb: float, quiet_cm_per_mb: float
) -> None:
    """Simulate a folder for `bench`: a panel and people who are not in it, sequenced at 0.1x, 0.4x, 1x and 4x.

    \b
    Example: kitloop-genomics simulate benchmark --out simulated --seed 7 --people 500 --length-mb 2
    """
    from kitloop_genomics.benchmark.simulation import simulate_benchmark

    path = simulate_benchmark(
        out, seed=seed, past=history, people=people, targets=targets, length_bp=round(length_mb * 1e6),
        quiet_cm_per_mb=quiet_cm_per_mb, tell=_tell(),
    )  # fmt: skip
    click.echo(f"folder  {path}")


def _tell() -> Callable[[str], None]:
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return lambda line: console.print(f"[dim]·[/dim] {line}") if console.is_terminal else None


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{found['panel_people']} people, {found['sites']} sites"
    table = Table("depth", "who", "people", "r² all", "above 1%", "NRC", "CPU s", "peak MB", title=title)
    for row in found["depths"]:
        depth, people = f"{row['depth_x']:g}x", str(row["targets"])
        ours = (
            row["r2_all"],
            row["r2_maf_above_1_percent"],
            row["nrc"],
            row["cpu_seconds_per_sample"],
            row["peak_rss_mb"],
        )
        table.add_row(depth, "kitloop", people, *map(str, ours))
        if "glimpse2" in row:
            theirs = row["glimpse2"]
            table.add_row(
                depth, "GLIMPSE2", people, *(str(theirs[key]) for key in ("r2_all", "r2_maf_above_1_percent", "nrc"))
            )
            for key, label in (("r2_all", "all"), ("r2_maf_above_1_percent", "above 1%")):
                paired = row["minus_glimpse2"][key]
                table.add_row(
                    "",
                    f"difference, {label}",
                    "",
                    f"{paired['mean']:+.5f} ({paired['low']:+.5f} to {paired['high']:+.5f})",
                )
    console = Console()
    console.print(table)
    for row in found["depths"]:
        if "mapping_cpu_seconds" in row:
            steps = row["cpu_seconds"] | {
                f"FASTQ to SAM fields, {who}": used for who, used in row["mapping_cpu_seconds"].items()
            }
            for step, used in steps.items():
                console.print(f"{step:40} {used:.2f}{'' if step.endswith('ratio') else ' s'}")
            console.print(f"{'properly paired':40} {row['properly_paired_fraction']:.2%}")
    console.print(_by_frequency(found["depths"]))


def _by_frequency(depths: list[dict[str, Any]]) -> Table:
    """A row for each bound of frequency: there are more of them than 80 columns can show side by side."""
    from rich.table import Table

    table = Table("MAF up to", "who", *(f"{row['depth_x']:g}x" for row in depths), title="r² by MAF")
    for at, cell in enumerate(depths[0]["r2_by_maf"]):
        for who in ("kitloop", "GLIMPSE2"):
            answers = [row if who == "kitloop" else row.get("glimpse2") for row in depths]
            if any(answers):
                values = [answer["r2_by_maf"][at]["r2"] if answer else None for answer in answers]
                table.add_row(f"{cell['maf_to']:.2%}", who, *("" if r2 is None else f"{r2:.4f}" for r2 in values))
    return table
