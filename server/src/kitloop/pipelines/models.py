"""What analyses there are: a pipeline is a version, a capability one reference bundle that it can be run with."""

from django.db import models


class Pipeline(models.Model):
    id = models.UUIDField(primary_key=True, editable=False)  # of the version's name, so that every installation agrees
    version = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.version


class Capability(models.Model):
    """One installed reference bundle, as projects choose it (contract §5.8)."""

    id = models.UUIDField(primary_key=True, editable=False)  # of the key
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="capabilities")
    name = models.CharField(max_length=254)
    key = models.CharField(max_length=254, unique=True)
    species = models.CharField(max_length=64, blank=True, default="")
    category = models.CharField(max_length=64, blank=True, default="")
    description = models.TextField(blank=True, default="")
    datasets = models.JSONField(null=True)  # what it stands on: reference genome, panel, scoring files
    steps = models.JSONField(null=True)  # thresholds of quality control
    bundle = models.CharField(max_length=500, blank=True, default="")  # where it lies, for whoever runs the analysis
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
