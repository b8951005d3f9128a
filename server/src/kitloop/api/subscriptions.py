"""Who wants to hear of a project's events, and what they were sent (contract §7.1)."""

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.roles import Permission
from kitloop.api.operation import Operation, audited, caller_of, project_of, require_in
from kitloop.api.pagination import page
from kitloop.api.parsing import path_uuid
from kitloop.api.routing import at
from kitloop.webhooks.event_types import EVENT_TYPES
from kitloop.webhooks.models import Attempt, Delivery, Subscription
from kitloop.webhooks.owing import send_test
from kitloop.webhooks.payloads import payload_url
from kitloop.webhooks.subscriptions import create_subscription, delete_subscription, enable_subscription, rotate_secret
from kitloop.wire.times import iso


class SubscriptionSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")
    target = serializers.CharField(max_length=255)
    event_types = serializers.MultipleChoiceField(choices=list(EVENT_TYPES), allow_empty=False)


class TrialSerializer(serializers.Serializer[dict[str, Any]]):
    event_type = serializers.ChoiceField(choices=list(EVENT_TYPES), required=False, allow_null=True, default=None)
    retry = serializers.BooleanField(required=False, default=False)


def subscription_row(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": str(subscription.id),
        "name": subscription.name,
        "project": str(subscription.project_id),
        "target": subscription.target,
        "protocol": subscription.protocol,
        "event_types": subscription.event_types,
        "has_secret": subscription.has_secret,
    }


def notification_row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "created": iso(delivery.created),
        "response_status": delivery.response_status,
        "notification_event_type": delivery.event_type,
    }


def subscription_of(request: Request, subscription_id: str, permission: Permission) -> Subscription:
    """The subscription of a path: 404 where it is not the organization's, 403 where the caller may not do this to it."""
    found = get_object_or_404(Subscription.objects.of(caller_of(request)), pk=path_uuid(subscription_id))
    require_in(request, found.project_id, permission)
    audited(request, found.id)
    return found


class ProjectSubscriptionsView(Operation):
    def get(self, request: Request, project_id: str) -> Response:
        """List who hears of a project's events."""
        project = project_of(request, project_id)
        rows = Subscription.objects.of(caller_of(request)).filter(project=project).order_by("created", "id")
        return page(request, rows, lambda found: [subscription_row(each) for each in found])

    def post(self, request: Request, project_id: str) -> Response:
        """Have a project's events sent to a URL, or to an e-mail address. A URL gets signed webhooks once it has a secret."""
        project = project_of(request, project_id, Permission.PROJECT_EDIT)
        parsed = SubscriptionSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        made = create_subscription(project, created_by=caller_of(request), **parsed.validated_data)
        answer = {"id": str(made.id), "name": made.name, "target": made.target, "event_types": made.event_types}
        return Response(answer, status=201)


class SubscriptionView(Operation):
    def get(self, request: Request, subscription_id: str) -> Response:
        """Read a subscription."""
        return Response(subscription_row(subscription_of(request, subscription_id, Permission.PROJECT_VIEW)))

    def delete(self, request: Request, subscription_id: str) -> Response:
        """Delete a subscription. Nothing more is sent to it."""
        delete_subscription(subscription_of(request, subscription_id, Permission.PROJECT_EDIT).id)
        return Response(status=204)


class SubscriptionSecretView(Operation):
    def post(self, request: Request, subscription_id: str) -> Response:
        """Give a subscription a new secret to sign with. It is shown here, and never again; the one before ends."""
        subscription = subscription_of(request, subscription_id, Permission.PROJECT_EDIT)
        return Response({"secret": rotate_secret(subscription.id)}, headers={"Cache-Control": "no-store"})


class SubscriptionTestView(Operation):
    def post(self, request: Request, subscription_id: str) -> Response:
        """Send a subscription a dummy event. It is tried again only where `retry` is true."""
        subscription = subscription_of(request, subscription_id, Permission.PROJECT_EDIT)
        parsed = TrialSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        send_test(subscription.id, event_type=given["event_type"], is_retried=given["retry"])
        return Response(status=202)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """What `page` asks of rows, for a list that is in no table."""

    items: list[dict[str, Any]]

    def count(self) -> int:
        return len(self.items)

    def __getitem__(self, wanted: slice) -> list[dict[str, Any]]:
        return self.items[wanted]


class SubscriptionEventTypesView(Operation):
    def get(self, request: Request) -> Response:
        """List the kinds of events that there are."""
        kinds = _Fixed([{"key": key, "description": description} for key, description in EVENT_TYPES.items()])
        return page(request, cast("QuerySet[Any]", kinds), lambda found: found)


class SubscriptionNotificationsView(Operation):
    def get(self, request: Request, subscription_id: str) -> Response:
        """List what a subscription was sent or is owed, newest first."""
        subscription = subscription_of(request, subscription_id, Permission.PROJECT_VIEW)
        rows = Delivery.objects.filter(subscription=subscription).order_by("-created", "id")
        return page(request, rows, lambda found: [notification_row(each) for each in found])


class NotificationView(Operation):
    def get(self, request: Request, notification_id: str) -> Response:
        """Read one thing that was sent, with the receiver's last answer and a link to its payload."""
        deliveries = Delivery.objects.of(caller_of(request)).select_related("subscription")
        delivery = get_object_or_404(deliveries, pk=path_uuid(notification_id))
        require_in(request, delivery.subscription.project_id, Permission.PROJECT_VIEW)
        last = Attempt.objects.filter(delivery=delivery).order_by("-number").first()
        said = None if last is None else last.answer or last.error
        return Response(
            {**notification_row(delivery), "response_message": said, "payload_url": payload_url(delivery.id)},
            headers={"Cache-Control": "private, no-store"},
        )


class EnableSubscriptionView(Operation):
    def post(self, request: Request, subscription_id: str) -> Response:
        """Enable a subscription that was disabled, after a 410 or five days of failure."""
        enable_subscription(subscription_of(request, subscription_id, Permission.PROJECT_EDIT).id)
        return Response(status=204)


routes = [
    at("project-subscriptions/{project_id}", ProjectSubscriptionsView, "project-subscriptions"),
    at("project-subscription-details/{subscription_id}", SubscriptionView, "project-subscription-details"),
    at("project-subscription-secret/{subscription_id}", SubscriptionSecretView, "project-subscription-secret"),
    at("project-subscription-test/{subscription_id}", SubscriptionTestView, "project-subscription-test"),
    at("project-subscription-event-types", SubscriptionEventTypesView, "project-subscription-event-types"),
    at(
        "project-subscription-notifications/{subscription_id}",
        SubscriptionNotificationsView,
        "project-subscription-notifications",
    ),
    at("notifications/{notification_id}", NotificationView, "notifications"),
]
own_routes = [at("subscriptions/{subscription_id}/enable", EnableSubscriptionView, "subscription-enable")]
