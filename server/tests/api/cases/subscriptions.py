"""Webhook subscriptions."""

from cast import Cast
from kitloop.webhooks.models import Delivery
from kitloop.webhooks.owing import send_test
from kitloop.webhooks.subscriptions import create_subscription

from cases import READERS, SIGNED_IN, Case, managers

CASES = [
    Case("project-subscriptions", "get", "project-subscriptions/{project}", READERS),
    Case(
        "project-subscriptions", "post", "project-subscriptions/{project}", managers(201),
        {"target": "https://receiver.example/hook", "event_types": ["analysis_complete_v2"]},
    ),
    Case("project-subscription-details", "get", "project-subscription-details/{subscription}", READERS),
    Case("project-subscription-details", "delete", "project-subscription-details/{subscription}", managers(204)),
    Case("project-subscription-secret", "post", "project-subscription-secret/{subscription}", managers(200)),
    Case("project-subscription-test", "post", "project-subscription-test/{subscription}", managers(202)),
    Case("project-subscription-event-types", "get", "project-subscription-event-types/", SIGNED_IN),
    Case("project-subscription-notifications", "get", "project-subscription-notifications/{subscription}", READERS),
    Case("notifications", "get", "notifications/{notification}", READERS),
    Case("subscription-enable", "post", "/api/kitloop/v1/subscriptions/{subscription}/enable", managers(204)),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    """A subscription that is owed one event."""
    subscription = create_subscription(
        cast.project,
        target="https://receiver.example/hook",
        event_types=["analysis_complete_v2"],
        created_by=cast.owner.user.caller(),
    )
    send_test(subscription.id, event_type=None, is_retried=False)
    delivery = Delivery.objects.get(subscription=subscription)
    return {"subscription": str(subscription.id), "notification": str(delivery.id)}
