"""What can be wrong with an installation, each checked by itself."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from kitloop_sdk import KitloopError, NotAuthenticated, NotFound, Unavailable

from kitloop_storefront.models import Order
from kitloop_storefront.platform import api_key, platform, webhook_secrets


@dataclass(frozen=True, slots=True)
class Finding:
    well: bool
    text: str
    remedy: str = ""


def examine() -> list[Finding]:
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (_data, _database, _platform, _webhooks, _orders, _safety)
    return [finding for check in checks for finding in check()]


def _data() -> Iterator[Finding]:
    yield Finding(
        os.access(settings.DATA, os.W_OK), f"data folder {settings.DATA}", "Make it writable, or choose --data."
    )
    mode = settings.SECRET_KEY_FILE.stat().st_mode & 0o777
    yield Finding(mode == 0o600, "secret key readable by its owner only", f"chmod 600 {settings.SECRET_KEY_FILE}")


def _database() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    yield Finding(not behind, f"database ({connection.vendor}) up to date", "kitloop-shop migrate")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            wal = cursor.fetchone()[0] == "wal"
            cursor.execute("PRAGMA synchronous")
            full = cursor.fetchone()[0] == 2
        yield Finding(wal and full, "SQLite writes are durable (WAL, FULL)", "Use a local disk, not a network folder.")


def _platform() -> Iterator[Finding]:
    if not api_key():
        yield Finding(False, "API key", "Set --api-key-file (KITLOOP_SHOP_API_KEY_FILE) or KITLOOP_SHOP_API_KEY.")
    if not settings.PROJECT_ID:
        yield Finding(False, "project", "Set --project (KITLOOP_SHOP_PROJECT) to the project's id.")
    if not (api_key() and settings.PROJECT_ID):
        return
    where = f"platform {settings.PLATFORM_URL}"
    try:
        next(platform().project_samples(settings.PROJECT_ID, page_size=1), None)
    except NotAuthenticated:
        yield Finding(False, f"{where} takes the key", "Make a new API key there, and put it into the key file.")
    except NotFound:
        yield Finding(False, f"{where} has the project", "Check the project id, and that the key's user may see it.")
    except Unavailable:
        yield Finding(False, f"{where} answers", "Start it, or mend --api. Orders wait meanwhile.")
    except KitloopError as error:
        yield Finding(False, where, str(error))
    else:
        yield Finding(True, f"{where} takes the key and has the project")


def _webhooks() -> Iterator[Finding]:
    remedy = "Set --webhook-secret-file (KITLOOP_SHOP_WEBHOOK_SECRET_FILE). Without it only polling brings results."
    yield Finding(bool(webhook_secrets()), "webhook secret", remedy)


def _orders() -> Iterator[Finding]:
    stuck = Order.objects.with_problems().count() if not _is_behind() else 0
    yield Finding(not stuck, f"orders with problems: {stuck}", "See the staff page.")


def _safety() -> Iterator[Finding]:
    at_home = urlsplit(settings.PUBLIC_URL).hostname in (None, "localhost", "127.0.0.1", "::1")
    well = at_home or settings.SECURE
    yield Finding(
        well, "public address uses https", "Put a TLS proxy before the shop, and set --public-url to https://…"
    )


def _is_behind() -> bool:
    return Order._meta.db_table not in connection.introspection.table_names()
