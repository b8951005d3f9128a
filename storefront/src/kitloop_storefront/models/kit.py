"""What the shop knows of a placed order's kit: how far it is, and the results. Both are copies, made again at will."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from kitloop_storefront.models.order import Order


class Progress(models.Model):
    """The last look at the sample. `journey` is the platform's own account, null where the host has none."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="progress")
    status = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)
    status_at = models.DateTimeField(null=True)
    journey = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    refreshed_at = models.DateTimeField(null=True, db_index=True)
    viewed_at = models.DateTimeField(null=True, db_index=True)
    moved_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"progress of order {self.order_id}"


class Result(models.Model):
    """What the analysis found. Signed file addresses are not kept: they are asked for when a customer clicks."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="result")
    status = models.CharField(max_length=60)
    sample = models.JSONField(encoder=DjangoJSONEncoder)
    quality_controls = models.JSONField(default=list)
    ancestry = models.JSONField(null=True)
    trait_scores = models.JSONField(default=list)
    fetched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"result of order {self.order_id}"
