"""Samples, the kits sent for them, who gets those, and what stands in the way."""

from uuid import uuid4

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from kitloop.accounts.models import Caller
from kitloop.base.sealed import unseal
from kitloop.kits.journey import KIT_ENDS, KIT_STATES, SAMPLE_FINAL, SAMPLE_STATES
from kitloop.kits.links import Link as Link
from kitloop.projects.models import Project


class Samples(models.QuerySet["Sample"]):
    def of(self, caller: Caller) -> "Samples":
        """Samples of the caller's own organization that are not deleted. What it may do to them is its roles' to say."""
        return self.filter(project__in=Project.objects.of(caller), deleted=None)

    def visible_to(self, caller: Caller) -> "Samples":
        """The gate: samples of projects that the caller may see."""
        return self.filter(project__in=Project.objects.visible_to(caller), deleted=None)


class Sample(models.Model):
    """The promise to a customer: one per order, and its id never changes.

    The last status is kept on the row as well as in the history, so that a listing reads one table.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="samples")
    client_id = models.CharField(max_length=255, blank=True, default="")
    metadata = models.JSONField(null=True)
    test_mode = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    deleted = models.DateTimeField(null=True)
    created = models.DateTimeField()
    modified = models.DateTimeField()
    status = models.CharField(max_length=32)
    status_id = models.UUIDField()
    status_note = models.TextField(blank=True, default="")
    run_id = models.UUIDField(null=True)  # the analysis whose results are shown
    search_text = models.TextField(blank=True, default="")  # words of client id and metadata, see kits.search
    search_vector = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    objects = Samples.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(status__in=SAMPLE_STATES), name="sample_status_known")]
        indexes = [
            # With what listings filter by inside, so that a page far down is found without looking at the rows before it.
            models.Index(
                fields=["project", "-modified", "id"],
                include=["status", "hidden"],
                condition=Q(deleted=None),
                name="sample_listing",
            ),
            models.Index(
                fields=["project", "-created", "id"],
                include=["status", "hidden"],
                condition=Q(deleted=None),
                name="sample_listing_created",
            ),
            models.Index(
                fields=["project", "status", "-modified", "id"],
                include=["hidden"],
                condition=Q(deleted=None),
                name="sample_listing_status",
            ),
            GinIndex(fields=["search_vector"], name="sample_search"),
        ]

    @property
    def is_final(self) -> bool:
        return self.status in SAMPLE_FINAL

    @property
    def is_deleted(self) -> bool:
        """By itself or with its project."""
        return self.deleted is not None or self.project.deleted is not None


class SampleStatus(models.Model):
    """One line of a sample's history, oldest first by `position`."""

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="statuses")
    status = models.CharField(max_length=32)
    note = models.TextField(blank=True, default="")
    created = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(status__in=SAMPLE_STATES), name="history_status_known")]


class Kit(models.Model):
    """The physical box. A sample has at most one that is still under way."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="kits")
    state = models.CharField(max_length=32, default="requested")
    reason_code = models.CharField(max_length=64, blank=True, default="")  # why it ended without data
    lab_id = models.BigIntegerField(null=True)  # which lab it was passed to
    lab_order_id = models.CharField(max_length=100, blank=True, default="")
    barcode = models.CharField(max_length=64, blank=True, default="")
    carrier = models.CharField(max_length=100, blank=True, default="")
    outbound_tracking = models.CharField(max_length=100, blank=True, default="")
    return_tracking = models.CharField(max_length=100, blank=True, default="")
    created = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=KIT_STATES), name="kit_state_known"),
            models.UniqueConstraint(fields=["sample"], condition=~Q(state__in=KIT_ENDS), name="kit_one_under_way"),
        ]
        indexes = [models.Index(fields=["created"], condition=Q(state="requested"), name="kit_to_submit")]


class KitMove(models.Model):
    """One step of a kit. `occurred` is when it happened (journey time), `recorded` when we heard."""

    position = models.BigAutoField(primary_key=True)
    kit = models.ForeignKey(Kit, on_delete=models.CASCADE, related_name="moves")
    state = models.CharField(max_length=32)
    note = models.TextField(blank=True, default="")
    occurred = models.DateTimeField()
    recorded = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kit", "state"], name="kit_move_once")]


class Recipient(models.Model):
    """Who gets the kit: personal data, kept apart and sealed, read only to ship and to write to that person."""

    kit = models.OneToOneField(Kit, on_delete=models.CASCADE, primary_key=True, related_name="recipient")
    sealed = models.BinaryField()

    def fields(self) -> dict[str, str]:
        """name, line1 … instructions, as `kitloop_sdk.labs.Recipient` has them."""
        found: dict[str, str] = unseal(self.sealed)
        return found


class Letter(models.Model):
    """An e-mail to the recipient, owed from the moment of the move that causes it, and sent once."""

    kit = models.ForeignKey(Kit, on_delete=models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=16)
    sent = models.DateTimeField(null=True)
    given_up = models.DateTimeField(null=True)  # refused for good: the operator's to look at

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kit", "kind"], name="letter_once")]


class Hold(models.Model):
    """An open problem: who has to act, and until when."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="holds")
    kit = models.ForeignKey(Kit, on_delete=models.CASCADE, null=True, related_name="holds")
    reason_code = models.CharField(max_length=64)
    owner = models.CharField(max_length=16)
    note = models.TextField(blank=True, default="")
    opened = models.DateTimeField()
    deadline = models.DateTimeField()
    closed = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__in=["customer", "recipient", "operator", "lab", "carrier"]), name="hold_owner_known"
            ),
            models.UniqueConstraint(
                fields=["sample", "reason_code"], condition=Q(closed=None), name="hold_open_once_per_reason"
            ),
        ]


class SampleCount(models.Model):
    """How many samples of a project are in a status, in slots: kept by a trigger on kits_sample, read by kits.counts.

    A slot is the database connection that wrote, so no two writers ever wait for each other here; slots of connections that
    are gone are put together by housekeeping (kits.counts.put_together).
    """

    project_id = models.UUIDField()
    status = models.CharField(max_length=32)
    hidden = models.BooleanField()
    slot = models.IntegerField()
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project_id", "status", "hidden", "slot"], name="sample_count_slot")
        ]
