"""Samples as the wire has them (contract §5.4, §5.5, §5.7; the guide for `metadata`). Key order is part of it."""

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from kitloop.base import objects
from kitloop.kits.models import Sample, SampleStatus
from kitloop.runs.models import File
from kitloop.wire.file_types import READ_FROM_THE_API
from kitloop.wire.times import iso, pythonic

EXTENSIONS = {
    "alignment-bam": "bam", "alignment-bai": "bam.bai", "impute-vcf": "vcf.gz", "impute-tbi": "vcf.gz.tbi",
    "impute-csi": "vcf.gz.csi",
}  # fmt: skip
READS = {"fastq-r1": "R1.fastq.gz", "fastq-r2": "R2.fastq.gz"}


def file_name(file: File) -> str:
    """The name under which a file is downloaded (contract §7.3)."""
    if file.file_type in READS:
        return f"{file.sample_id}_{READS[file.file_type]}"
    if file.file_type in EXTENSIONS:
        return f"{file.sample_id}.{EXTENSIONS[file.file_type]}"
    suffix = "".join(f".{part}" for part in file.object_key.rsplit("/", 1)[-1].split(".")[1:]) or ".bin"
    return f"{file.sample_id}_{file.file_type}{suffix}"


def sample_details(sample: Sample, files: Iterable[File]) -> dict[str, Any]:
    return {
        "id": str(sample.id),
        "project": str(sample.project_id),
        "run": str(sample.run_id) if sample.run_id else None,
        "created": iso(sample.created),
        "modified": iso(sample.modified),
        "hidden": sample.hidden,
        "client_id": sample.client_id,
        "physical_id": "",
        "legacy_id": "",
        "last_status": _last_status(sample),
        "archive_last_status": _archive_status(sample),
        "metadata": sample.metadata,
        # Those that are read from the API have no link: the official CLI writes them beside the rest under the same names.
        "files": [_file(file) for file in files if file.file_type not in READ_FROM_THE_API],
    }


def sample_row(sample: Sample, failed_checks: list[str] | None) -> dict[str, Any]:
    """An item of project-samples; `failed_checks`: keys of failed quality checks, or none."""
    return {
        "id": str(sample.id),
        "run": str(sample.run_id) if sample.run_id else None,
        "created": iso(sample.created),
        "hidden": sample.hidden,
        "modified": iso(sample.modified),
        "client_id": sample.client_id,
        "physical_id": "",
        "legacy_id": "",
        "last_status": _last_status(sample),
        "archive_last_status": _archive_status(sample),
        "failed_qc": failed_checks,
    }


def status_line(line: SampleStatus) -> dict[str, Any]:
    return {"status": line.status, "note": line.note, "created": iso(line.created)}


def _last_status(sample: Sample) -> dict[str, Any]:
    return {
        "id": str(sample.status_id),
        "status": sample.status,
        "note": sample.status_note,
        "created": iso(sample.modified),
    }


def _archive_status(sample: Sample) -> dict[str, Any]:
    """Nothing is archived here: available from the start, under an id that stays the same."""
    return {
        "id": str(uuid5(NAMESPACE_OID, f"available:{sample.id}")),
        "status": "available",
        "created": pythonic(sample.created),
        "transition_cutoff": None,
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "id": str(file.id),
        "s3_path": file.object_key,
        "size": file.size,
        "download_url": objects.signed_url(file.object_key, filename=file_name(file)),
        "file_type": file.file_type,
        "checksum_sha256": file.sha256,
        "shadow_mode": False,
    }
