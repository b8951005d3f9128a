"""Quality thresholds of the demo: the usual ones, set from simulated people, scaled to a genome of 4 Mb."""

from __future__ import annotations

from pathlib import Path

from kitloop_genomics.building.thresholds import default_thresholds
from kitloop_genomics.writing import write_json


def write_thresholds(folder: Path, sites: int, genome_bp: int) -> None:
    """`thresholds.json`."""
    controls = default_thresholds(sites, genome_bp)
    scores = {
        "DEMO-LEAF": {"unit": "standardised weight", "risk_percentile_threshold": None},
        "DEMO-SLEEP": {"unit": "standardised weight", "risk_percentile_threshold": 90},
    }
    write_json(folder / "thresholds.json", {"quality_controls": controls, "scores": scores})
