"""Quality thresholds of the demo, scaled to a genome of 4 Mb."""

from __future__ import annotations

from pathlib import Path

from kitloop_genomics.writing import write_json


def write_thresholds(folder: Path, sites: int, genome_bp: int) -> None:
    """`thresholds.json`. Depth limits are multiples of the genome; the others were set from simulated people."""
    controls = {
        "bases_min": genome_bp // 4,
        "bases_max": genome_bp * 40,
        "bases_dedup_min": genome_bp // 5,
        "bases_dedup_mapped_min": genome_bp // 5,
        "mapped_fraction_min": 0.80,
        "duplicates_fraction_max": 0.40,
        "snps_min": sites * 15 // 100,
        "effective_coverage_min": 0.15,
        "fraction_contamination_max": 0.06,
        "call_rate_min": 0.80,
        "cc_min": 0.90,
        "hzy_max": 0.35,
        "array_call_rate_min": 0.95,
        "array_match_rate_min": 0.60,
        "array_strange_rate_max": 0.02,
        "array_sites_min": genome_bp // 20_000,
        "array_heterozygosity_ratio_max": 1.35,
    }
    scores = {
        "DEMO-LEAF": {"unit": "standardised weight", "risk_percentile_threshold": None},
        "DEMO-SLEEP": {"unit": "standardised weight", "risk_percentile_threshold": 90},
    }
    write_json(folder / "thresholds.json", {"quality_controls": controls, "scores": scores})
