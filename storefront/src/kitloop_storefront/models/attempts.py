"""How often somebody tried to get in."""

from django.db import models


class Attempts(models.Model):
    """Tries from one network address for one e-mail, in the window that began at `since` (see signing_in)."""

    who = models.CharField(max_length=64, primary_key=True)  # a keyed hash: no e-mail and no address is kept
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} tries since {self.since}"
