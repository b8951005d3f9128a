"""The installed reference bundles, as pipelines and capabilities that projects choose from."""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from kitloop.base.errors import KitloopError
from kitloop.pipelines.models import Capability, Pipeline

_NAMESPACE = uuid5(NAMESPACE_URL, "https://kitloop.example/pipelines")
_HUMAN = {"homo sapiens", "human"}
_KIND = "reference-bundle"  # a manifest may also be of people who were held out of a panel


class BundleUnreadable(KitloopError):
    """The folder is no reference bundle."""

    code = "bundle_unreadable"


def register_bundle(folder: Path, *, version: str) -> Capability:
    """The capability of a bundle folder, made or brought up to date; `version` is the analysis tool's. Safe to do again.

    Ids come from names, so that two installations with the same bundle agree. Raises BundleUnreadable.
    """
    manifest = _read(folder / "manifest.json")
    if manifest.get("kind") != _KIND:
        raise BundleUnreadable(f"{folder} holds {manifest.get('kind')!r} and no reference bundle.")
    thresholds = _read(folder / "thresholds.json")
    try:
        key = f"{manifest['id']}/{manifest['version']}"
        facts = {
            "name": f"{manifest['id']} {manifest['version']}, low-pass",
            "species": str(manifest["species"]),
            "category": "Human Genomics" if str(manifest["species"]).lower() in _HUMAN else "Other",
            "description": str(manifest.get("license", "")),
            "datasets": {"reference_genome": str(manifest["build"]), "files": sorted(manifest["files"])},
            "steps": dict(thresholds["quality_controls"]),
            "bundle": str(folder.absolute()),
        }
    except (KeyError, TypeError) as error:
        raise BundleUnreadable(f"The bundle in {folder} lacks {error}. Make or fetch it again.") from None
    with transaction.atomic():
        pipeline, _ = Pipeline.objects.get_or_create(version=version, defaults={"id": pipeline_id(version)})
        capability, _ = Capability.objects.update_or_create(
            key=key,
            defaults={**facts, "pipeline": pipeline},
            create_defaults={"id": capability_id(key), **facts, "pipeline": pipeline},
        )
    return capability


def pipeline_id(version: str) -> UUID:
    return uuid5(_NAMESPACE, f"pipeline:{version}")


def capability_id(key: str) -> UUID:
    return uuid5(_NAMESPACE, f"capability:{key}")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        raise BundleUnreadable(
            f"{path} is not there or can't be read. `kitloop-genomics panel check` says more."
        ) from None
    if not isinstance(found, dict):
        raise BundleUnreadable(f"{path} does not hold what a reference bundle's does.")
    return found


def first_registered() -> Capability | None:
    """What a project gets that names none; none where no bundle is installed."""
    return Capability.objects.order_by("created", "id").first()
