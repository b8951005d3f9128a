"""`kitloop doctor`: looks at everything that the platform needs, and says how to mend what is wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from kitloop.base import postgres
from kitloop.local.processes import command
from kitloop.local.setup import load_django

LOW_BYTES = 5 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` is empty where it is well."""

    name: str
    said: str
    remedy: str = ""


@click.command(epilog="Example: kitloop doctor")
def doctor() -> None:
    """Say what is well, and how to mend what is not.

    Looks at storage, keys, reference bundle, database, tables, jobs and labs. Mends nothing by itself; a data folder
    without keys gets them, as with every command. Exit code 0 where all is well, 1 otherwise.
    """
    load_django()
    is_well = True
    for name, look in (
        ("storage", _storage),
        ("sealing keys", _sealing),
        ("reference bundle", _bundle),
        ("database", _database),
        ("tables", _tables),
        ("pipelines", _pipelines),
        ("sealed data", _sealed),
        ("jobs", _jobs),
        ("labs", _labs),
    ):
        try:
            findings = list(look())
        except Exception as error:  # a doctor that dies of what it finds is of no use
            findings = [
                Finding(name, f"{type(error).__name__}: {error}", "This is not foreseen; it is worth an issue.")
            ]
        for finding in findings:
            is_well &= not finding.remedy
            mark = click.style("ok  ", fg="green") if not finding.remedy else click.style("BAD ", fg="red", bold=True)
            click.echo(f"{mark} {finding.name}: {finding.said}")
            if finding.remedy:
                click.echo(f"       {finding.remedy}")
        if name == "database" and findings[0].remedy:
            break  # what follows asks the database
    sys.exit(0 if is_well else 1)


def _database() -> Iterator[Finding]:
    if os.environ.get("DATABASE_URL"):
        where = "the server that DATABASE_URL names"
    else:
        cluster = postgres.cluster()
        where = f"embedded, in {cluster.data}"
        if not postgres.is_running(cluster):
            yield Finding(
                "database", f"{where}: not running now", "Start `kitloop serve` or `kitloop worker`; both start it."
            )
            return
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        yield Finding("database", f"{where}: {error}", "Is it running, and is the address right?")
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('synchronous_commit')")
        version, synchronous = cursor.fetchone()
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('fsync')")
        number, fsync = cursor.fetchone()
    if number < 150000:
        yield Finding("database", f"PostgreSQL {version}", "Kitloop needs PostgreSQL 15 or newer.")
    elif synchronous == "off" or fsync == "off":
        said = f"synchronous_commit={synchronous}, fsync={fsync}: a crash would lose acknowledged orders"
        yield Finding("database", said, "Set both to on in postgresql.conf, and restart PostgreSQL.")
    else:
        yield Finding("database", f"PostgreSQL {version}, {where}")


def _tables() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield Finding("tables", f"{len(missing)} changes are not made yet", "Run `kitloop migrate`.")
    else:
        yield Finding("tables", "as this version wants them")


def _jobs() -> Iterator[Finding]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '10 seconds'"
        )
        workers = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at < now())),"
            " count(*) FILTER (WHERE status = 'failed') FROM procrastinate_jobs"
        )
        waiting, failed = cursor.fetchone()
    if workers:
        yield Finding("jobs", f"{workers} workers, {waiting} jobs waiting, {failed} given up")
    else:
        yield Finding("jobs", f"no worker is running; {waiting} jobs wait", "Start one: `kitloop worker`.")


def _storage() -> Iterator[Finding]:
    from django.conf import settings

    root = Path(settings.KITLOOP_OBJECTS)
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding("storage", f"{there} can't be written", "Give this account the folder, or set KITLOOP_OBJECTS.")
    elif free < LOW_BYTES:
        yield Finding(
            "storage", f"{free >> 20} MB free in {there}", "Make room, or set KITLOOP_OBJECTS to a larger disk."
        )
    else:
        yield Finding("storage", f"{free >> 30} GB free in {there}")


def _sealing() -> Iterator[Finding]:
    from kitloop.base.sealed import seal, unseal

    try:
        unseal(seal("tried"))
    except (ValueError, IndexError, AttributeError):
        remedy = (
            "Give KITLOOP_SEALING_KEYS (or `sealing-keys` in the data folder) the keys that it had: 32 bytes in base64."
        )
        yield Finding("sealing keys", "one of them is no Fernet key, or there is none", remedy)
    else:
        yield Finding("sealing keys", "they seal and open")


def _sealed() -> Iterator[Finding]:
    """Whether the keys of today open what was sealed before: the newest and the oldest recipient and second factor, the labs' secrets."""
    from cryptography.fernet import InvalidToken

    from kitloop.accounts.models import Authenticator
    from kitloop.base.sealed import unseal
    from kitloop.kits.models import Recipient
    from kitloop.labs.models import Lab

    recipients = Recipient.objects.order_by("kit__created")
    rows = [recipients.first(), recipients.last()]
    sealed = [row.sealed for row in rows if row] + [lab.sealed_secret for lab in Lab.objects.all()]
    devices = Authenticator.objects.order_by("pk")
    sealed += {bytes(device.sealed_key) for device in (devices.first(), devices.last()) if device}
    shut = 0
    for each in sealed:
        try:
            unseal(each)
        except (InvalidToken, ValueError):
            shut += 1
    if shut:
        remedy = "Add the keys of that time to KITLOOP_SEALING_KEYS, behind the newest. Without them it stays shut."
        yield Finding("sealed data", f"{shut} of {len(sealed)} looked at don't open with the keys that are set", remedy)
    else:
        yield Finding("sealed data", f"all {len(sealed)} looked at open")


def _bundle() -> Iterator[Finding]:
    from django.conf import settings

    folder = Path(settings.KITLOOP_BUNDLE)
    if not (folder / "manifest.json").exists():
        remedy = f"Set KITLOOP_BUNDLE to a bundle, or make the demo's: kitloop-genomics panel demo {folder.parent}"
        yield Finding("reference bundle", f"none in {folder}", remedy)
        return
    checked = subprocess.run(
        [command("kitloop-genomics"), "panel", "check", str(folder)], capture_output=True, text=True, check=False
    )
    words = (checked.stdout + checked.stderr).strip().splitlines()
    if checked.returncode:
        yield Finding("reference bundle", " ".join(words)[-600:], "Bring the bundle again from where it came.")
    else:
        yield Finding("reference bundle", words[-1] if words else f"{folder} is whole")


def _pipelines() -> Iterator[Finding]:
    from kitloop.pipelines.models import Capability
    from kitloop.projects.models import Project

    remedy = "Run `kitloop migrate` (or `kitloop register-bundle FOLDER`) once a bundle is there."
    registered = Capability.objects.count()
    without = Project.objects.filter(capability=None, deleted=None).count()
    if not registered:
        said = "no reference bundle is registered; projects tell `pipeline_capabilities: null` until one is"
        yield Finding("pipelines", said, remedy)
    elif without:
        yield Finding("pipelines", f"{registered} registered, and {without} projects have none", remedy)
    else:
        yield Finding("pipelines", f"{registered} registered, and every project has one")


def _labs() -> Iterator[Finding]:
    from django.conf import settings

    from kitloop.base.outbound import request_once
    from kitloop.labs.models import Lab

    labs = list(Lab.objects.filter(is_enabled=True))
    if not labs:
        yield Finding("labs", "none is set up", "Add one: kitloop create-lab --help")
    for lab in labs:
        answer = request_once(
            "GET",
            f"{lab.url.rstrip('/')}/lab/v1/health",
            headers={},
            body=b"",
            allowed=settings.KITLOOP_LAB_ALLOWED_NETWORKS,
            timeout_seconds=5,
        )
        if answer.status == 200:
            yield Finding("labs", f"{lab.slug} answers at {lab.url}")
        else:
            remedy = (
                "Orders wait until it answers. Is it running, and is the address right? (kitloop create-lab changes it)"
            )
            yield Finding("labs", f"{lab.slug} at {lab.url}: {answer.status or answer.error}", remedy)
