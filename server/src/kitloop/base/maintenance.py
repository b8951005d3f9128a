"""The maintenance switch: a file in the data folder, so that it holds while the database is away, and outlives restarts.

Every web process looks at the file's time on each request, which costs about a microsecond.
"""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MESSAGE = "Kitloop is down for maintenance. Please try again later."
FILE = "maintenance.json"
RETRY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Maintenance:
    """`until` is when it should be over, in UTC; none where nobody can say."""

    message: str
    until: datetime | None = None

    @property
    def eta(self) -> str | None:
        """As the contract spells it (§5): without a zone."""
        return self.until.replace(tzinfo=None).isoformat(timespec="seconds") if self.until else None

    def retry_seconds(self, now: datetime) -> int:
        """Until the end that was announced; an hour where there is none, or where it is past and work goes on."""
        left = int((self.until - now).total_seconds()) + 1 if self.until else 0
        return left if left > 0 else RETRY_SECONDS


def switch_on(folder: Path, maintenance: Maintenance) -> None:
    """From now on, until `switch_off`, through every restart."""
    until = maintenance.until.isoformat() if maintenance.until else None
    draft = folder / f".{FILE}.{secrets.token_hex(6)}"
    with draft.open("x") as out:
        json.dump({"message": maintenance.message, "until": until}, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / FILE)


def switch_off(folder: Path) -> bool:
    """Whether it was on."""
    try:
        (folder / FILE).unlink()
    except FileNotFoundError:
        return False
    return True


class Switch:
    """The switch of a data folder, for looking at often."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._read: tuple[int, Maintenance] | None = None

    def state(self) -> Maintenance | None:
        """What is on; none where nothing is."""
        try:
            changed = os.stat(self._path).st_mtime_ns
        except OSError:
            return None
        seen = self._read
        if seen is None or seen[0] != changed:
            seen = self._read = changed, _of_file(self._path)
        return seen[1]


def _of_file(path: Path) -> Maintenance:
    """A file that can't be read was put there by hand: somebody wants maintenance."""
    try:
        found = json.loads(path.read_text())
        until = datetime.fromisoformat(found["until"]).astimezone(UTC) if found["until"] else None
        return Maintenance(str(found["message"]), until)
    except (OSError, ValueError, KeyError, TypeError):
        return Maintenance(MESSAGE)
