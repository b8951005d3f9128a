"""Orders. An order that is due is its own place in the outbox: the row is the queue."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from kitloop_sdk.countries import NAMES

from kitloop_storefront.models.customer import Customer

# The recipient's fields, spelled as on the wire: a refusal's field errors point at form fields without a table between.
RECIPIENT_FIELDS = (
    "recipient_address_name",
    "recipient_address_line1",
    "recipient_address_line2",
    "recipient_address_line3",
    "recipient_address_city",
    "recipient_address_state_region",
    "recipient_address_postal_code",
    "recipient_address_country_code",
    "recipient_email",
    "recipient_phone",
    "recipient_instructions",
)


class State(models.TextChoices):
    ACCEPTED = "accepted"  # stored here, not yet answered by the platform
    PLACED = "placed"  # the platform has it and gave a sample id
    NEEDS_CORRECTION = "needs_correction"  # the platform refused the address; the customer can mend it


class Orders(models.QuerySet["Order"]):
    def visible_to(self, user: Customer | AnonymousUser) -> Self:
        """The gate for every page: staff see all orders, customers their own."""
        if not isinstance(user, Customer):
            return self.none()
        return self if user.is_staff else self.owned_by(user)

    def owned_by(self, user: Customer | AnonymousUser) -> Self:
        """Narrower: results and files are the customer's alone, not the staff's."""
        return self.filter(customer=user) if isinstance(user, Customer) else self.none()

    def of_sample(self, sample_id: object) -> Self:
        """The order of a sample that the platform named; none for a name that is no UUID."""
        try:
            return self.filter(sample_id=uuid.UUID(str(sample_id)))
        except ValueError:
            return self.none()

    def waiting(self) -> Self:
        return self.filter(state=State.ACCEPTED)

    def with_problems(self) -> Self:
        """Those that staff should look at: the platform said no or nothing, or has put the kit on hold."""
        return self.filter((Q(state=State.ACCEPTED) & ~Q(problem="")) | Q(progress__journey__holds__0__isnull=False))


class Order(models.Model):
    """One kit for one person."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(max_length=24, unique=True, null=True)
    form_token = models.UUIDField()
    idempotency_key = models.UUIDField(unique=True, default=uuid.uuid4)
    project_id = models.CharField(max_length=64)
    test_mode = models.BooleanField()
    created = models.DateTimeField(default=timezone.now)
    consented_at = models.DateTimeField()
    consent_version = models.CharField(max_length=16)

    recipient_address_name = models.CharField(max_length=255)
    recipient_address_line1 = models.CharField(max_length=50)
    recipient_address_line2 = models.CharField(max_length=50, blank=True)
    recipient_address_line3 = models.CharField(max_length=50, blank=True)
    recipient_address_city = models.CharField(max_length=50)
    recipient_address_state_region = models.CharField(max_length=50)
    recipient_address_postal_code = models.CharField(max_length=20)
    recipient_address_country_code = models.CharField(max_length=2)
    recipient_email = models.EmailField(max_length=254)
    recipient_phone = models.CharField(max_length=128)
    recipient_instructions = models.CharField(max_length=255, blank=True)

    state = models.CharField(max_length=20, choices=State.choices, default=State.ACCEPTED)
    attempts = models.PositiveIntegerField(default=0)
    unanswered = models.BooleanField(default=False)  # a request went out whose fate we do not know
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)  # null: nothing to do by itself
    problem = models.CharField(max_length=500, blank=True)  # for staff; never holds personal data
    field_errors = models.JSONField(default=dict, blank=True)  # for the customer
    sample_id = models.UUIDField(null=True, unique=True)
    placed_at = models.DateTimeField(null=True)

    objects = Orders.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("customer", "form_token", name="order_once_per_form"),
            models.CheckConstraint(
                condition=Q(state=State.PLACED, sample_id__isnull=False)
                | (~Q(state=State.PLACED) & Q(sample_id__isnull=True)),
                name="order_placed_means_a_sample",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "next_attempt_at"], name="order_due"),
            models.Index(fields=["customer", "-created"], name="order_of_customer"),
        ]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def country(self) -> str:
        return NAMES.get(self.recipient_address_country_code, self.recipient_address_country_code)

    @property
    def metadata(self) -> dict[str, Any]:
        """What the platform stores with the sample, and by which it can be found again."""
        return {"customer_id": str(self.customer_id), "order_number": self.number}

    @classmethod
    def number_for(cls, pk: int, year: int) -> str:
        return f"{settings.ORDER_PREFIX}-{year}-{pk:05d}"
