"""A worker that has nothing to do asks little, and still finds out at once that its server has ended."""

import asyncio
import time
from typing import Any

import psycopg
import pytest
from kitloop.worker.run import _own, _pool
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector


def test_a_worker_calls_for_the_periodic_tasks_of_its_own_queues_alone() -> None:
    def names(*queues: str) -> set[str]:
        return {name for name, _ in _own(app.periodic_registry.periodic_tasks, list(queues))}

    assert names("webhooks") == {"webhooks.sweep"}
    assert names("mail") == names("analysis") == names("lab") == set()
    everything = {"webhooks.sweep", *names("housekeeping")}
    assert "housekeeping.rescue" in everything
    assert names() == everything


@pytest.mark.django_db(transaction=True)
def test_connections_of_a_worker_are_asked_once_something_came_on_them_and_broken_ones_all_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    execute = psycopg.AsyncConnection.execute

    async def remembered(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        asked.append(query)
        return await execute(self, query, *args, **options)

    async def story() -> float:
        with psycopg.connect(**connector_params("default"), autocommit=True) as operator:
            mine = {**connector_params("default"), "application_name": "idle worker"}
            connector = PsycopgConnector(pool_factory=_pool, kwargs=mine, min_size=3, max_size=3)
            with app.replace_connector(connector) as working:
                async with working.open_async():
                    await connector.pool.wait()
                    monkeypatch.setattr(psycopg.AsyncConnection, "execute", remembered)
                    for _ in range(3):
                        async with connector.pool.connection():
                            pass
                    assert asked == []
                    operator.execute(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'idle worker'"
                    )
                    await asyncio.sleep(0.2)
                    began = time.monotonic()
                    async with connector.pool.connection() as connection:
                        assert await (await connection.execute("SELECT 1")).fetchone() is not None
                    return time.monotonic() - began

    assert asyncio.run(story()) < 3
    assert asked[-1] == "SELECT 1"
