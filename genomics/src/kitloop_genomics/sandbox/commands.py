"""`kitloop-genomics simulate reads` and `simulate array`."""

from __future__ import annotations

from pathlib import Path

import click

from kitloop_genomics.arrays.vendors import Vendor
from kitloop_genomics.sandbox.problems import Problem

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("reads")
@click.option("--demo", type=_FOLDER, required=True, help="A folder made by `panel demo`.")
@click.option("--seed", required=True, help="Any text, say a kit id; the same text gives the same person and reads.")
@click.option("--out", type=_FOLDER, required=True, help="Where R1.fastq.gz, R2.fastq.gz and the truth go.")
@click.option("--depth", type=float, default=1.0, show_default=True, help="Mean coverage.")
@click.option("--problem", type=click.Choice([problem.value for problem in Problem]), help="Make labelled bad data.")
def simulate_reads_command(demo: Path, seed: str, out: Path, depth: float, problem: str | None) -> None:
    """Sequence a synthetic person who is not in the panel.

    \b
    Example: kitloop-genomics simulate reads --demo demo --seed kit-1 --out reads --problem contaminated
    """
    from kitloop_genomics.sandbox.reads import simulate_reads

    _check_place(out)
    reads = simulate_reads(demo, seed, out, depth=depth, problem=problem)
    click.echo(f"r1     {reads.r1}\nr2     {reads.r2}\ntruth  {reads.truth_vcf}\npairs  {reads.pairs}")


@click.command("array")
@click.option("--demo", type=_FOLDER, required=True, help="A folder made by `panel demo`.")
@click.option("--seed", required=True, help="Any text; the same text is the same person as in `simulate reads`.")
@click.option("--vendor", type=click.Choice([vendor.value for vendor in Vendor]), required=True)
@click.option("--out", type=_FILE, required=True, help="A .zip as the vendor gives it, or the plain text in it.")
def simulate_array_command(demo: Path, seed: str, vendor: str, out: Path) -> None:
    """Write a synthetic person's raw-data export, in the vendor's format and the demo's invented build 37.

    \b
    Example: kitloop-genomics simulate array --demo demo --seed kit-1 --vendor 23andme --out genome.zip
    """
    from kitloop_genomics.sandbox.array import simulate_array

    _check_place(out.parent)
    made = simulate_array(demo, seed, vendor, out)
    click.echo(f"export  {made.export}\ntruth   {made.truth_vcf}\nrows    {made.rows}")


def _check_place(folder: Path) -> None:
    """One folder is made for the files; more of them would be a slip of the pen, and hard to find again."""
    if not folder.absolute().parent.is_dir():
        raise click.UsageError(
            f"There is no folder {folder.parent} to make {folder.name} in: make it, or choose another."
        )
