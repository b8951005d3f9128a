"""The tasks of webhooks. Asynchronous throughout: the default threads may all be busy with an analysis."""

import logging
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from kitloop.webhooks.bell import ring_where_due
from kitloop.webhooks.drain import aside, aside_for_mail, drain
from kitloop.webhooks.letters import tell_owners
from kitloop.webhooks.owing import fan_out

log = logging.getLogger(__name__)


@app.task(name="webhooks.fan_out", queue="webhooks", retry=RetryStrategy(max_attempts=100, linear_wait=2))
async def owe(event_id: str) -> None:
    await aside(fan_out, UUID(event_id))


@app.task(name="webhooks.drain", queue="webhooks")
async def send_what_is_due(subscription_id: str) -> None:
    """Never fails: a retry would meet the next bell's lock, and stop the subscription for good. The sweep rings again."""
    try:
        await drain(UUID(subscription_id))
    except Exception:
        log.exception("subscription %s: a drain broke off; what was not recorded is sent again", subscription_id)


@app.periodic(cron="* * * * * */2")  # the sixth field: seconds
@app.task(name="webhooks.sweep", queue="webhooks", queueing_lock="webhooks.sweep")
async def sweep(timestamp: int) -> None:
    await aside(ring_where_due)


@app.task(name="webhooks.tell_owners", queue="webhooks", retry=RetryStrategy(max_attempts=20, linear_wait=60))
async def write_to_owners(subscription_id: str) -> None:
    await aside_for_mail(tell_owners, UUID(subscription_id))
