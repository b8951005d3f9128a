"""The command `kitloop-genomics validate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from kitloop_genomics.errors import InputError
from kitloop_genomics.showing import show_accuracy, tell

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("validate")
@click.option("--demo", type=_FOLDER, help="A folder made by `panel demo`: people are simulated.")
@click.option("--people", type=click.IntRange(1, 1_000), default=10, show_default=True)
@click.option("--seed", default="validate", show_default=True, help="Another text, other simulated people.")
@click.option("--arrays", is_flag=True, help="From exports of arrays, the vendors in turn, instead of reads.")
@click.option("--bundle", type=_FOLDER, help="Instead of a demo: a reference bundle, for a deep genome.")
@click.option(
    "--bam", type=_FILE, help="The deep genome, aligned to the bundle's reference, sorted, duplicates marked."
)
@click.option("--r1", type=_FILE, help="Or its first mates, gzipped FASTQ.")
@click.option("--r2", type=_FILE, help="Second mates.")
@click.option("--truth", type=_FILE, help="VCF of the deep genome's known genotypes.")
@click.option(
    "--depth", default=None, help="Mean coverage; of a deep genome several, as 0.4,1.  [default: 1, or 0.4,1]"
)
@click.option("--expect", type=_FILE, help="An earlier report: exit code 1 where a figure is below it.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table; also a file for --expect.")
def validate_command(demo: Path | None, bundle: Path | None, depth: str | None, as_json: bool, **options: Any) -> None:
    """Analyse genomes whose genotypes are known, and report accuracy: simulated people, or a deep genome thinned out.

    \b
    Examples: kitloop-genomics validate --demo demo --people 10 --depth 0.4
              kitloop-genomics validate --demo demo --arrays
              kitloop-genomics validate --bundle grch38 --bam deep.bam --truth truth.vcf.gz --depth 0.4,1
    """
    if (demo is None) == (bundle is None):
        raise click.UsageError("Give --demo for simulated people, or --bundle for a deep genome.")
    try:
        depths = tuple(float(one) for one in (depth or ("1" if demo else "0.4,1")).split(","))
    except ValueError:
        raise click.UsageError(f"--depth {depth} is not a number, or several with commas between.") from None
    if bundle is not None:
        _validate_deep(bundle, depths, as_json, **options)
        return
    from kitloop_genomics.demo.build import open_demo
    from kitloop_genomics.validation import validate

    assert demo is not None
    if len(depths) > 1 or options["expect"]:
        raise click.UsageError("Several depths and --expect are for a deep genome, with --bundle.")
    people, arrays = options["people"], options["arrays"]
    report = validate(
        open_demo(demo), people=people, depth=depths[0], threads=options["threads"], seed=options["seed"],
        arrays=arrays, tell=tell(),
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(report))
        return
    source = "from arrays" if arrays else f"at {depths[0]:g}x"
    click.echo(f"{people} held-out people {source}, {report['seconds_per_person']} s each")
    if report["failed"]:
        click.echo(f"failed quality control: {', '.join(report['failed'])}")
    show_accuracy(report["accuracy"])
    if arrays:
        click.echo("at sites that the array doesn't hold:")
        show_accuracy(report["accuracy_untyped"])
    for name, value in report.items():
        if name.startswith(("ancestry", "score")):
            click.echo(f"{name:28} {value}")


def _validate_deep(folder: Path, depths: tuple[float, ...], as_json: bool, **options: Any) -> None:
    import tempfile

    from rich.console import Console
    from rich.table import Table

    from kitloop_genomics.bundle.open import open_bundle
    from kitloop_genomics.deep import align_deep, open_deep_bam, shortfalls, validate_deep

    bam, r1, r2, truth = (options[name] for name in ("bam", "r1", "r2", "truth"))
    given = (bam is not None, r1 is not None, r2 is not None)
    if truth is None or given not in ((True, False, False), (False, True, True)):
        raise click.UsageError("A deep genome needs --truth, and --bam or both --r1 and --r2.")
    try:
        expected = json.loads(options["expect"].read_text()) if options["expect"] else None
    except (OSError, ValueError) as error:
        raise InputError(f"the expectations {options['expect']} can't be read ({error})") from error
    bundle, threads = open_bundle(folder), options["threads"]
    with tempfile.TemporaryDirectory() as work:
        genome = open_deep_bam(bundle, bam) if bam else align_deep(bundle, r1, r2, Path(work), threads=threads)
        report = validate_deep(bundle, genome, truth, depths, threads=threads, tell=tell())
    if as_json:
        click.echo(json.dumps(report))
    for row in [] if as_json else report["depths"]:
        click.echo(f"{row['depth_x']:g}x of {report['genome_depth_x']:g}x, {row['fragments']} fragments")
        show_accuracy(row["accuracy"])
        table = Table(
            "sure above", "to", "sites", "mean confidence", "right", title="calibration", title_justify="left"
        )
        for one in row["by_confidence"]:
            cells = (one["above"], min(one["to"], 1), one["sites"], one["confidence"], one["right"])
            table.add_row(*("" if cell is None else f"{cell:g}" for cell in cells))
        Console().print(table)
    problems = shortfalls(report, expected) if expected is not None else []
    for problem in problems:
        click.echo(f"✗ {problem}", err=True)
    if problems:
        sys.exit(1)
