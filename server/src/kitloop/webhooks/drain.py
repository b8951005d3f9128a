"""Sending what one subscription is owed, up to eight requests at a time, without a transaction open meanwhile."""

import asyncio
import json
import smtplib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import close_old_connections
from django.utils import timezone

from kitloop.base.answer import Answer
from kitloop.webhooks.bell import ring
from kitloop.webhooks.outcomes import Owed, Try, due, record
from kitloop.webhooks.signing import headers_for

if TYPE_CHECKING:
    from kitloop.base.outbound import Door

IN_FLIGHT = 8
TAKEN_AT_ONCE = 64
# After this long a drain starts no further request: its worker's place goes to others, and a worker that stops need not wait.
SLICE_SECONDS = 20.0

# Threads of their own. The loop's default ones carry the synchronous jobs, and an analysis sits on one for hours.
_ROWS = ThreadPoolExecutor(4, thread_name_prefix="deliveries-rows")
_MAIL = ThreadPoolExecutor(2, thread_name_prefix="deliveries-mail")

P = ParamSpec("P")
T = TypeVar("T")


async def aside(do: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs what needs the database in a thread, whose connection is looked at before and after."""
    return await _aside(_ROWS, do, *args, **kwargs)


async def aside_for_mail(do: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, for what waits for a mail server: it must not take the rows' threads."""
    return await _aside(_MAIL, do, *args, **kwargs)


async def _aside(threads: Executor, do: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    def done() -> T:
        close_old_connections()
        try:
            return do(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(threads, done)


async def drain(subscription_id: UUID) -> None:
    """Sends until nothing is due any more. What is not recorded when we are killed is still due, and will be sent again.

    Only one may run per subscription at a time: the job's lock sees to that.
    """
    from kitloop.base.outbound import Door

    async with Door(
        allowed=settings.KITLOOP_WEBHOOK_ALLOWED_NETWORKS, timeout_seconds=settings.KITLOOP_WEBHOOK_TIMEOUT_SECONDS
    ) as door:
        flying: dict[asyncio.Task[Try], UUID] = {}
        try:
            has_time_run_out = await _send_all(door, subscription_id, flying)
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)
    if has_time_run_out:
        await aside(ring, subscription_id)


async def _send_all(door: "Door", subscription_id: UUID, flying: dict[asyncio.Task[Try], UUID]) -> bool:
    """Keeps `flying` full as long as something is due; returns whether it stopped for time, with perhaps more to do."""
    waiting: deque[Owed] = deque()
    until = time.monotonic() + SLICE_SECONDS
    while True:
        is_late = time.monotonic() > until
        if is_late:
            waiting.clear()
        elif not waiting:
            waiting.extend(await aside(due, subscription_id, limit=TAKEN_AT_ONCE, besides=list(flying.values())))
        while waiting and len(flying) < IN_FLIGHT:
            owed = waiting.popleft()
            flying[asyncio.create_task(_try(door, owed))] = owed.id
        if not flying:
            return is_late
        landed, _ = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
        # All that landed by now is one transaction; those that land during it are the next one.
        if not await aside(record, subscription_id, [task.result() for task in landed]):
            waiting.clear()
        for task in landed:
            del flying[task]


async def _try(door: "Door", owed: Owed) -> Try:
    started, clock = timezone.now(), time.monotonic()
    if owed.protocol == "email":
        answer = await asyncio.get_running_loop().run_in_executor(_MAIL, _write_mail, owed)
        is_delivered = not answer.error
    else:
        answer = await _call(door, owed)
        is_delivered = answer.status is not None and 200 <= answer.status < 300
    return Try(owed.id, started, round((time.monotonic() - clock) * 1000), answer, is_delivered)


async def _call(door: "Door", owed: Owed) -> Answer:
    headers = headers_for(owed.body, event_id=owed.event_id, secret=owed.secret, timestamp=int(time.time()))
    return await door.request("POST", owed.target, headers=headers, body=owed.body)


def _write_mail(owed: Owed) -> Answer:
    mail = EmailMessage(
        subject=f"Kitloop: {owed.event_type}",
        body=json.dumps(json.loads(owed.body), indent=2, ensure_ascii=False),
        to=[owed.target],
        connection=get_connection(timeout=settings.KITLOOP_WEBHOOK_TIMEOUT_SECONDS),
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as error:
        return Answer(status=None, error=f"The mail server did not take it ({type(error).__name__}).")
    return Answer(status=None)
