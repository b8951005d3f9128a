"""`kitloop-genomics compare`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

_FOLDER = click.Path(file_okay=False, path_type=Path)
_ANY = click.Path(path_type=Path)


@click.command("compare")
@click.argument("one", type=_ANY)
@click.argument("other", type=_ANY, required=False)
@click.option("--among", type=_FOLDER, help="Instead of OTHER: a folder of fingerprints or of runs' folders.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare_command(one: Path, other: Path | None, among: Path | None, as_json: bool) -> None:
    """Say whether two analysed samples are of one person, of relatives or of strangers.

    ONE and OTHER are folders of finished runs, or the fingerprint.json in them.

    \b
    Example: kitloop-genomics compare result/kit-1 result/kit-2
             kitloop-genomics compare result/kit-1 --among fingerprints
    """
    from kitloop_genomics.quality.fingerprint import read_fingerprint
    from kitloop_genomics.quality.identity import compare_samples

    if (other is None) == (among is None):
        raise click.UsageError("Give either OTHER or --among.")
    if among is not None:
        _show_identity(one, among, as_json)
        return
    assert other is not None
    found = compare_samples(read_fingerprint(one), read_fingerprint(other)).as_json()
    if as_json:
        click.echo(json.dumps(found))
        return
    click.echo(f"{' and '.join(found['samples'])}: {found['relation'].replace('_', ' ')}")
    click.echo(f"  kinship {found['kinship']:.3f} ± {found['standard_error']:.3f}, from {found['sites']} sites")
    click.echo(f"  share none {found['k0']:.2f}, one {found['k1']:.2f}, both alleles {found['k2']:.2f} of the genome")


def _show_identity(one: Path, among: Path, as_json: bool) -> None:
    from kitloop_genomics.errors import InputError
    from kitloop_genomics.quality.fingerprint import read_fingerprint
    from kitloop_genomics.quality.review import Expected, look_at_identity

    own = read_fingerprint(one)
    paths = sorted({*among.glob("*.json"), *among.glob("*/fingerprint.json")})
    if not paths:
        raise InputError(f"{among} holds no fingerprints: give a folder of fingerprint.json files or of finished runs")
    others = [read_fingerprint(path) for path in paths]
    # A project's samples may have been analysed with several panels; those of other sites can't be compared.
    found = look_at_identity(own, Expected(others=tuple(other for other in others if other.sites == own.sites)))
    if as_json:
        click.echo(json.dumps({**found.as_json(), "holds": [asdict(hold) for hold in found.holds]}))
        return
    click.echo(f"{own.sample_id}: compared with {found.compared} samples of the same panel")
    for near in found.relatives:
        click.echo(f"  {near.samples[1]}: {near.relation.replace('_', ' ')}, kinship {near.kinship:.3f}")
