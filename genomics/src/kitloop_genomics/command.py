"""The command `kitloop-genomics`."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from kitloop_genomics import __version__
from kitloop_genomics.arrays.commands import inspect_array_command
from kitloop_genomics.benchmark.commands import bench, simulate_benchmark_command
from kitloop_genomics.building.commands import build_command
from kitloop_genomics.errors import BundleError, InputError
from kitloop_genomics.quality.commands import compare_command
from kitloop_genomics.sandbox.commands import simulate_array_command, simulate_reads_command
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


def _tell() -> Callable[[str], None]:
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return lambda line: console.print(f"[dim]·[/dim] {line}") if console.is_terminal else None


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

    demo = build_demo(folder, seed=seed, length_bp=round(length_mb * 1e6), people_each=people // 4, tell=_tell())
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
@click.option("--progress-file", type=_FILE, help="JSON lines, two per step, for a program to follow.")
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
        _show(content)


@kitloop_genomics.command()
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
def validate(demo: Path | None, bundle: Path | None, depth: str | None, as_json: bool, **options: Any) -> None:
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
    from kitloop_genomics.validation import validate as measure

    assert demo is not None
    if len(depths) > 1 or options["expect"]:
        raise click.UsageError("Several depths and --expect are for a deep genome, with --bundle.")
    people, arrays = options["people"], options["arrays"]
    report = measure(
        open_demo(demo), people=people, depth=depths[0], threads=options["threads"], seed=options["seed"],
        arrays=arrays, tell=_tell(),
    )  # fmt: skip
    if as_json:
        click.echo(json.dumps(report))
        return
    source = "from arrays" if arrays else f"at {depths[0]:g}x"
    click.echo(f"{people} held-out people {source}, {report['seconds_per_person']} s each")
    if report["failed"]:
        click.echo(f"failed quality control: {', '.join(report['failed'])}")
    _show_accuracy(report["accuracy"])
    if arrays:
        click.echo("at sites that the array doesn't hold:")
        _show_accuracy(report["accuracy_untyped"])
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
        report = validate_deep(bundle, genome, truth, depths, threads=threads, tell=_tell())
    if as_json:
        click.echo(json.dumps(report))
    for row in [] if as_json else report["depths"]:
        click.echo(f"{row['depth_x']:g}x of {report['genome_depth_x']:g}x, {row['fragments']} fragments")
        _show_accuracy(row["accuracy"])
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
        sys.exit(EXIT_UNEXPECTED)


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


def _show(result: dict[str, Any]) -> None:
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
        _show_accuracy(result["accuracy"])
        if "untyped" in result["accuracy"]:
            click.echo("at sites that the array doesn't hold:")
            _show_accuracy(result["accuracy"]["untyped"])


def _show_accuracy(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("MAF", "sites", "dosage r²", title=f"r² {found['r2']}, NRC {found['nrc']}", title_justify="left")
    for row in found["by_maf"]:
        table.add_row(f"{row['maf_above']:.0%} to {row['maf_to']:.0%}", str(row["sites"]), str(row["r2"]))
    table.add_row("above 5%", "", str(found["r2_maf_above_5_percent"]))
    Console().print(table)


kitloop_genomics.add_command(bench)
kitloop_genomics.add_command(compare_command)
kitloop_genomics.add_command(inspect_array_command)
kitloop_genomics.add_command(impute_command)
kitloop_genomics.add_command(workflow_command)
panel.add_command(build_command)
simulate.add_command(simulate_reads_command)
simulate.add_command(simulate_array_command)
simulate.add_command(simulate_benchmark_command)
