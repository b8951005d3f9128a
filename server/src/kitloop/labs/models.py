"""Labs, what they told us, and what they are sending."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from kitloop.base.sealed import unseal
from kitloop.kits.models import Kit


class Lab(models.Model):
    """A sequencing provider, and the secret that we share with it (docs/lab-protocol.md)."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=255)
    url = models.URLField()
    sealed_secret = models.BinaryField()
    is_sandbox = models.BooleanField(default=False)
    is_enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_sandbox"], condition=Q(is_enabled=True), name="lab_one_enabled_of_each_kind"
            )
        ]

    @property
    def secret(self) -> str:
        found: str = unseal(self.sealed_secret)
        return found


class LabMessage(models.Model):
    """An event as the lab sent it, kept once by its id, with what came of it."""

    lab = models.ForeignKey(Lab, on_delete=models.PROTECT)
    message_id = models.UUIDField()
    kit = models.ForeignKey(Kit, on_delete=models.CASCADE, related_name="lab_messages")
    type = models.CharField(max_length=32)
    body = models.JSONField()
    result = models.CharField(max_length=16)
    received = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lab", "message_id"], name="lab_message_once")]


class Upload(models.Model):
    """A file that a lab announced for a kit. Done when exactly these bytes are here."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kit = models.ForeignKey(Kit, on_delete=models.CASCADE, related_name="uploads")
    role = models.CharField(max_length=16)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    done = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kit", "role", "sha256", "size"], name="upload_once"),
            models.CheckConstraint(condition=Q(role__in=["fastq-r1", "fastq-r2"]), name="upload_role_known"),
        ]

    @property
    def object_key(self) -> str:
        return f"uploads/{self.kit_id}/{self.id}.fastq.gz"
