"""Analyses, and what they found."""

from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q

from kitloop.accounts.models import Caller
from kitloop.kits.models import Kit, Sample


class Run(models.Model):
    """One analysis of one sample's data."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="runs")
    kit = models.OneToOneField(Kit, on_delete=models.CASCADE, null=True, related_name="run")  # none: an array export
    inputs = models.JSONField()  # role to object key, size and SHA-256
    state = models.CharField(max_length=16, default="queued")
    failures = models.IntegerField(default=0)  # attempts that ended by themselves and without a verdict
    created = models.DateTimeField()
    doing = models.CharField(max_length=100, blank=True, default="")  # while it runs: the step, and how far that is
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    tool = models.CharField(max_length=64, blank=True, default="")
    bundle = models.CharField(max_length=255, blank=True, default="")
    reasons = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    ancestry = models.JSONField(null=True)
    ancestry_metadata = models.JSONField(null=True)
    traits = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "succeeded", "failed_qc", "failed"]), name="run_state_known"
            ),
            models.UniqueConstraint(fields=["sample"], condition=Q(kit=None), name="run_of_array_once"),
        ]


class Files(models.QuerySet["File"]):
    def of(self, caller: Caller) -> "Files":
        """Files of the caller's own organization. What it may do to them is its roles' to say."""
        return self.filter(sample__in=Sample.objects.of(caller))

    def visible_to(self, caller: Caller) -> "Files":
        """The gate: files of samples that the caller may see."""
        return self.filter(sample__in=Sample.objects.visible_to(caller))

    def stored_as(self, key: str) -> "Files":
        """The file of an object. A key begins with whose it is, which is indexed as the key is not."""
        kind, _, rest = key.partition("/")
        whose = {"samples": "sample_id", "uploads": "run__kit_id"}.get(kind)
        found = self.filter(object_key=key)
        try:
            return found.filter(**{whose: UUID(rest.partition("/")[0])}) if whose else found
        except ValueError:  # nobody's
            return found.none()


class RunRows(models.QuerySet[Any]):
    """Rows of a run: of the one whose results a sample shows, or none."""

    def shown_by(self, sample: Sample) -> "RunRows":
        return self.none() if sample.run_id is None else self.filter(run_id=sample.run_id)


class File(models.Model):
    """A deliverable."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="files")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    file_type = models.CharField(max_length=64)
    object_key = models.CharField(max_length=500)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)

    objects = Files.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "file_type"], name="file_once_per_run")]


class QualityControl(models.Model):
    """One check of a run, in the order of the report."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="quality_controls")
    position = models.IntegerField()
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=32)
    display_type = models.CharField(max_length=32, blank=True, default="")
    description = models.TextField(blank=True, default="")
    value_expected = models.FloatField(null=True)
    value_measured = models.FloatField(null=True)
    value_string = models.CharField(max_length=128, blank=True, default="")
    status = models.CharField(max_length=16)

    objects = RunRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="quality_control_once"),
            models.CheckConstraint(
                condition=Q(status__in=["succeeded", "failed", "skipped"]), name="quality_control_status_known"
            ),
        ]


class TraitScore(models.Model):
    """A polygenic score of a run. Value and percentile are missing where it could not be reported; `details` says why."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="trait_scores")
    key = models.CharField(max_length=64)
    unit = models.CharField(max_length=64, blank=True, default="")
    value = models.FloatField(null=True)
    percentile = models.FloatField(null=True)
    risk = models.CharField(max_length=16, blank=True, default="")
    distribution = models.JSONField(null=True)
    details = models.JSONField(default=dict)

    objects = RunRows.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="trait_score_once")]
