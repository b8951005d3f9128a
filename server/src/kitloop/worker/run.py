"""A worker process: takes jobs until it is told to stop."""

import asyncio
from typing import Any

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from psycopg_pool import AsyncConnectionPool

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
    """
    try:
        await AsyncConnectionPool.check_connection(connection)
    except psycopg.Error:
        connector = app.connector
        assert isinstance(connector, PsycopgConnector)
        await connector.pool.check()
        raise


async def _run(queues: list[str], concurrency: int) -> None:
    # The connector of the web side borrows Django's connections; a worker needs one of its own that can listen.
    connector = PsycopgConnector(pool_factory=_pool, kwargs=connector_params("default"), min_size=1)
    with app.replace_connector(connector) as working:
        async with working.open_async():
            await working.run_worker_async(
                queues=queues or None,  # type: ignore[arg-type]  # None is all of them
                concurrency=concurrency,
                delete_jobs="successful",  # what is done is told by events; 40,000 finished sweeps a day are not worth a row
                fetch_job_polling_interval=1.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                shutdown_graceful_timeout=5.0,
            )
