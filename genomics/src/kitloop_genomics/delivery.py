"""The output folder of a run: whole files only, `result.json` last, one run at a time."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kitloop_genomics.quality.multiqc import CONTROLS_FILE, GENERAL_FILE
from kitloop_genomics.result import Analysis, Companion, Deliverable
from kitloop_genomics.writing import sha256_of, write_json

RESULT = "result.json"
FILE_TYPES = {
    "alignment.bam": "alignment-bam",
    "alignment.bam.bai": "alignment-bai",
    "imputed.vcf.gz": "impute-vcf",
    "imputed.vcf.gz.tbi": "impute-tbi",
    "imputed.vcf.gz.csi": "impute-csi",
    "ancestry.json": "ancestry-json",
    "traits.json": "traits-json",
    "qc.json": "qc",
}
# For the operator and their tools, and no deliverables: the API has no type for them.
COMPANIONS = {
    "report.json": "report-json",
    "fingerprint.json": "fingerprint",
    GENERAL_FILE: "multiqc-general",
    CONTROLS_FILE: "multiqc-controls",
}
_WORK_PREFIX = ".work-"
_UNITS = ".units"


@contextmanager
def output_folder(out: Path, *, resume: bool = False) -> Iterator[Path]:
    """A work folder inside `out`, removed on the way out.

    Waits while another run holds `out`. The earlier `result.json` goes at once, so that one which is there is
    always of a finished run, and so does what a killed run left, except for its units of work on `resume`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (out / RESULT).unlink(missing_ok=True)
        for left in out.glob(f"{_WORK_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if not resume:
            shutil.rmtree(out / _UNITS, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=out))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def units_folder(out: Path) -> Path:
    """Where a run that may be resumed keeps its finished units of work; `finish` removes it."""
    return out / _UNITS


def deliver(work: Path, out: Path) -> tuple[tuple[Deliverable, ...], tuple[Companion, ...]]:
    """Rename the files of `work` into `out`; those of an earlier run that have no successor are removed."""
    delivered, companions = [], []
    for name, file_type in {**FILE_TYPES, **COMPANIONS}.items():
        source = work / name
        if not source.exists():
            (out / name).unlink(missing_ok=True)
            continue
        if name in FILE_TYPES:
            delivered.append(Deliverable(file_type, name, source.stat().st_size, sha256_of(source)))
        else:
            companions.append(Companion(file_type, name))
        source.replace(out / name)
    return tuple(delivered), tuple(companions)


def finish(out: Path, analysis: Analysis) -> None:
    """Write `result.json`: from now on the run counts as finished."""
    shutil.rmtree(out / _UNITS, ignore_errors=True)
    write_json(out / RESULT, analysis.as_json())
