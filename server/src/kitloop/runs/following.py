"""While an analysis runs, every two seconds: what it is doing becomes the run's, and whether its sample was taken back is looked up."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, connection

from kitloop.runs.models import Run

LOOK_SECONDS = 2.0
_LAST_BYTES = 4_096  # of a file of short lines


def follow(run: Run, progress: Path, should_stop: Callable[[], bool]) -> Callable[[], bool]:
    """What the analysis asks some times a second: `should_stop`, or the sample was cancelled."""
    looked, told = time.monotonic(), run.doing

    def ask() -> bool:
        nonlocal looked, told
        if should_stop():
            return True
        if time.monotonic() - looked < LOOK_SECONDS:
            return False
        looked = time.monotonic()
        try:
            doing = latest(progress)
            if doing and doing != told:
                Run.objects.filter(pk=run.pk, state="running").update(doing=doing)
                told = doing
            return Run.objects.filter(pk=run.pk, sample__status="cancelled").exists()
        except DatabaseError:  # away for a moment; what is being analyzed is not its concern
            connection.close()
            return False

    return ask


def latest(progress: Path) -> str:
    """The last thing that a progress file tells, such as "imputation, 3 of 22 chromosomes"; "" where it tells nothing yet."""
    try:
        with progress.open("rb") as file:
            file.seek(max(progress.stat().st_size - _LAST_BYTES, 0))
            lines = file.read().split(b"\n")
        last = json.loads(lines[-2])  # behind the last newline may stand half a line
    except (OSError, ValueError, IndexError):
        return ""
    if last["state"] == "running":
        return f"{last['step']}, {last['done']:,} of {last['of']:,} {last['unit']}"
    return str(last["step"])
