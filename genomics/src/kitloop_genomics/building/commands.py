"""`kitloop-genomics panel build`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_LINE_SECONDS = 30.0  # between lines of progress where nobody watches, in a log
_REASONS = {
    "does_not_vary": "don't vary among the panel's people",
    "symbolic": "have a symbolic ALT, as <DEL> or *",
    "reference_unknown": "stand where the FASTA has N or another letter that is no base",
}
EXIT_REFUSED = 4


@click.command("build")
@click.option("--fasta", type=_FILE, required=True, help="The reference genome; plain or gzipped.")
@click.option(
    "--vcf", "variants", type=_FILE, required=True, multiple=True, help="Phased VCF or BCF; again for more files."
)
@click.option("--map", "maps", type=_FILE, required=True, multiple=True, help="Genetic map; again for more files.")
@click.option(
    "--populations", type=_FILE, required=True, help="Table with the columns person, population and perhaps name."
)
@click.option("--scores", type=_FILE, multiple=True, help="Scoring file in the PGS Catalog's format; again for more.")
@click.option("--traits", type=_FILE, help="traits.json: single variants and what their genotypes mean.")
@click.option("--positions", type=_FILE, help="positions.tsv.gz: where the sites of another build are, for arrays.")
@click.option(
    "--thresholds", type=_FILE, help="thresholds.json of the quality control; without it, usual ones are written."
)
@click.option("--out", type=_FOLDER, required=True, help="The bundle; must not exist.")
@click.option("--build", required=True, help="The genome build, say GRCh38: scores and arrays are compared with it.")
@click.option("--species", default="not stated", show_default=True, help='Say "Homo sapiens".')
@click.option("--id", "name", help="Of the bundle; by default the name of its folder.")
@click.option("--bundle-version", default="1", show_default=True, help="Goes into every result, with the id.")
@click.option("--ne", type=click.FloatRange(min=1), help="Effective population size, in place of the imputer's own.")
@click.option(
    "--x", help="Name of the X chromosome, where it isn't chrX or X; then --y and --mitochondrial are needed, too."
)
@click.option("--y", help="Name of the Y chromosome.")
@click.option("--mitochondrial", help="Name of the mitochondrion.")
@click.option(
    "--par", multiple=True, help="Where X pairs with Y, as FIRST-LAST on X; again for more. A human build's are known."
)
@click.option(
    "--licence", "licences", multiple=True, help="What a source may be used for, as FILE=TEXT; again for more."
)
@click.option(
    "--check-only", is_flag=True, help="Read everything, write nothing: sites, size, and what would be refused."
)
def build_command(
    fasta: Path,
    variants: tuple[Path, ...],
    maps: tuple[Path, ...],
    populations: Path,
    scores: tuple[Path, ...],
    traits: Path | None,
    positions: Path | None,
    thresholds: Path | None,
    out: Path,
    build: str,
    species: str,
    name: str | None,
    bundle_version: str,
    ne: float | None,
    x: str | None,
    y: str | None,
    mitochondrial: str | None,
    par: tuple[str, ...],
    licences: tuple[str, ...],
    check_only: bool,
) -> None:
    """Make a reference bundle from a genome, a phased panel and a genetic map.

    The panel may be of any size: it is read once, and memory is bounded by one stretch of it (about 100 MB). If the
    build is killed, the same command goes on after the last whole stretch. The bundle appears when it is whole.

    \b
    Maps: columns chromosome, position, cM with a header; HapMap's four columns; IMPUTE's three, if the file's name
    says which chromosome (…chr22…); PLINK's four without a header. Plain or gzipped.

    \b
    Example:
      kitloop-genomics panel build --build GRCh38 --species "Homo sapiens" --fasta GRCh38.fa.gz \\
          --vcf panel.chr21.bcf --vcf panel.chr22.bcf --map genetic_map_chr21.txt --map genetic_map_chr22.txt \\
          --populations people.tsv --scores PGS000001_hmPOS_GRCh38.txt.gz \\
          --licence "panel.chr22.bcf=public, cite the project" --out grch38
      kitloop-genomics panel build … --check-only
      kitloop-genomics panel build --build ARS-UCD1.2 --species "Bos taurus" --x 30 --y 31 --mitochondrial MT \\
          --par 1-6000000 …

    Exit codes: 2 a source can't be used, 4 --check-only has found what would be refused.
    """
    from kitloop_genomics.building.build import build_bundle
    from kitloop_genomics.building.sources import Description, PanelSources
    from kitloop_genomics.building.survey import survey

    if wrong := next((one for one in licences if "=" not in one), None):
        raise click.UsageError(f"--licence {wrong!r} is not of the form FILE=TEXT.")
    notes = dict(one.split("=", 1) for one in licences)
    sources = PanelSources(fasta, variants, maps, populations, scores, traits, positions, thresholds)
    said = "; ".join(f"{file}: {text}" for file, text in notes.items()) or "not stated"
    names = {"x": x, "y": y, "mitochondrial": mitochondrial}
    sexes: dict[str, Any] = {key: value for key, value in names.items() if value is not None}
    if par:
        sexes["par"] = [_stretch(text) for text in par]
    description = Description(
        name or out.name, bundle_version, build, species, said, notes, ne, sex_chromosomes=sexes
    )  # fmt: skip
    with _telling() as (tell, every):
        if check_only:
            found = survey(sources, description, tell=tell, every_seconds=every)
        else:
            began = time.monotonic()
            built = build_bundle(out, sources, description, tell=tell, every_seconds=every)
            seconds = time.monotonic() - began
    if not check_only:
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        click.echo(f"bundle  {out}\nsites   {built.sites}\nchunks  {built.chunks}")
        click.echo(f"size    {size / 1e6:.1f} MB\ntime    {seconds:.0f} s")
        _show_left_out(built.left_out)
        _warn_of_movable(built.movable)
        return
    for chromosome, sites in found.sites.items():
        click.echo(f"{chromosome:12} {sites:>12,} sites in {found.chunks[chromosome]} chunks")
    click.echo(f"{found.people:,} people, {sum(found.sites.values()):,} sites, about {found.size_bytes / 1e6:,.1f} MB")
    _show_left_out(found.left_out)
    _warn_of_movable(found.movable)
    for problem in found.problems:
        click.echo(f"✗ {problem}", err=True)
    if found.refused:
        click.echo(f"{found.refused} records or chromosomes would be refused", err=True)
        sys.exit(EXIT_REFUSED)


def _stretch(text: str) -> list[int]:
    first, dash, last = text.replace(",", "").partition("-")
    if not dash or not first.isdecimal() or not last.isdecimal():
        raise click.UsageError(f"--par {text!r} is not of the form FIRST-LAST.")
    return [int(first), int(last)]


def _show_left_out(left_out: dict[str, int]) -> None:
    for reason, count in left_out.items():
        if count:
            click.echo(f"left out: {count:,} {_REASONS[reason]}")


def _warn_of_movable(count: int) -> None:
    if count:
        click.echo(
            f"warning: {count:,} insertions or deletions don't stand as far to the left as they can, or have more bases than they "
            "need. Scores, traits and truth may name them otherwise, and then don't find them. Give the panel as "
            "`bcftools norm -f REFERENCE.fa -m-any` writes it",
            err=True,
        )


@contextmanager
def _telling() -> Iterator[tuple[Callable[[str], None], float]]:
    """A line that changes for who watches; else a line now and then."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda line: status.update(line), 1.0
    else:
        yield lambda line: click.echo(line, err=True), _LINE_SECONDS
