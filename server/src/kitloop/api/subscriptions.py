"""Who wants to hear of a project's events, and what they were sent (contract §7.1)."""

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kitloop.accounts.roles import Permission
from kitloop.api.authentication import require
from kitloop.api.pagination import page
from kitloop.api.parsing import path_uuid
from kitloop.projects.models import Project
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


def visible_subscription(request: Request, subscription_id: str, permission: Permission) -> Subscription:
    """The subscription of a path, or 404; 403 first, where the role may not do this to any."""
    caller = require(request, permission)
    return get_object_or_404(Subscription.objects.visible_to(caller), pk=path_uuid(subscription_id))


class ProjectSubscriptionsView(APIView):
    """GET and POST project-subscriptions/{project}."""

    def get(self, request: Request, project_id: str) -> Response:
        caller = require(request, Permission.PROJECT_VIEW)
        project = get_object_or_404(Project.objects.visible_to(caller), pk=path_uuid(project_id))
        rows = Subscription.objects.visible_to(caller).filter(project=project).order_by("created", "id")
        return page(request, rows, lambda found: [subscription_row(each) for each in found])

    def post(self, request: Request, project_id: str) -> Response:
        caller = require(request, Permission.PROJECT_EDIT)
        project = get_object_or_404(Project.objects.visible_to(caller), pk=path_uuid(project_id))
        parsed = SubscriptionSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        made = create_subscription(project, created_by=caller, **parsed.validated_data)
        answer = {"id": str(made.id), "name": made.name, "target": made.target, "event_types": made.event_types}
        return Response(answer, status=201)


class SubscriptionView(APIView):
    """GET and DELETE project-subscription-details/{id}."""

    def get(self, request: Request, subscription_id: str) -> Response:
        return Response(subscription_row(visible_subscription(request, subscription_id, Permission.PROJECT_VIEW)))

    def delete(self, request: Request, subscription_id: str) -> Response:
        delete_subscription(visible_subscription(request, subscription_id, Permission.PROJECT_EDIT).id)
        return Response(status=204)


class SubscriptionSecretView(APIView):
    """POST project-subscription-secret/{id}: a new secret, shown here and never again."""

    def post(self, request: Request, subscription_id: str) -> Response:
        subscription = visible_subscription(request, subscription_id, Permission.PROJECT_EDIT)
        return Response({"secret": rotate_secret(subscription.id)}, headers={"Cache-Control": "no-store"})


class SubscriptionTestView(APIView):
    """POST project-subscription-test/{id}: sends a dummy event; the body is optional."""

    def post(self, request: Request, subscription_id: str) -> Response:
        subscription = visible_subscription(request, subscription_id, Permission.PROJECT_EDIT)
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


class SubscriptionEventTypesView(APIView):
    """GET project-subscription-event-types/."""

    def get(self, request: Request) -> Response:
        require(request, Permission.PROJECT_VIEW)
        kinds = _Fixed([{"key": key, "description": description} for key, description in EVENT_TYPES.items()])
        return page(request, cast("QuerySet[Any]", kinds), lambda found: found)


class SubscriptionNotificationsView(APIView):
    """GET project-subscription-notifications/{id}: what it was sent or is owed, newest first."""

    def get(self, request: Request, subscription_id: str) -> Response:
        subscription = visible_subscription(request, subscription_id, Permission.PROJECT_VIEW)
        rows = Delivery.objects.filter(subscription=subscription).order_by("-created", "id")
        return page(request, rows, lambda found: [notification_row(each) for each in found])


class NotificationView(APIView):
    """GET notifications/{id}: with the receiver's last answer, and a link to the payload."""

    def get(self, request: Request, notification_id: str) -> Response:
        caller = require(request, Permission.PROJECT_VIEW)
        delivery = get_object_or_404(Delivery.objects.visible_to(caller), pk=path_uuid(notification_id))
        last = Attempt.objects.filter(delivery=delivery).order_by("-number").first()
        said = None if last is None else last.answer or last.error
        return Response(
            {**notification_row(delivery), "response_message": said, "payload_url": payload_url(delivery.id)},
            headers={"Cache-Control": "private, no-store"},
        )


class EnableSubscriptionView(APIView):
    """POST /api/kitloop/v1/subscriptions/{id}/enable: after a 410, or five days of failure, it was disabled."""

    def post(self, request: Request, subscription_id: str) -> Response:
        enable_subscription(visible_subscription(request, subscription_id, Permission.PROJECT_EDIT).id)
        return Response(status=204)
