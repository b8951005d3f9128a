"""Send accepted orders to the platform, until each is answered: placed once, or refused with a reason."""

import logging
import random
from datetime import datetime, timedelta

from django.utils import timezone
from kitloop_sdk import Client, Conflict, InvalidOrder, KitloopError, KitOrder, NoAnswer, RateLimited, Unavailable

from kitloop_storefront import orders
from kitloop_storefront.models import Order
from kitloop_storefront.models.order import RECIPIENT_FIELDS

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 30.0
PERSON_PAUSE = timedelta(minutes=10)  # a wrong key or project: staff see it at once, and it heals by itself when mended


def place_due(client: Client, *, now: datetime | None = None) -> int:
    """Place every order whose time has come; how many were placed. Stops early when the platform is not there."""
    placed = 0
    while order := orders.claim_due(now or timezone.now()):
        try:
            sample_id = _find_placed(client, order) if order.unanswered else None
            if sample_id is None:
                orders.note_sending(order)
                sample_id = client.order_kit(_as_kit_order(order), idempotency_key=str(order.idempotency_key))
        except InvalidOrder as error:
            _record_refusal(order, error)
        except (Unavailable, RateLimited, Conflict) as error:
            pause = error.retry_after_seconds or pause_seconds(order.attempts)
            orders.record_problem(
                order,
                problem=reason(error),
                next_attempt_at=timezone.now() + timedelta(seconds=pause),
                unanswered=order.unanswered or isinstance(error, NoAnswer) or (error.status or 0) >= 500,
            )
            logger.warning("order %s waits: %s", order.number, type(error).__name__)
            if isinstance(error, Unavailable):
                break
        except KitloopError as error:
            orders.record_problem(
                order,
                problem=reason(error),
                next_attempt_at=timezone.now() + PERSON_PAUSE,
                unanswered=order.unanswered,
            )
            logger.error("order %s needs staff: %s", order.number, type(error).__name__)
        else:
            orders.record_placed(order, sample_id=sample_id)
            logger.info("order %s placed as sample %s", order.number, sample_id)
            placed += 1
    return placed


def pause_seconds(attempts: int) -> float:
    """How long to wait after this many attempts, with jitter."""
    longest = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** min(attempts, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing


def reason(error: KitloopError) -> str:
    """For staff: what the platform said, with the number to quote to whoever runs it."""
    return f"{error}{f' (request {error.request_id})' if error.request_id else ''}"


def _record_refusal(order: Order, error: InvalidOrder) -> None:
    mendable = {name: messages for name, messages in error.fields.items() if name in RECIPIENT_FIELDS}
    if mendable:
        orders.record_refused(order, fields=mendable)
        logger.info("order %s needs correction: %s", order.number, ", ".join(sorted(mendable)))
        return
    # Nothing that the customer wrote: the project, most likely. A person has to look; the button tries again.
    orders.record_problem(order, problem=reason(error), next_attempt_at=None, unanswered=False)
    logger.error("order %s is refused for a reason that is not the customer's", order.number)


def _find_placed(client: Client, order: Order) -> str | None:
    """The sample of a request whose answer never came, found by the metadata that we sent.

    With idempotency keys this is a second belt; with a host that knows none it is what keeps one order one kit.
    """
    for sample in client.project_samples(order.project_id, search=str(order.number), sort_by="created"):
        if client.sample_metadata(sample.id) == order.metadata:
            return sample.id
    return None


def _as_kit_order(order: Order) -> KitOrder:
    return KitOrder(
        project_id=order.project_id,
        **{name: str(getattr(order, name)) for name in RECIPIENT_FIELDS},
        metadata=order.metadata,
        test_mode=order.test_mode,
    )
