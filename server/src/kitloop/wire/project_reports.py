"""What is told of a project as a whole (contract §5.7, §7.4)."""

from typing import Any

from kitloop.runs.project_quality import Histogram

# Our states by the counts that the contract has. What waits for a customer's data, and what was cancelled, is in the total only.
COUNTED = {
    "running_samples": ("running",),
    "scheduled_samples": ("scheduled",),
    "succeeded_samples": ("succeeded",),
    "failed_samples": ("failed", "failed_qc"),
    "kit_processing_samples": ("consumer_awaiting_kit_order", "kit_requested", "kit_ordered"),
}


def project_stats(statuses: dict[str, int], *, total_size: int, failed_checks: dict[str, int]) -> dict[str, Any]:
    """`statuses`: samples by state. `failed_counts` tells failures apart by state, `failed_qc_counts` by check."""
    counts = {name: sum(statuses.get(each, 0) for each in states) for name, states in COUNTED.items()}
    return {
        "counts": {"total_samples": sum(statuses.values()), **counts},
        "total_size": total_size,
        "failed_counts": {each: statuses[each] for each in COUNTED["failed_samples"] if statuses.get(each)},
        "failed_qc_counts": failed_checks,
    }


def histogram(found: Histogram) -> dict[str, Any]:
    return {"bin_edges": list(found.edges), "hist": list(found.counts)}
