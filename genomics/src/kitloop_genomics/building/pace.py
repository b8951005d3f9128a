"""How far a build is, how fast, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """Tells, at most once in `every_seconds`, of the share of all input bytes that is read.

    The rate and the time left are those since the first call, so that what was read before a restart doesn't count.
    """

    total_bytes: int
    tell: Callable[[str], None]
    every_seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _began: tuple[float, int] | None = field(default=None)
    _told: float = 0.0

    def at(self, where: str, bytes_read: int, sites: int) -> None:
        """`where`: the chromosome; `bytes_read`: of all files; `sites`: those kept since the start of this run."""
        now = self.clock()
        if self._began is None:
            self._began = now, bytes_read
            self._told = now
        if now - self._told < self.every_seconds:
            return
        self._told = now
        seconds, read = now - self._began[0], bytes_read - self._began[1]
        left = duration(seconds * (self.total_bytes - bytes_read) / read) if read > 0 else "?"
        share = bytes_read / max(self.total_bytes, 1)
        self.tell(f"{where}: {sites:,} sites, {sites / seconds:,.0f} a second, {share:.0%} read, {left} left")


def duration(seconds: float) -> str:
    """`40 s`, `12 min` or `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
