"""The command: measure, print a table, and exit with 1 where something isn't as it was expected."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import click
from kitloop_genomics.alignment.bam import align
from kitloop_genomics.bundle.open import open_bundle
from kitloop_genomics.demo.build import build_demo
from kitloop_genomics.sandbox.reads import simulate_reads
from rich.console import Console
from rich.table import Table

from validation.alignment import compare_alignment
from validation.imputation import compare_imputation
from validation.kernels import compare_kernels
from validation.likelihoods import compare_likelihoods
from validation.measured import Measured

_DEPTH_X = 1.0


@click.command()
@click.option(
    "--benchmark",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="A folder for `kitloop-genomics bench` with GLIMPSE2's answers: minutes instead of one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(benchmark: Path | None, as_json: bool) -> None:
    """Compare with minimap2 (if it is installed), bcftools, slow plain versions of the kernels, and GLIMPSE2's answers.

    The reads are simulated ones of the demo, 4 Mb at 1x. Exit code 1 where a figure is out of its stored expectation.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = [*_compare_reads(Path(folder)), *compare_kernels(), *compare_imputation(benchmark)]
    if as_json:
        click.echo(json.dumps([asdict(one) | {"fine": one.fine} for one in found]))
    else:
        _show(found)
    sys.exit(0 if all(one.fine for one in found) else 1)


def _compare_reads(work: Path) -> list[Measured]:
    demo = build_demo(work / "demo")
    bundle = open_bundle(demo.bundle)
    reads = simulate_reads(demo, "validation", work / "reads", depth=_DEPTH_X)
    bam = work / "x.bam"
    align(reads.r1, reads.r2, bam, reference=bundle.reference, contigs=bundle.contigs, sample_id="x")
    return [
        *compare_alignment(reads.r1, reads.r2, bundle, work),
        *compare_likelihoods(bam, bundle, work),
    ]


def _show(found: list[Measured]) -> None:
    table = Table("", "measured", "expected", "")
    for one in found:
        value = one.note if one.value is None else f"{one.value:.5g}"
        table.add_row(one.name, value, f"{one.least:g} to {one.most:g}", "" if one.fine else "✗ not as expected")
    console = Console(width=140)
    console.print(table)
    for one in found:
        if one.note and not one.fine:
            console.print(one.note, markup=False)


if __name__ == "__main__":
    main()
