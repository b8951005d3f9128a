"""Beyond which values a control fails or warns: the bundle's own, else defaults for low-pass data of any genome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Failing and warning limits that don't depend on the panel. From simulation: a laboratory sets its own in its bundle.
FAIL = {
    "mapped_fraction_min": 0.70,
    "duplicates_fraction_max": 0.40,
    "effective_coverage_min": 0.08,
    "fraction_contamination_max": 0.05,
    "cc_min": 0.93,
    "expected_r2_min": 0.85,
    "heterozygosity_sd_max": 6.0,
}
WARN = {
    "mapped_fraction_min": 0.90,
    "duplicates_fraction_max": 0.15,
    "effective_coverage_min": 0.35,
    "fraction_contamination_max": 0.02,
    "cc_min": 0.98,
    "expected_r2_min": 0.97,
    "heterozygosity_sd_max": 4.0,
    "unexplained_max": 0.08,
    "insert_size_min": 200.0,
    "error_rate_max": 0.015,
    "gc_slope_max": 0.25,
}
FAIL_DEPTH_X, WARN_DEPTH_X = 0.1, 0.4  # of bases sequenced


@dataclass(frozen=True, slots=True)
class Limits:
    """By control key. A value that is exactly the limit passes it. A control in neither is only shown."""

    fail: dict[str, float]
    warn: dict[str, float]


def limits(thresholds: dict[str, Any], genome_bp: int) -> Limits:
    """`quality_controls` and `quality_warnings` of a parsed `thresholds.json`, completed by the defaults."""
    fail = {"bases_min": FAIL_DEPTH_X * genome_bp, **FAIL, **thresholds["quality_controls"]}
    warn = {"bases_min": WARN_DEPTH_X * genome_bp, **WARN, **thresholds.get("quality_warnings", {})}
    return Limits(fail, warn)
