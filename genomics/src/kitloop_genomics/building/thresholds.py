"""Quality thresholds for a bundle that comes without any: multiples of the genome and of its sites."""

from __future__ import annotations


def default_thresholds(sites: int, genome_bp: int) -> dict[str, float]:
    """`quality_controls` of `thresholds.json`, for about 0.4x: for an operator to set by their own samples."""
    return {
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
