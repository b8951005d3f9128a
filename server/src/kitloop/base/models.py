"""Rows that serve every app."""

from django.db import models


class IdempotencyKey(models.Model):
    """A POST that was carried out, and its answer. Written in the transaction of what it protects."""

    organization_id = models.UUIDField()
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    answer = models.JSONField()
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization_id", "key"], name="idempotency_key_once")]
