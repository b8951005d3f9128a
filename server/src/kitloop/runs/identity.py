"""Whose sample is it? The fingerprints that analyses leave, beside each other within a project.

A kit that was mixed up or used twice is a hold that the organization's people look at in the dashboard. The fingerprint is
genetic data: it has no row, no link and no name in the API.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from kitloop.base import objects
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Sample

GENOMICS = str(Path(sys.executable).with_name("kitloop-genomics"))
COMPANION = "fingerprint"


def keep_fingerprint(sample: Sample, result: dict[str, Any], out: Path) -> bool:
    """Whether the analysis left one. A sample's later one takes the place of its earlier."""
    for made in result.get("companions", []):
        if made["name"] == COMPANION:
            objects.take_file(_key(sample), out / made["path"])
            return True
    return False


def compare_in_project(sample_id: UUID) -> None:
    """Opens a hold if another sample of the project is of the same person. Safe to do twice.

    Two that end at once are compared: each looks after its own fingerprint is kept, so the later sees both.
    """
    sample = Sample.objects.get(pk=sample_id)
    if sample.deleted is not None:
        return
    own = objects.path_of(_key(sample))
    there = {path.stem for path in own.parent.glob("*.json")} - {str(sample.id)}
    others = list(
        Sample.objects.filter(project_id=sample.project_id, deleted=None, pk__in=there).values_list("pk", flat=True)
    )
    if not others:
        return
    with tempfile.TemporaryDirectory(prefix="compare-", dir=objects.work_folder()) as folder:
        for other in others:
            (Path(folder) / f"{other}.json").symlink_to(own.with_name(f"{other}.json"))
        command = [GENOMICS, "compare", str(own), "--among", folder, "--json"]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for held in found["holds"]:
        open_hold(sample, reason_code=held["code"], owner="operator", note=held["message"])


def _key(sample: Sample) -> str:
    return f"fingerprints/{sample.project_id}/{sample.id}.json"
