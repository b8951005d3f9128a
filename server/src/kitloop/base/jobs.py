"""Deferring work by name, in the caller's transaction. Tasks live in `worker`, above everything; so nobody imports them."""

from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager

# In a worker, the app's own connector is a pool of the event loop: outside our transaction, and not to be used from a thread.
_JOBS = JobManager(DjangoConnector())


def defer(task: str, *, lock: str | None = None, **arguments: Any) -> None:
    """Queues a task by its name, on this thread's connection: the job commits or vanishes with what is written there.

    With `lock`, one such job runs at a time and one more may wait; a third raises procrastinate's AlreadyEnqueued.
    """
    deferrer = app.configure_task(task, lock=lock, queueing_lock=lock)
    deferrer.job_manager = _JOBS
    deferrer.defer(**arguments)
