"""The sandbox's sequencer: reads of an invented person, by `kitloop-genomics simulate reads` as a program of its own.

A program, so that minutes of computing never hold up a page or a message, and so that the lab needs no science.
The truth (what the reads were drawn from) stays in the lab's data folder, beside the files.
"""

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from django.conf import settings

from kitloop_lab.models import Code, Order, Upload
from kitloop_lab.scenarios import SCENARIOS
from kitloop_lab.troubles import NeedsAPerson, TryLater

FILES = {"fastq-r1": "R1.fastq.gz", "fastq-r2": "R2.fastq.gz"}
TRIES = 3
_running: set["subprocess.Popen[bytes]"] = set()
_stopped = threading.Event()


def stop() -> None:
    """The server stops: ends running simulators, which the next start begins again."""
    _stopped.set()
    for program in list(_running):
        program.kill()


def write_reads(order: Order) -> None:
    """The order's FASTQ files in the data folder and a row for each. Done again, it finds what is there."""
    folder = settings.DATA / "kits" / str(order.kit_id)
    if not folder.is_dir():  # it appears whole or not at all
        _simulate(order, folder)
    scenario = SCENARIOS[order.scenario]
    barcode = Code.objects.get(kit__order=order, kind="kit").value
    for role, file_name in FILES.items():
        path = folder / file_name
        sha256 = _sha256(path)
        if scenario.wrong_checksum and role == "fastq-r2":
            sha256 = hashlib.sha256(b"not this file").hexdigest()
        Upload.objects.get_or_create(
            order=order,
            role=role,
            defaults={
                "name": f"{barcode}_{file_name}",
                "path": str(path.relative_to(settings.DATA)),
                "sha256": sha256,
                "size": path.stat().st_size,
            },
        )


def find_program() -> str | None:
    """KITLOOP_LAB_GENOMICS, else the kitloop-genomics beside this Python, else the one on PATH."""
    if settings.LAB_GENOMICS:
        return str(settings.LAB_GENOMICS)
    beside = Path(sys.executable).with_name("kitloop-genomics")
    return str(beside) if beside.exists() else shutil.which("kitloop-genomics")


def _simulate(order: Order, folder: Path) -> None:
    program = find_program()
    if program is None:
        raise NeedsAPerson("The program kitloop-genomics is not installed here.")
    if not settings.LAB_DEMO:
        raise NeedsAPerson("No demo folder to sequence people from: set --demo or KITLOOP_LAB_DEMO.")
    for left in folder.parent.glob(f".{order.kit_id}.*"):
        shutil.rmtree(left, ignore_errors=True)  # of a start that was killed
    part = folder.parent / f".{order.kit_id}.{secrets.token_hex(4)}"
    part.mkdir(mode=0o700, parents=True)
    command = [program, "simulate", "reads", "--demo", settings.LAB_DEMO, "--seed", str(order.kit_id)]
    command += ["--out", str(part), "--depth", str(settings.LAB_DEPTH)]
    if problem := SCENARIOS[order.scenario].problem:
        command += ["--problem", problem]
    try:
        _run(command, order)
        missing = [name for name in FILES.values() if not (part / name).is_file()]
        if missing:
            raise NeedsAPerson(f"The simulator ended well and wrote no {' and no '.join(missing)}.")
        for file in part.iterdir():
            _sync(file)
        part.rename(folder)
        _sync(folder.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _run(command: list[str], order: Order) -> None:
    # The lab's secret and database are none of the simulator's business.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KITLOOP_LAB_")}
    with tempfile.TemporaryFile() as errors:
        try:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
        except OSError as error:
            raise NeedsAPerson(f"The program kitloop-genomics does not start: {error.strerror}.") from None
        code = _wait(program)
        if code == 0:
            return
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 400))
        said = " ".join(errors.read().decode("utf-8", "replace").split())
    message = f"kitloop-genomics simulate ended with {code}: {said}"
    # A simulator that was ended from outside (the server stops, the kernel wants memory) has not failed by itself.
    if code < 0 or order.attempts + 1 < TRIES:
        raise TryLater(message)
    raise NeedsAPerson(message)


def _wait(program: "subprocess.Popen[bytes]") -> int:
    _running.add(program)
    try:
        if _stopped.is_set():  # between its start and now
            program.kill()
        return program.wait()
    finally:
        _running.discard(program)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
