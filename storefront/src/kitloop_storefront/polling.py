"""The fallback: look through the project now and then, and catch what no webhook told."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from kitloop_sdk import Client, NotFound, Status

from kitloop_storefront.models import Order, Poll
from kitloop_storefront.models.order import State
from kitloop_storefront.results import FINAL
from kitloop_storefront.tracking import bring_up_to_date

logger = logging.getLogger(__name__)

OVERLAP = timedelta(days=1)  # what was being written while the last look went by


def poll_due(client: Client, *, now: datetime | None = None) -> int | None:
    """Look once if the time has come: how many kits had news, None when it was not due.

    The time of the look is stored before it starts, so neither an error nor a crash makes it come oftener.
    """
    now = now or timezone.now()
    if not settings.PROJECT_ID or not _begin(now):
        return None
    poll = Poll.objects.get(project_id=settings.PROJECT_ID)
    known_until = poll.seen_until - OVERLAP if poll.seen_until else None
    seen_until, news = poll.seen_until, 0
    for sample in client.project_samples(settings.PROJECT_ID, sort_by="modified", sort_order="desc"):
        if known_until and sample.modified and sample.modified < known_until:
            break  # newest first: all that follows was seen before
        seen_until = max(filter(None, [seen_until, sample.modified]), default=None)
        order = Order.objects.select_related("progress", "result").of_sample(sample.id).first()
        if order and _differs(order, sample.last_status):
            try:
                bring_up_to_date(client, order)
                news += 1
            except NotFound:
                logger.warning("order %s: sample %s went away while polling", order.number, sample.id)
    Poll.objects.filter(project_id=settings.PROJECT_ID).update(seen_until=seen_until)
    if news:
        logger.info("polling found news of %d kits", news)
    return news


def _begin(now: datetime) -> bool:
    """Whether this look is ours to make."""
    if not Order.objects.filter(state=State.PLACED).exists():
        return False
    _, first = Poll.objects.get_or_create(project_id=settings.PROJECT_ID, defaults={"started_at": now})
    if first:
        return True
    due = now - timedelta(seconds=settings.POLL_SECONDS)
    return Poll.objects.filter(project_id=settings.PROJECT_ID, started_at__lte=due).update(started_at=now) == 1


def _differs(order: Order, status: Status) -> bool:
    """The note counts: it is where a listing tells that a kit moved while its sample's status stayed."""
    progress, result = getattr(order, "progress", None), getattr(order, "result", None)
    if status.key in FINAL and (result is None or result.status != status.key):
        return True
    return progress is None or (progress.status, progress.note) != (status.key, status.note)
