"""Who looked at what, and who changed what. Append-only, ids only."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now


class Entries(models.QuerySet["AuditEntry"]):
    def of_organization(self, organization_id: UUID) -> "Entries":
        """The gate: what was done in one organization."""
        return self.filter(organization_id=organization_id)

    def about(self, id: UUID) -> "Entries":
        return self.filter(subjects__contains=[id])


class AuditEntry(models.Model):
    """One read of samples, or one change. Written in the change's own transaction; for a read, before the answer goes out."""

    position = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    organization_id = models.UUIDField(null=True)  # none, as the user: nobody was signed in
    user_id = models.UUIDField(null=True)
    api_key_id = models.UUIDField(null=True)
    action = models.CharField(max_length=100)  # the operation: `samples.get`, `project-hide-samples.post`
    subjects = ArrayField(models.UUIDField(), default=list)  # ids of what was read or changed
    request_id = models.CharField(max_length=64, blank=True, default="")

    objects = Entries.as_manager()

    class Meta:
        app_label = "events"
        indexes = [
            models.Index(fields=["organization_id", "position"], name="audit_of_organization"),
            GinIndex(fields=["subjects"], name="audit_about"),
        ]


def audit(
    action: str,
    *,
    organization_id: UUID | None,
    user_id: UUID | None,
    api_key_id: UUID | None = None,
    subjects: Iterable[UUID] = (),
    request_id: str = "",
) -> None:
    """Writes one entry. For a change: inside its transaction."""
    AuditEntry.objects.create(
        action=action,
        organization_id=organization_id,
        user_id=user_id,
        api_key_id=api_key_id,
        subjects=list(dict.fromkeys(subjects)),
        request_id=request_id,
    )


def forget_entries(*, older_than: timedelta) -> None:
    """Removes what is older than the operator wants to keep (KITLOOP_AUDIT_DAYS)."""
    AuditEntry.objects.filter(at__lt=datetime.now(UTC) - older_than).delete()
