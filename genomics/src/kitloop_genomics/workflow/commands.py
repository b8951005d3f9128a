"""The commands of the workflow: a copy of it, and the imputation of a part of a genome."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from kitloop_genomics.errors import InputError

_FOLDER = click.Path(file_okay=False, path_type=Path)
_COPIED = ("Snakefile", "config.yaml", "samples.tsv", "profiles/local/config.yaml", "profiles/slurm/config.yaml")


class _Part(click.ParamType):
    name = "k/n"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        one, _, all_of_them = value.partition("/")
        if not (one.isdecimal() and all_of_them.isdecimal() and 1 <= int(one) <= int(all_of_them)):
            self.fail(f"{value!r} is no part: say 3/8 for the third of eight", param, ctx)
        return int(one), int(all_of_them)


@click.command("impute")
@click.option("--bundle", type=_FOLDER, required=True, help="The bundle that the reads were aligned with.")
@click.option("--out", type=_FOLDER, required=True, help="Folder of a run that was made --until likelihoods.")
@click.option("--part", type=_Part(), default="1/1", show_default=True, help="Which of how many parts of the genome.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
def impute_command(bundle: Path, out: Path, part: tuple[int, int], threads: int) -> None:
    """Impute a part of one sample's genome, on this machine or another; `run --resume` then gathers all parts.

    \b
    Example:
      kitloop-genomics run … --out result --until likelihoods
      kitloop-genomics impute --bundle demo/bundle --out result --part 1/2
      kitloop-genomics impute --bundle demo/bundle --out result --part 2/2
      kitloop-genomics run … --out result --resume
    """
    from kitloop_genomics.pipeline import impute_part

    impute_part(bundle, out, part=part[0], parts=part[1], threads=threads)


@click.command("workflow")
@click.argument("folder", type=_FOLDER)
def workflow_command(folder: Path) -> None:
    """Write a Snakemake workflow into FOLDER: Snakefile, config.yaml, samples.tsv, and profiles for one machine and Slurm.

    Files that are there stay as they are.

    \b
    Example:
      kitloop-genomics workflow flow        # then fill in config.yaml and samples.tsv
      cd flow && snakemake --profile profiles/local
    """
    source = Path(__file__).parent
    for name in _COPIED:
        target = folder / name
        if target.exists():
            click.echo(f"kept     {target}")
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target)
        except OSError as error:
            raise InputError(f"{target} can't be written ({error.strerror})") from error
        click.echo(f"written  {target}")
