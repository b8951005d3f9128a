"""Our dosages beside GLIMPSE2's on a benchmark folder that holds them."""

from __future__ import annotations

from pathlib import Path

from kitloop_genomics.benchmark.measure import measure

from validation.measured import Measured, measured, missing

GROUP = "imputation and GLIMPSE2"


def compare_imputation(benchmark: Path | None) -> list[Measured]:
    """Squared correlation with the truth, ours minus GLIMPSE2's, mean over people, for every depth of the full panel."""
    if benchmark is None:
        return missing(GROUP, "no benchmark folder was given")
    rows = measure(benchmark)["depths"]
    if not all("minus_glimpse2" in row for row in rows):
        return missing(GROUP, f"{benchmark} holds no answers of GLIMPSE2")
    return measured(
        GROUP, {f"r² at {row['depth_x']:g}x, difference": row["minus_glimpse2"]["r2_all"]["mean"] for row in rows}
    )
