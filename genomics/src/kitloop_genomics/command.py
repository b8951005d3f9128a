"""The command `kitloop-genomics`."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from kitloop_genomics import __version__
from kitloop_genomics.arrays.commands import inspect_array_command
from kitloop_genomics.benchmark.commands import bench, simulate_benchmark_command
from kitloop_genomics.building.commands import build_command
from kitloop_genomics.errors import BundleError, InputError
from kitloop_genomics.quality.commands import compare_command
from kitloop_genomics.sandbox.commands import simulate_array_command, simulate_reads_command
from kitloop_genomics.showing import show, tell
from kitloop_genomics.validate_command import validate_command
from kitloop_genomics.workflow.commands import impute_command, workflow_command

if TYPE_CHECKING:
    from kitloop_genomics.quality.review import Sex

# Analysis modules, numpy and rich are imported inside the commands: `--help` and the simulator must not wait for them.

# numpy reads this when it is first imported. Its linear algebra would wake every processor for matrices of a hundred
# rows, which takes four times the time, whatever `--threads` says.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

EXIT_UNEXPECTED, EXIT_USAGE, EXIT_BUNDLE, EXIT_INTERRUPTED, EXIT_TERMINATED = 1, 2, 3, 130, 143
_ELSEWHERE = "Choose another place, or make this one writable"
_REMEDIES = {
    errno.ENOSPC: "Free some space, then run it again",
    errno.EDQUOT: "Your quota of the disk is used up: free some space, then run it again",
    errno.EFBIG: "Raise the limit of a file's size (`ulimit -f`), then run it again",
    errno.EIO: "Look after the disk, then run it again",
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR), _ELSEWHERE),
}
_NAMELESS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_ANY = click.Path(path_type=Path)


def main() -> None:
    """Run the command; errors that the user can act on become one line and an exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGINT, _interrupted)
    try:
        kitloop_genomics(prog_name="kitloop-genomics")
    except BundleError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_BUNDLE)
    except InputError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_USAGE)
    except OSError as error:
        # Without a file's name only what needs none: a full disk is one, whichever file it was.
        if error.errno not in _REMEDIES or (error.filename is None and error.errno not in _NAMELESS):
            raise
        where, why = f"{error.filename}: " if error.filename is not None else "", error.strerror or ""
        click.echo(f"Error: {where}{why[:1].lower()}{why[1:]}. {_REMEDIES[error.errno]}", err=True)
        sys.exit(EXIT_UNEXPECTED)


def _terminated(number: int, frame: FrameType | None) -> None:
    """Leave through every `finally`, so that no partial file stays."""
    sys.exit(EXIT_TERMINATED)


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Ctrl-C: as `_terminated`, and the person who pressed it hears what becomes of the work."""
    words = sys.argv[1:]
    said = ""
    if words[:1] == ["run"]:
        kept = "--resume" in words or "--until" in words
        said = (
            ": what is done is kept" if kept else ": nothing was kept. Started with --resume, a run keeps what is done"
        )
        said += ", and `run --resume` goes on from there"
    elif words[:2] == ["panel", "build"]:
        said = ": the same command goes on from here"
    click.echo(f"Interrupted{said}", err=True)
    sys.exit(EXIT_INTERRUPTED)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def kitloop_genomics() -> None:
    """From low-pass FASTQ files to imputed genotypes, a quality verdict, ancestry and polygenic scores.

    \b
    Try it on simulated data:
      kitloop-genomics panel demo demo
      kitloop-genomics simulate reads --demo demo --seed kit-1 --out reads
      kitloop-genomics run --bundle demo/bundle --r1 reads/R1.fastq.gz --r2 reads/R2.fastq.gz \\
          --sample-id kit-1 --out result

    \b
    Exit codes: 0 finished (the verdict is in result.json), 1 unexpected, 2 usage, 3 bundle unusable,
    4 array export refused (inspect-array), 130 interrupted (Ctrl-C), 143 ended (SIGTERM).
    """


@kitloop_genomics.group()
def panel() -> None:
    """Make and check reference bundles."""


@panel.command("demo")
@click.argument("folder", type=_FOLDER)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of the simulation.")
@click.option(
    "--length-mb", type=click.FloatRange(2, 200), default=2, show_default=True, help="Of each of its two chromosomes."
)
@click.option(
    "--people", type=click.IntRange(200, 4_000), default=200, show_default=True, help="In the panel; a multiple of 4."
)
def panel_demo(folder: Path, seed: int, length_mb: float, people: int) -> None:
    """Build the simulated demo in FOLDER: bundle/ for the analysis, people/ for the simulator of reads.

    A demo of the same seed that is there and whole is used as it is.

    \b
    Example: kitloop-genomics panel demo demo --seed 7
             kitloop-genomics panel demo big --length-mb 20 --people 1000
    """
    if people % 4:
        raise click.UsageError("--people must be a multiple of 4: there are four populations, equally large.")
    from kitloop_genomics.demo.build import build_demo

    demo = build_demo(folder, seed=seed, length_bp=round(length_mb * 1e6), people_each=people // 4, tell=tell())
    click.echo(f"bundle  {demo.bundle}\npeople  {demo.people}")


@panel.command("check")
@click.argument("folder", type=_FOLDER)
def panel_check(folder: Path) -> None:
    """Verify the bundle in FOLDER: checksums, then whether its files fit together. Exit code 3 if not.

    \b
    Example: kitloop-genomics panel check demo/bundle
    """
    from kitloop_genomics.bundle.check import check_bundle

    problems = check_bundle(folder)
    for problem in problems:
        click.echo(f"✗ {problem.path}: {problem.problem}\n  {problem.remedy}.", err=True)
    if problems:
        sys.exit(EXIT_BUNDLE)
    click.echo(f"{folder}: whole and consistent")


@kitloop_genomics.group()
def simulate() -> None:
    """Simulated data for demos and tests."""


@kitloop_genomics.command()
@click.option("--bundle", type=_FOLDER, required=True, help="A reference bundle.")
@click.option("--r1", type=_FILE, help="First mates, gzipped FASTQ.")
@click.option("--r2", type=_FILE, help="Second mates, gzipped FASTQ.")
@click.option("--array", type=_FILE, help="Instead of reads: an export of 23andMe, AncestryDNA or MyHeritage.")
@click.option("--sample-id", required=True, help="Goes into the headers of BAM and VCF.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the deliverables; result.json comes last.")
@click.option("--r1-sha256", help="Expected SHA-256 of the R1 file.")
@click.option("--r2-sha256", help="Expected SHA-256 of the R2 file.")
@click.option("--array-sha256", help="Expected SHA-256 of the array export.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--truth", type=_FILE, help="VCF of known genotypes: adds `accuracy` to the result.")
@click.option("--json", "as_json", is_flag=True, help="Print result.json instead of a summary.")
@click.option(
    "--progress-file", type=_FILE, help="JSON lines for a program to follow: two per step, and how far a long one is."
)
@click.option("--resume", is_flag=True, help="Keep what is done if the run is killed, and begin from there.")
@click.option("--until", type=click.Choice(["likelihoods"]), help="Stop there; `impute` and `run --resume` go on.")
@click.option("--declared-sex", type=click.Choice(["XX", "XY"]), help="A discordant one is a hold, not a failure.")
@click.option("--same-person-as", type=_ANY, help="Fingerprint of an earlier sample; another person is a hold.")
@click.option(
    "--compare-with", type=_ANY, multiple=True, help="Fingerprint of another sample; the same person is a hold."
)
def run(
    bundle: Path,
    r1: Path | None,
    r2: Path | None,
    array: Path | None,
    sample_id: str,
    out: Path,
    r1_sha256: str | None,
    r2_sha256: str | None,
    array_sha256: str | None,
    threads: int,
    truth: Path | None,
    as_json: bool,
    progress_file: Path | None,
    resume: bool,
    until: str | None,
    declared_sex: Sex | None,
    same_person_as: Path | None,
    compare_with: tuple[Path, ...],
) -> None:
    """Analyse one sample, from reads or an array export. Bad data is a verdict in result.json (status failed_qc), and exit code 0.

    \b
    Example:
      kitloop-genomics run --bundle demo/bundle --r1 reads/R1.fastq.gz --r2 reads/R2.fastq.gz \\
          --sample-id kit-1 --out result --truth reads/truth.vcf.gz
    """
    if array is not None and (r1 or r2):
        raise click.UsageError("Give either --r1 and --r2, or --array.")
    if array is not None and until:
        raise click.UsageError("--until is for reads: an array export has no long way to go.")
    from kitloop_genomics.pipeline import analyse, analyse_array, prepare
    from kitloop_genomics.progress import Progress
    from kitloop_genomics.quality.fingerprint import read_fingerprint
    from kitloop_genomics.quality.review import Expected

    earlier = read_fingerprint(same_person_as) if same_person_as else None
    expected = Expected(declared_sex, earlier, tuple(read_fingerprint(path) for path in compare_with))
    if array is not None:
        analysis = analyse_array(
            bundle, array, sample_id=sample_id, out=out, array_sha256=array_sha256, threads=threads, truth=truth,
            progress=Progress(progress_file), resume=resume, expected=expected,
        )  # fmt: skip
    elif r1 is not None and r2 is not None and until:
        prepare(
            bundle, r1, r2, sample_id=sample_id, out=out, r1_sha256=r1_sha256, r2_sha256=r2_sha256, threads=threads,
            progress=Progress(progress_file), expected=expected,
        )  # fmt: skip
        return
    elif r1 is not None and r2 is not None:
        analysis = analyse(
            bundle, r1, r2, sample_id=sample_id, out=out, r1_sha256=r1_sha256, r2_sha256=r2_sha256, threads=threads,
            truth=truth, progress=Progress(progress_file), resume=resume, expected=expected,
        )  # fmt: skip
    else:
        raise click.UsageError("Give --r1 and --r2, or --array.")
    content = analysis.as_json()
    if as_json:
        click.echo(json.dumps(content))
    else:
        show(content)


@kitloop_genomics.command()
def warmup() -> None:
    """Compile the numerical kernels now, so that the first sample doesn't wait for it (45 s of processor time).

    They are kept in $KITLOOP_DATA/numba if KITLOOP_DATA is set, else beside the installed package.

    \b
    Example: KITLOOP_DATA=/srv/kitloop kitloop-genomics warmup
    """
    from kitloop_genomics.warmth import is_warm, mark_warm

    if not is_warm():
        from kitloop_genomics.warmup import warm_up

        warm_up()
        mark_warm()
    click.echo("kernels are compiled")


kitloop_genomics.add_command(bench)
kitloop_genomics.add_command(compare_command)
kitloop_genomics.add_command(inspect_array_command)
kitloop_genomics.add_command(impute_command)
kitloop_genomics.add_command(validate_command)
kitloop_genomics.add_command(workflow_command)
panel.add_command(build_command)
simulate.add_command(simulate_reads_command)
simulate.add_command(simulate_array_command)
simulate.add_command(simulate_benchmark_command)
