"""Running the analysis: `kitloop-genomics run` as a process of its own, and its result into rows and objects.

A process, because a thread that holds the interpreter lock stops the worker's heartbeat and the job would be run twice; and
because it then may be killed alone. Everything here is safe to do twice: objects are replaced whole, rows in one transaction.
"""

import contextlib
import ctypes
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from kitloop.base import clock, objects
from kitloop.base.jobs import defer
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Sample
from kitloop.kits.moves import CannotMove, move_sample, owe_letter
from kitloop.runs.attempts import attempt_at, forget_attempts
from kitloop.runs.cancelled import end_cancelled
from kitloop.runs.following import follow
from kitloop.runs.identity import keep_fingerprint
from kitloop.runs.models import File, QualityControl, Run, TraitScore
from kitloop.runs.rsids import keep_rsids

log = logging.getLogger(__name__)
ATTEMPTS = 3
LOOK_SECONDS = 0.3
# It died of the signal, or heard it and left by itself, as `kitloop-genomics` does: a service's end is told to all its programs.
STOPPED = {code for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL) for code in (-number, 128 + number)}
NAMES = {"fastq-r1": "R1.fastq.gz", "fastq-r2": "R2.fastq.gz"}


class AnalysisFailed(Exception):
    """The analysis ended without a verdict; what it said last is in the worker's log. `was_stopped`: somebody ended it."""

    def __init__(self, message: str, *, was_stopped: bool) -> None:
        super().__init__(message)
        self.was_stopped = was_stopped


def execute(run_id: UUID, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Analyses a run that is not finished. Raises AnalysisFailed where another attempt may help; after the last one, a hold.

    `should_stop` is asked some times a second meanwhile; when it says so, the analysis is ended, and the next attempt goes on from there.
    """
    run = Run.objects.select_related("sample__project__capability", "kit").get(pk=run_id)
    if run.state not in {"queued", "running"}:
        return
    if run.sample.status == "cancelled":
        end_cancelled(run.pk)
        forget_attempts(run.pk)
        return
    if not _begin(run):
        return
    with attempt_at(run.pk) as attempt:
        try:
            result = _analyze(run, attempt.out, should_stop)
        except AnalysisFailed as failed:
            if end_cancelled(run.pk):
                forget_attempts(run.pk)
                return
            _open(run).update(doing="")  # until the next attempt, for which it may wait a minute
            if failed.was_stopped:
                attempt.is_kept = True
                raise
            _open(run).update(failures=F("failures") + 1)
            if run.failures + 1 < ATTEMPTS:
                raise
            give_up(run.pk, note=f"The analysis ended without a verdict {ATTEMPTS} times.")
            return
        files = _keep_files(run, result, attempt.out)
        keep_rsids(run, files)
        has_fingerprint = keep_fingerprint(run.sample, result, attempt.out)
    _keep_result(run, result, files, compare=has_fingerprint)
    forget_attempts(run.pk)


def _begin(run: Run) -> bool:
    """Whether the run is ours to do. Only from an open one: another worker, thought dead, may have finished it since we looked."""
    with transaction.atomic():
        if not _open(run).update(state="running", started=clock.now()):
            return False
        if run.sample.status == "scheduled":
            with contextlib.suppress(
                CannotMove
            ):  # begun before; or cancelled this moment, which is looked for while it runs
                move_sample(run.sample, "running", note="The array data is being analyzed.")
        return True


def _open(run: Run) -> QuerySet[Run]:
    """The run's row, where it is not finished by now."""
    return Run.objects.filter(pk=run.pk, state__in=["queued", "running"])


def bundle_of(run: Run) -> Path:
    """The reference bundle that the sample's project has chosen, where this machine has it; else the one of the setting."""
    capability = run.sample.project.capability
    chosen = Path(capability.bundle) if capability and capability.bundle else None
    return chosen if chosen and (chosen / "manifest.json").is_file() else Path(settings.KITLOOP_BUNDLE)


_INPUTS = {"fastq-r1": "--r1", "fastq-r2": "--r2", "array-export": "--array"}


def _input(option: str, given: dict[str, Any]) -> list[str]:
    return [option, str(objects.path_of(given["key"])), f"{option}-sha256", given["sha256"]]


def _analyze(run: Run, out: Path, should_stop: Callable[[], bool]) -> dict[str, Any]:
    progress = out / "progress.jsonl"
    command = [
        str(Path(sys.executable).with_name("kitloop-genomics")), "run",
        "--bundle", str(bundle_of(run)),
        *(word for role, given in run.inputs.items() for word in _input(_INPUTS[role], given)),
        "--sample-id", str(run.sample_id), "--out", str(out), "--threads", str(settings.KITLOOP_ANALYSIS_THREADS),
        "--resume", "--progress-file", str(progress),
    ]  # fmt: skip
    code, said = _run(command, follow(run, progress, should_stop))
    try:
        result: dict[str, Any] = json.loads((out / "result.json").read_text())
    except (OSError, ValueError) as error:
        # Its words are about files and sites, not about a person; still only their end, and only in our own log.
        log.warning("run %s ended with %s and no verdict: %s", run.id, code, said.strip()[-800:])
        raise AnalysisFailed(
            f"Run {run.id} ended with exit code {code} and no verdict.",
            was_stopped=code in STOPPED,
        ) from error
    return result


def _run(command: list[str], should_stop: Callable[[], bool]) -> tuple[int, str]:
    """Exit code and stderr of a program that does not outlive us."""
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_die_with_the_worker if sys.platform == "linux" else None,
    )
    while True:
        try:
            said = program.communicate(timeout=LOOK_SECONDS)[1]
        except subprocess.TimeoutExpired:
            if should_stop():
                program.kill()
        else:
            return program.returncode, said


# Found before any fork: a child of a program with threads may do little before it becomes another program.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _die_with_the_worker() -> None:
    """Linux: a worker that is killed takes its analysis along. Otherwise it would work on for hours, for nobody."""
    assert _PRCTL is not None
    _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _keep_files(run: Run, result: dict[str, Any], out: Path) -> list[File]:
    """Deliverables as objects, with the files that came in beside them."""
    files = [
        File(
            sample_id=run.sample_id,
            run=run,
            file_type=role,
            object_key=given["key"],
            size=given["size"],
            sha256=given["sha256"],
        )
        for role, given in run.inputs.items()
    ]
    for made in result["files"]:
        name = Path(made["path"]).name
        stored = objects.take_file(f"samples/{run.sample_id}/{run.id}/{name}", out / made["path"])
        files.append(
            File(sample_id=run.sample_id, run=run, file_type=made["file_type"], object_key=stored.key,
                 size=stored.size, sha256=stored.sha256)
        )  # fmt: skip
    return files


def _keep_result(run: Run, result: dict[str, Any], files: list[File], *, compare: bool) -> None:
    """All rows of a result and the sample's move, in one transaction; a result that is there already stays."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.state not in {"queued", "running"}:
            return
        ancestry = result.get("ancestry") or {}
        locked.state = result["status"]
        locked.finished = clock.now()
        locked.tool = str(result.get("tool_version", ""))[:64]
        locked.bundle = " ".join(str(v) for v in (result.get("bundle") or {}).values())[:255]
        locked.reasons, locked.metrics = result.get("reasons", []), result.get("metrics", {})
        locked.steps = result.get("steps", [])
        locked.ancestry, locked.ancestry_metadata = ancestry.get("value"), ancestry.get("metadata")
        locked.traits = result.get("traits", [])
        locked.save()
        File.objects.bulk_create(files)
        QualityControl.objects.bulk_create(_quality_controls(locked, result))
        TraitScore.objects.bulk_create(_trait_scores(locked, result))
        for held in result.get("holds", []):
            open_hold(locked.sample, reason_code=held["code"], owner="operator", note=held["message"])
        if compare:
            defer("runs.compare", sample_id=str(locked.sample_id))
        sample = locked.sample
        try:
            if locked.state == "succeeded":
                move_sample(sample, "succeeded", note="Results are ready.")
                if locked.kit is not None:  # nobody's address came with an array export
                    owe_letter(locked.kit, "results")
            else:
                said = " ".join(reason["message"] for reason in locked.reasons) or "Quality control failed."
                move_sample(sample, "failed_qc", note=said)
            Sample.objects.filter(pk=sample.pk).update(run_id=locked.id)
        except CannotMove:
            log.warning("run %s finished after its sample had ended otherwise", run.id)


def _quality_controls(run: Run, result: dict[str, Any]) -> list[QualityControl]:
    names = (
        "key",
        "name",
        "type",
        "display_type",
        "description",
        "value_expected",
        "value_measured",
        "value_string",
        "status",
    )
    return [
        QualityControl(run=run, position=at, **{name: check[name] for name in names if name in check})
        for at, check in enumerate(result.get("quality_controls", []))
    ]


def _trait_scores(run: Run, result: dict[str, Any]) -> list[TraitScore]:
    taken = {"key", "unit", "value", "percentile", "risk", "distribution"}
    return [
        TraitScore(
            run=run, key=score["key"], unit=score.get("unit") or "", value=score.get("value"),
            percentile=score.get("percentile"), risk=score.get("risk") or "", distribution=score.get("distribution"),
            details={name: value for name, value in score.items() if name not in taken},
        )
        for score in result.get("scores", [])
    ]  # fmt: skip


def give_up(run_id: UUID, *, note: str) -> None:
    """Ends a run that is not finished without a result, and says so to the operator. `note` is why, as a sentence."""
    run = Run.objects.select_related("sample", "kit").get(pk=run_id)
    with transaction.atomic():
        if not _open(run).update(state="failed", finished=clock.now()):
            return
        open_hold(
            run.sample,
            kit=run.kit,
            reason_code="analysis_failed",
            owner="operator",
            note=f"{note} The worker's log has its last words.",
        )
    forget_attempts(run.pk)
