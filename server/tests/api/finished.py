"""A sample that has gone the whole way: ordered, sequenced, and analysed by the real analysis."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from cast import Cast
from django.test import Client
from kitloop.kits.models import Sample
from kitloop.labs.models import Lab
from kitloop.runs.execute import execute
from kitloop.runs.opening import open_run
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import deliver, ordered_kit

GENOMICS = str(Path(sys.executable).with_name("kitloop-genomics"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitloop"


def simulated_reads(folder: Path) -> dict[str, bytes]:
    """Reads of a simulated person, and the reference that they are analysed with beside them in `demo_folder()`."""
    subprocess.run([GENOMICS, "panel", "demo", str(demo_folder())], check=True, capture_output=True)
    command = [GENOMICS, "simulate", "reads", "--demo", str(demo_folder()), "--seed", "a kit", "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return {"fastq-r1": (folder / "R1.fastq.gz").read_bytes(), "fastq-r2": (folder / "R2.fastq.gz").read_bytes()}


def demo_folder() -> Path:
    """Shared with `kitloop sandbox`: the same bytes each time."""
    return Path(os.environ.get("KITLOOP_DEMO") or CACHE / "demo")


def finished_sample(cast: Cast, lab: Lab, reads: dict[str, bytes]) -> Sample:
    kit = ordered_kit(cast, lab, state="sequencing", metadata={"customer_id": "cust_12345"})
    deliver(Client(), lab, kit, reads)
    job = ProcrastinateJob.objects.get(task_name="runs.open", args__kit_id=str(kit.id))
    run = open_run(kit.id, {role: UUID(upload) for role, upload in job.args["uploads"].items()})
    assert run is not None
    execute(run.id)
    found = Sample.objects.get(pk=kit.sample_id)
    assert found.status == "succeeded"
    return found
