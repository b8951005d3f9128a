"""The lab's rows. What must never happen is forbidden here, by constraints, before any code is trusted."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from kitloop_lab.journey import ENDS, STAGES


class Batch(models.Model):
    """Kits are made in batches, barcodes and all, before anybody orders one."""

    made_at = models.DateTimeField(default=timezone.now)
    size = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="batch_has_kits")]


class Order(models.Model):
    """One order of the platform's. `kit_id` is the platform's id and the idempotency key; no personal data here."""

    kit_id = models.UUIDField(unique=True)
    content_digest = models.CharField(max_length=64)
    ordered_at = models.DateTimeField()
    taken_at = models.DateTimeField(default=timezone.now)
    test_mode = models.BooleanField()
    scenario = models.CharField(max_length=40, blank=True)
    stage = models.CharField(max_length=20, choices=[(s.name, s.says) for s in STAGES.values()], default="accepted")
    stage_at = models.DateTimeField(default=timezone.now)
    # The robot's queue: due where not null. Null: ended, or people move it (bench mode).
    next_step_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # Parked: the robot gave up on the next step and a person has to look.
    parked_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=list(STAGES)), name="order_stage_known"),
            models.CheckConstraint(
                condition=~Q(stage__in=sorted(ENDS)) | Q(next_step_at__isnull=True), name="order_ended_has_no_next_step"
            ),
            models.CheckConstraint(condition=Q(parked_at__isnull=True) | ~Q(trouble=""), name="order_parked_says_why"),
        ]
        indexes = [
            models.Index(fields=["next_step_at"], condition=Q(parked_at__isnull=True), name="order_due"),
            models.Index(fields=["stage", "-taken_at"], name="order_by_stage"),
            models.Index(fields=["-taken_at", "-id"], name="order_newest"),
        ]

    @property
    def lab_order_id(self) -> str:
        return f"LO-{self.pk:06d}"


class SealedRecipient(models.Model):
    """The one place with personal data, encrypted. Read by `sealing.unseal` for a person who may see recipients."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="recipient", primary_key=True)
    sealed = models.BinaryField()


class Kit(models.Model):
    """A physical box with its tube."""

    class State(models.TextChoices):
        MADE = "made"
        ASSIGNED = "assigned"
        PACKED = "packed"
        SHIPPED = "shipped"
        RECEIVED = "received"
        USED_UP = "used_up"
        LOST = "lost"
        WITHDRAWN = "withdrawn"

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="kits")
    state = models.CharField(max_length=10, choices=State.choices, default=State.MADE)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="box", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="made", order__isnull=True) | (~Q(state="made") & Q(order__isnull=False)),
                name="kit_in_stock_has_no_order",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="made"), name="kit_in_stock")]


class Code(models.Model):
    """What can be scanned. One table for kit, tube and both parcels, so that no two things ever carry the same code."""

    value = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=10, choices=[(k, k) for k in ("kit", "tube", "outbound", "return")])
    kit = models.ForeignKey(Kit, on_delete=models.PROTECT, related_name="codes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kit", "kind"], name="code_one_of_each_kind")]


class StageChange(models.Model):
    """History, append-only: when an order reached a stage."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="history")
    stage = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "stage"], name="history_stage_once")]


class OutboxEvent(models.Model):
    """A message that the platform is owed, written in the transaction of the fact that it tells.

    Sent in the order of the primary key within one order. `copy` above 0 is the same message (same `event_id`, same
    bytes) said again, which only the disordered scenario does on purpose.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="outbox")
    event_id = models.UUIDField()
    type = models.CharField(max_length=40)
    copy = models.PositiveSmallIntegerField(default=0)
    body = models.TextField()
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "type", "copy"], name="outbox_one_of_each_type"),
            models.UniqueConstraint(fields=["event_id", "copy"], name="outbox_event_id_unique"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(parked_at__isnull=True), name="outbox_sent_is_not_parked"
            ),
        ]
        indexes = [models.Index(fields=["order", "id"], condition=Q(sent_at__isnull=True), name="outbox_owed")]


class Upload(models.Model):
    """One file that the platform gets. `sha256` and `size` are what the lab declares; `path` is in the data folder."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="uploads")
    role = models.CharField(max_length=20)
    name = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "role"], name="upload_one_of_each_role")]


OWED = Q(sent_at__isnull=True)
WAITING_FOR_A_PERSON = Q(parked_at__isnull=False)
NEWEST_FIRST = (F("taken_at").desc(), F("id").desc())
