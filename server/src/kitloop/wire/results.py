"""Results as the wire has them (contract §5.7, §7.5)."""

from typing import Any

from kitloop.runs.models import QualityControl, Run, TraitScore
from kitloop.runs.variants import Variant


def quality_control_type(check: QualityControl) -> dict[str, Any]:
    return {
        "key": check.key,
        "type": check.type,
        "name": check.name,
        "description_markdown": check.description,
        "display_type": check.display_type,
        "display_only_if_failed": False,
    }


def quality_control(check: QualityControl) -> dict[str, Any]:
    return {
        "quality_control_type": quality_control_type(check),
        "quality_control": {
            "value_expected": check.value_expected,
            "value_measured": check.value_measured,
            "value_string": check.value_string,
            "status": check.status,
        },
    }


def ancestry(run: Run | None) -> dict[str, Any]:
    return {
        "ancestry": {"value": run.ancestry if run else None},
        "metadata": {"value": run.ancestry_metadata if run else None},
    }


def trait_score(score: TraitScore) -> dict[str, Any]:
    """One score. Beside the contract's keys, `details` says how it was made, or why it is not reported."""
    distribution = score.distribution or {}
    return {
        "trait_score": {"value": score.value, "percentile": score.percentile},
        "trait_distribution": {
            "value": {key: value for key, value in distribution.items() if key != "version"} or None,
            "version": distribution.get("version", "1.0"),
        },
        "trait": {"key": score.key},
        "trait_unit": {"key": score.unit},
        "risk": score.risk or None,
        "details": score.details,
    }


def genomic_variant(variant: Variant) -> dict[str, Any]:
    return {
        "chromosome": variant.chromosome,
        "position": variant.position,
        "rsid": variant.names,
        "ref": variant.ref,
        "alt": list(variant.alt),
        "genotype": variant.genotype,
        "genotype_confidence": variant.confidence,
        "quality": variant.quality,
        "info": variant.info,
    }
