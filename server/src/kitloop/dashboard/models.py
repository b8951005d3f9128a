"""The dashboard's one table: how often somebody tried to get in."""

from django.db import models


class Attempts(models.Model):
    """Tries of one kind, from one address, for one e-mail, in the window that began at `since` (see throttle)."""

    who = models.CharField(max_length=64, primary_key=True)  # a keyed hash: no e-mail and no address is kept
    count = models.IntegerField(default=0)
    since = models.DateTimeField(db_index=True)
