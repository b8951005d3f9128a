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


class RequestWindow(models.Model):
    """How much of a minute's requests was given out to somebody (base.limits). Unlogged: after a crash all begin anew."""

    who = models.CharField(max_length=64, primary_key=True)
    minute = models.BigIntegerField()  # since 1970
    leases = models.IntegerField()
