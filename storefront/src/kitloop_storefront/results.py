"""Fetch what the analysis found, and keep a copy to show."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.utils import timezone
from kitloop_sdk import Ancestry, Client, NotFound, NotPermitted, QualityControl, Sample, TraitScore

from kitloop_storefront.models import Order, Result

T = TypeVar("T")

FINAL = ("succeeded", "failed_qc")


@dataclass(frozen=True, slots=True)
class Found:
    """Everything about a finished sample. `ancestry` None, no `trait_scores`: the programme does not make them."""

    sample: Sample
    quality_controls: list[QualityControl]
    ancestry: Ancestry | None
    trait_scores: list[TraitScore]


def fetch_results(client: Client, sample: Sample) -> Found:
    """What the platform has about a finished sample. Writes nothing: a platform that fails half-way leaves no half."""
    well = sample.last_status.key == "succeeded"
    return Found(
        sample=sample,
        quality_controls=client.sample_quality_controls(sample.id),
        ancestry=_if_made(client.sample_ancestry, sample.id) if well else None,
        trait_scores=(_if_made(client.sample_trait_scores, sample.id) or []) if well else [],
    )


def store_results(order: Order, found: Found) -> Result:
    """The stored results, in place of earlier ones."""
    result, _ = Result.objects.update_or_create(
        order=order,
        defaults={
            "status": found.sample.last_status.key,
            "sample": _without_addresses(found.sample),
            "quality_controls": [asdict(one) for one in found.quality_controls],
            "ancestry": asdict(found.ancestry) if found.ancestry else None,
            "trait_scores": [asdict(score) for score in found.trait_scores],
            "fetched_at": timezone.now(),
        },
    )
    return result


def _if_made(fetch: Callable[[str], T], sample_id: str) -> T | None:
    try:
        return fetch(sample_id)
    except (NotFound, NotPermitted):
        return None


def _without_addresses(sample: Sample) -> dict[str, Any]:
    kept = asdict(sample)
    kept["files"] = [
        {name: one[name] for name in ("id", "file_type", "size", "checksum_sha256")} for one in kept["files"]
    ]
    return kept
