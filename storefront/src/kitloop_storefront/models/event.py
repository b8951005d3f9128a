"""What arrived from the platform by itself, and when we last went to look."""

from django.db import models
from django.utils import timezone


class ReceivedEvent(models.Model):
    """One webhook event, stored before it is answered. `event_id` is unique: a repeated delivery changes nothing."""

    event_id = models.CharField(max_length=64, unique=True)
    event_type = models.CharField(max_length=60)
    sent_at = models.CharField(max_length=40)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now, db_index=True)
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"event {self.event_id}"


class Poll(models.Model):
    """When the project was last asked, kept over restarts: a shop that crashes in a loop must not poll in one."""

    project_id = models.CharField(max_length=64, primary_key=True)
    started_at = models.DateTimeField()
    seen_until = models.DateTimeField(null=True)  # the newest `modified` of the last complete look

    def __str__(self) -> str:
        return f"poll of project {self.project_id}"
