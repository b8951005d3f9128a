"""Where a run is made. What an attempt that was ended left there, aligned and imputed, is where the next one goes on."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from kitloop.base import objects

_OURS, _THE_PROGRAMS = ".attempt", ".lock"  # the second is that of `kitloop-genomics run`


@dataclass
class Attempt:
    """out: the folder of this attempt alone, gone in the end unless it `is_kept`."""

    out: Path
    is_kept: bool = False


@contextlib.contextmanager
def attempt_at(run_id: UUID) -> Iterator[Attempt]:
    """A folder, empty or with what was left of an attempt whose program is dead: of one that a killed worker began, too."""
    attempt = Attempt(Path(tempfile.mkdtemp(prefix=f"run-{run_id}-", dir=objects.work_folder())))
    try:
        for left in _left_of(run_id):
            if left != attempt.out and not _is_at_work(left):
                with contextlib.suppress(OSError):  # ours has one already, or somebody else was quicker
                    left.replace(attempt.out)
        # Between the program's end and the keeping of its files it is we who hold the folder.
        with (attempt.out / _OURS).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield attempt
    finally:
        if not attempt.is_kept:
            shutil.rmtree(attempt.out, ignore_errors=True)


def forget_attempts(run_id: UUID) -> None:
    """For a run that is over."""
    for left in _left_of(run_id):
        shutil.rmtree(left, ignore_errors=True)


def _left_of(run_id: UUID) -> list[Path]:
    return sorted(objects.work_folder().glob(f"run-{run_id}-*"))


def _is_at_work(out: Path) -> bool:
    """Whether a worker or its program holds the folder, each by a lock of its own."""
    for name in (_OURS, _THE_PROGRAMS):
        try:
            with (out / name).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue
        except OSError:
            return True
    return False
