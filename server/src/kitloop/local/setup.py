"""Django and the database, ready for a command."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import click

from kitloop.base import postgres


def load_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kitloop.config.settings")
    django.setup()


@contextlib.contextmanager
def database() -> Iterator[None]:
    """The database is up for as long as this is open: the embedded one, or the one that DATABASE_URL names."""
    if os.environ.get("DATABASE_URL"):
        yield
        return
    try:
        used = postgres.used()
        used.__enter__()
    except postgres.PostgresFailed as error:
        raise click.ClickException(str(error)) from None
    try:
        yield
    finally:
        used.__exit__(None, None, None)


@contextlib.contextmanager
def platform() -> Iterator[None]:
    """Database up, Django loaded, tables as this version wants them (said, if not). Connections are closed at the end."""
    load_django()  # first: a bad setting is told before a database is started
    with database():
        from django.db import OperationalError, connection, connections
        from django.db.migrations.executor import MigrationExecutor

        try:
            executor = MigrationExecutor(connection)
        except OperationalError as error:
            raise click.ClickException(f"The database does not answer ({error}). Look at DATABASE_URL.") from None
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise click.ClickException(
                "The database's tables are older than this version. Run `kitloop migrate` first."
            )
        try:
            yield
        finally:
            connections.close_all()


def migrate_in_a_process() -> None:
    """Brings the tables up to date in a process of its own: a web server must not fork with open connections."""
    done = subprocess.run([sys.executable, "-m", "kitloop.local.migrate"], check=False)
    if done.returncode == 2:  # a setting that means nothing; the sentence about it is written
        sys.exit(2)
    if done.returncode:
        raise click.ClickException("The tables could not be brought up to date; the lines above say why.")
