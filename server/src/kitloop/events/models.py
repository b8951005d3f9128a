"""Facts that happened. Append-only; webhooks and feeds are read from here."""

from typing import Any
from uuid import uuid4

from django.db import models

from kitloop.events.audit import AuditEntry as AuditEntry


class TransactionId(models.Field):  # type: ignore[type-arg]  # not generic at run time
    """PostgreSQL's xid8 of the writing transaction: a feed that reads only below the oldest running one has no gaps."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class CurrentTransactionId(models.Func):
    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = TransactionId()


class Event(models.Model):
    """One fact. `data` carries ids and states, never personal or genetic data."""

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid4, editable=False)
    transaction = TransactionId(db_default=CurrentTransactionId())
    organization_id = models.UUIDField()
    project_id = models.UUIDField()
    sample_id = models.UUIDField(null=True)
    type = models.CharField(max_length=64)
    occurred = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "position"], name="event_feed"),
            models.Index(fields=["sample_id", "position"], name="event_of_sample"),
        ]
