"""The installed reference bundles, made known to the platform; and `kitloop register-bundle`."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloop.local.setup import platform

if TYPE_CHECKING:
    from kitloop.pipelines.models import Capability


def register(folder: Path) -> "Capability":
    """Makes the bundle known under the analysis' version of today, and gives one to projects that have none.

    Raises BundleUnreadable.
    """
    from kitloop.pipelines.register import first_registered, register_bundle
    from kitloop.projects.changes import adopt_capability

    made = register_bundle(folder, version=version("kitloop-genomics"))
    adopt_capability(first_registered() or made)
    return made


def register_the_settings() -> str:
    """Registers the bundle of KITLOOP_BUNDLE, where there is one; returns what is wrong with it, or nothing."""
    from django.conf import settings

    from kitloop.pipelines.register import BundleUnreadable

    folder = Path(settings.KITLOOP_BUNDLE)
    if not (folder / "manifest.json").exists():
        return ""
    try:
        register(folder)
    except BundleUnreadable as error:
        return str(error)
    return ""


@click.command(epilog="Example: kitloop register-bundle /srv/bundles/grch38")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def register_bundle(folder: Path) -> None:
    """Make a reference bundle known. Projects can choose it then. Safe to do again; the one of KITLOOP_BUNDLE is known by itself."""
    with platform():
        from kitloop.pipelines.register import BundleUnreadable

        try:
            made = register(folder)
        except BundleUnreadable as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"Pipeline capability {made.name}: {made.id}")
