"""Array exports that people upload: looked at by `kitloop-genomics inspect-array`, kept, and queued for analysis (contract §5.3).

Looked at in a process of its own, with a deadline: what somebody sends us may be made to keep a reader busy.
"""

import json
import logging
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

from kitloop.base import objects
from kitloop.base.errors import KitloopError
from kitloop.kits.models import Sample
from kitloop.runs.models import Run
from kitloop.runs.opening import open_array_run

log = logging.getLogger(__name__)
MAX_BYTES = 25 * 1024 * 1024
LOOK_SECONDS = 45.0
VENDORS = {"23andme": "23andMe", "ancestrydna": "AncestryDNA", "myheritage": "MyHeritage"}
_REFUSED = 4  # the command's exit code
_AGAIN = "Download the raw data from the vendor again and upload that file without opening or changing it"

_NOT_NOW = "The file could not be checked at the moment. Please try again in a few minutes."


class ExportRefused(KitloopError):
    """The file is not an export that can be analyzed. Its message is for the person who sent it: what is wrong, and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotLookedAt(KitloopError):
    """The file could not be looked at now, which says nothing about it."""

    code = "array_not_inspected"


class NoRoom(KitloopError):
    """There is no room for the file at the moment."""

    code = "no_room"


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an export is. `build` is the genome's as the file states it, or none."""

    vendor: str
    build: str
    calls: int


def inspect_export(path: Path) -> Inspected:
    """What the zip at `path` holds. Raises ExportRefused, and NotLookedAt where the fault is ours."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ExportRefused("array_too_large", f"The file has more than 25 MB; no such export has. {_AGAIN}.")
    with path.open("rb") as file:
        mark = file.read(4)
    if not mark:
        raise ExportRefused("array_empty", f"The file is empty. {_AGAIN}.")
    if mark[:2] != b"PK":
        said = "This is not a zip file. Upload the .zip as the vendor gave it, without unpacking it"
        raise ExportRefused("array_not_zip", f"{said}; if your browser unpacks downloads by itself, switch that off.")
    command = [str(Path(sys.executable).with_name("kitloop-genomics")), "inspect-array", str(path), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOOK_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ExportRefused("array_too_slow", f"The file could not be read in good time. {_AGAIN}.") from None
    except OSError as failed:  # no such program, no memory for another one
        log.error("inspect-array could not be started: %s", type(failed).__name__)
        raise NotLookedAt(_NOT_NOW) from failed
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        found = {}
    if done.returncode == _REFUSED and "error" in found:
        error = found["error"]
        line = f"Line {error['line']}: " if error.get("line") else ""
        raise ExportRefused(error["code"], f"{line}{_sentence(error['problem'])}. {_sentence(error['remedy'])}.")
    if done.returncode or "vendor" not in found:
        log.error("inspect-array ended with %s: %s", done.returncode, done.stderr.strip()[-800:])
        raise NotLookedAt(_NOT_NOW)
    return Inspected(vendor=found["vendor"], build=found.get("build") or "", calls=found["calls"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def take_export(sample: Sample, path: Path) -> Run:
    """Keeps an inspected export and queues its analysis; a second one for the same sample changes nothing.

    When this returns, the file is on disk under its SHA-256, and the run committed with the caller's transaction.
    Raises CannotMove where the sample ended meanwhile, NoRoom.
    """
    if objects.free_bytes() < path.stat().st_size + (64 << 20):
        raise NoRoom("There is no room for the file at the moment. Please try again later.")
    stored = objects.take_file(f"samples/{sample.pk}/arrays/{uuid4().hex}.zip", path)
    is_kept = False
    try:
        run, is_kept = open_array_run(sample, stored)
    finally:
        if not is_kept:
            objects.path_of(stored.key).unlink(missing_ok=True)
    return run


def forget_drafts(*, older_than_seconds: float) -> None:
    """Removes uploads whose request was killed before it ended. They hold what should lie around nowhere."""
    for left in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        if time.time() - left.stat().st_mtime > older_than_seconds:
            left.unlink(missing_ok=True)
