"""Who wants to hear, what they are owed, and each try to tell them."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kitloop.accounts.models import Caller
from kitloop.base.sealed import unseal
from kitloop.projects.models import Project
from kitloop.webhooks.event_types import EVENT_TYPES


class Subscriptions(models.QuerySet["Subscription"]):
    def of(self, caller: Caller) -> "Subscriptions":
        """Subscriptions of the caller's own organization. What it may do to them is its roles' to say."""
        return self.filter(project__in=Project.objects.of(caller))

    def visible_to(self, caller: Caller) -> "Subscriptions":
        """The gate: subscriptions of projects that the caller may see."""
        return self.filter(project__in=Project.objects.visible_to(caller))


class Subscription(models.Model):
    """One target of one project. While it is disabled, its deliveries are held: kept, not sent."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="subscriptions")
    name = models.CharField(max_length=255)
    target = models.CharField(max_length=255)
    protocol = models.CharField(max_length=16)
    event_types = ArrayField(models.CharField(max_length=64))
    sealed_secret = models.BinaryField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    # How its target does. The breaker is open from BREAKER_FAILURES straight failures on: one probe at a time, at `probe_at`.
    straight_failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=16, blank=True, default="")

    objects = Subscriptions.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(event_types__contained_by=list(EVENT_TYPES)) & Q(event_types__len__gte=1),
                name="subscription_event_types_known",
            ),
            models.CheckConstraint(condition=Q(protocol__in=["webhook", "email"]), name="subscription_protocol_known"),
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | Q(disabled_at__isnull=False, disabled_reason__in=["gone", "failing"]),
                name="subscription_disabled_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["project", "created", "id"], name="subscription_listing")]

    @property
    def has_secret(self) -> bool:
        return self.sealed_secret is not None

    @property
    def secret(self) -> str | None:
        return None if self.sealed_secret is None else str(unseal(self.sealed_secret))


class Deliveries(models.QuerySet["Delivery"]):
    def of(self, caller: Caller) -> "Deliveries":
        return self.filter(subscription__in=Subscription.objects.of(caller))

    def visible_to(self, caller: Caller) -> "Deliveries":
        return self.filter(subscription__in=Subscription.objects.visible_to(caller))


class Delivery(models.Model):
    """One event owed to one subscription. The pending rows are the queue; jobs are only bells."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    # DO_NOTHING: the database still refuses to leave one behind; delete_subscription removes them without loading each.
    subscription = models.ForeignKey(Subscription, on_delete=models.DO_NOTHING, related_name="deliveries")
    event_id = models.UUIDField()  # of the event, or of nothing where it is a test
    event_type = models.CharField(max_length=64)
    body = models.TextField()  # what is signed and sent, as UTF-8
    is_test = models.BooleanField(default=False)
    is_retried = models.BooleanField(default=True)
    state = models.CharField(max_length=16, default="pending")
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)  # all tries made
    failures = models.PositiveIntegerField(default=0)  # those that count against the schedule: a probe does not
    response_status = models.IntegerField(null=True)  # of the last try
    created = models.DateTimeField()

    objects = Deliveries.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "event_id"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "held", "delivered", "failed"]), name="delivery_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "due_at"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["subscription", "-created", "id"], name="delivery_listing"),
        ]


class Attempt(models.Model):
    """One try: when, how long, and what came back."""

    delivery = models.ForeignKey(Delivery, on_delete=models.DO_NOTHING, related_name="tries")
    number = models.PositiveIntegerField()
    started = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    response_status = models.IntegerField(null=True)  # none: no answer came, and `error` says why
    answer = models.TextField(blank=True, default="")  # at most 4 kB of it
    error = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_once")]
