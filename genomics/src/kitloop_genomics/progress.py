"""What a run is doing, for a terminal, for a file that another program follows, and for the result."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


@dataclass(frozen=True, slots=True)
class Step:
    """One finished step: wall seconds, and the process's highest memory use so far in MB."""

    name: str
    seconds: float
    peak_rss_mb: float


@dataclass(slots=True)
class Progress:
    """Collects finished steps; tells a terminal and, if given, appends JSON lines to `file`.

    Each step gives two lines, `{"step", "state": "started"|"finished", "seconds", "peak_rss_mb", "time"}`, and a long one
    others between them, `{"step", "state": "running", "done", "of", "unit", "time"}`.
    """

    file: Path | None = None
    quiet: bool = False
    steps: list[Step] = field(default_factory=list)
    _now: str = ""
    _percent: int = 0
    _status: Status | None = None

    def __post_init__(self) -> None:
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text("")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside. A step that raises is not recorded as finished."""
        started = time.perf_counter()
        self._tell({"step": name, "state": "started"})
        console = None if self.quiet or not sys.stderr.isatty() else _console()
        with console.status(f"{name} …") if console else nullcontext() as self._status:
            self._now, self._percent = name, 0
            yield
        step = Step(name, round(time.perf_counter() - started, 3), round(peak_rss_mb(), 1))
        self.steps.append(step)
        self._tell({"step": name, "state": "finished", **{k: v for k, v in asdict(step).items() if k != "name"}})
        if console:
            console.print(f"[green]✓[/green] {name} [dim]{step.seconds:.1f} s[/dim]")

    def reached(self, done: int, of: int, unit: str) -> None:
        """How far the present step is: `done` `of` so many, 1 to `of`. Told where that is a percent more than was told."""
        percent = 100 * done // of
        if percent == self._percent:
            return
        self._percent = percent
        self._tell({"step": self._now, "state": "running", "done": done, "of": of, "unit": unit})
        if self._status is not None:
            self._status.update(f"{self._now} … {done:,} of {of:,} {unit}")

    def _tell(self, line: dict[str, object]) -> None:
        if self.file is not None:
            with self.file.open("a") as stream:
                stream.write(json.dumps({**line, "time": round(time.time(), 3)}) + "\n")


def _console() -> Console:
    # Imported here: most runs are watched by a program, and each of a workflow's many processes would load it.
    from rich.console import Console

    return Console(stderr=True)


def peak_rss_mb() -> float:
    """Highest resident memory of this program so far, in MB (10^6 bytes)."""
    # Not from getrusage alone: on Linux its figure begins at what the program that started this one held.
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
