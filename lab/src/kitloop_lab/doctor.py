"""What `kitloop-lab doctor` looks at."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from kitloop_lab.folders import SEALING_KEY_FILE, SECRET_KEY_FILE
from kitloop_lab.models import WAITING_FOR_A_PERSON, Kit, Order, OutboxEvent
from kitloop_lab.sequencing import find_program


@dataclass(frozen=True, slots=True)
class Finding:
    fine: bool
    says: str


def examine() -> list[Finding]:
    """All findings, good and bad. Changes nothing."""
    checks: list[Callable[[], Finding]] = [_folder, _keys, _secret, _platform, _database]
    if settings.LAB_MODE == "sandbox":
        checks += [_simulator, _demo]
    found = [check() for check in checks]
    return found + _rows() if found[checks.index(_database)].fine else found


def _folder() -> Finding:
    if not settings.DATA.is_dir():
        return Finding(False, f"data folder {settings.DATA} is not there yet: `kitloop-lab migrate` makes it")
    return Finding(True, f"data folder {settings.DATA}")


def _keys() -> Finding:
    for name in (SECRET_KEY_FILE, SEALING_KEY_FILE):
        path = settings.DATA / name
        if not path.is_file():
            return Finding(False, f"key file {name} is not there yet: `kitloop-lab migrate` makes it")
        if path.stat().st_mode & 0o077:
            return Finding(False, f"key file {name} can be read by others: chmod 600")
    return Finding(True, "key files are there and private")


def _secret() -> Finding:
    if not settings.LAB_SECRET:
        return Finding(False, "no secret is shared with the platform: KITLOOP_LAB_SECRET or KITLOOP_LAB_SECRET_FILE")
    return Finding(True, f"lab {settings.LAB_SLUG} has a secret to sign with")


def _platform() -> Finding:
    if not settings.LAB_PLATFORM_URL:
        return Finding(False, "no platform to send events to: KITLOOP_LAB_PLATFORM_URL")
    try:
        answer = httpx2.get(settings.LAB_PLATFORM_URL, timeout=5)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Finding(False, f"platform {settings.LAB_PLATFORM_URL} does not answer ({type(error).__name__})")
    return Finding(True, f"platform {settings.LAB_PLATFORM_URL} answers ({answer.status_code})")


def _database() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding(False, f"database does not open ({type(error).__name__})")
    if missing:
        return Finding(False, f"database lacks {len(missing)} migrations: `kitloop-lab migrate`")
    return Finding(True, f"database ({connection.vendor}) is up to date")


def _simulator() -> Finding:
    program = find_program()
    if program is None:
        return Finding(False, "kitloop-genomics is not installed: the sandbox cannot write reads")
    try:
        asked = subprocess.run([program, "simulate", "reads", "--help"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Finding(False, f"{program} does not run")
    return Finding(asked.returncode == 0, f"{program} simulate reads: exit code {asked.returncode}")


def _demo() -> Finding:
    if not settings.LAB_DEMO:
        return Finding(False, "no demo folder to sequence people from: KITLOOP_LAB_DEMO")
    missing = [name for name in ("bundle", "people") if not (Path(settings.LAB_DEMO) / name).is_dir()]
    if missing:
        return Finding(False, f"demo folder {settings.LAB_DEMO} has no {' and no '.join(missing)}")
    return Finding(True, f"demo folder {settings.LAB_DEMO}")


def _rows() -> list[Finding]:
    stock = Kit.objects.filter(state=Kit.State.MADE).count()
    messages = OutboxEvent.objects.filter(WAITING_FOR_A_PERSON).count()
    orders = Order.objects.filter(WAITING_FOR_A_PERSON).count()
    return [
        Finding(True, f"{stock} kits in stock, {Order.objects.count()} orders"),
        Finding(messages == 0, f"{messages} messages wait for a person"),
        Finding(orders == 0, f"{orders} orders are parked and wait for a person"),
    ]
