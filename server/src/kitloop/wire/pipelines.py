"""Pipelines and their capabilities as the wire has them (contract §5.8)."""

from typing import Any

from kitloop.pipelines.models import Capability, Pipeline


def pipeline_row(pipeline: Pipeline) -> dict[str, Any]:
    return {"id": str(pipeline.id), "version": pipeline.version}


def pipeline_details(pipeline: Pipeline) -> dict[str, Any]:
    capabilities = pipeline.capabilities.order_by("created", "id")
    return {**pipeline_row(pipeline), "capabilities": [capability_row(each) for each in capabilities]}


def capability_row(capability: Capability) -> dict[str, Any]:
    return {
        "id": str(capability.id),
        "name": capability.name,
        "key": capability.key,
        "private": False,
        "merge_vcfs_enabled": False,
        "supported_project_modifications": [],
        "modifications_enabled": False,
        "species": capability.species or None,
        "pipeline_category": capability.category or None,
        "description_markdown": capability.description or None,
        "datasets": capability.datasets,
        "steps": capability.steps,
    }
