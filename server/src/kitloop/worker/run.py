"""A worker process: takes jobs until it is told to stop."""

import asyncio
from typing import Any

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.periodic import PeriodicTask
from psycopg_pool import AsyncConnectionPool

from kitloop.base.database.base import is_silent

HEARTBEAT_SECONDS = 1.0
STALLED_SECONDS = 4.0


def run_worker(*, queues: list[str], concurrency: int) -> None:
    """Runs until SIGTERM or SIGINT; a job that runs on for 5 s more is given up and taken up by another worker."""
    asyncio.run(_run(queues, concurrency))


def _pool(**options: Any) -> AsyncConnectionPool:
    return AsyncConnectionPool(**{**options, "check": _check})


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    """Before a connection of the pool is used: when one is broken, a server has ended, and they all are.

    Found one by one, each would cost a pause of 1, 2, 4 … seconds, and a worker has to end quickly to be started again.
    One on which nothing came is not asked: a server that ended has closed its end, and an idle worker does little else.
    """
    if not connection.closed and is_silent(connection.fileno()):
        return
    try:
        await AsyncConnectionPool.check_connection(connection)
    except psycopg.Error:
        connector = app.connector
        assert isinstance(connector, PsycopgConnector)
        await connector.pool.check()
        raise


def _own(tasks: dict[Any, PeriodicTask[..., Any, Any]], queues: list[str]) -> dict[Any, PeriodicTask[..., Any, Any]]:
    """Those that this worker may carry out. Others are no use while no worker for them runs, and theirs looks after them."""
    return {key: each for key, each in tasks.items() if not queues or each.task.queue in queues}


async def _run(queues: list[str], concurrency: int) -> None:
    # The connector of the web side borrows Django's connections; a worker needs one of its own that can listen.
    connector = PsycopgConnector(pool_factory=_pool, kwargs=connector_params("default"), min_size=1)
    with app.replace_connector(connector) as working:
        async with working.open_async():
            working.periodic_registry.periodic_tasks = _own(working.periodic_registry.periodic_tasks, queues)
            await working.run_worker_async(
                queues=queues or None,  # type: ignore[arg-type]  # None is all of them
                concurrency=concurrency,
                delete_jobs="successful",  # what is done is told by events; 40,000 finished sweeps a day are not worth a row
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=5.0,
            )
