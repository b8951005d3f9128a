"""How good the imputed genotypes are by their own account, without a truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COMMON_MAF = 0.05
_SURE = 0.9


def certainty(gp: NDArray[np.float32], frequency: NDArray[np.float64]) -> dict[str, float | None]:
    """`call_rate_min`, `cc_min`, `hzy_max` and `expected_r2_min` of (M, 3) posteriors at sites of ALT `frequency` (M,).

    The expected r² is over the common sites: with D the dosages and v the posterior variances, the share of the
    true genotypes' variance that the dosages hold is var(D) / (var(D) + mean(v)). None where no site is common.
    """
    best = gp.max(axis=1)
    found: dict[str, float | None] = {
        "call_rate_min": float((best >= _SURE).mean()),
        "cc_min": None,
        "hzy_max": float(gp[:, 1].mean(dtype=np.float64)),
        "expected_r2_min": None,
    }
    common = np.minimum(frequency, 1 - frequency) >= COMMON_MAF
    if common.any():
        posterior = gp[common].astype(np.float64)
        dosage = posterior[:, 1] + 2 * posterior[:, 2]
        left = float((posterior[:, 1] + 4 * posterior[:, 2] - dosage**2).mean())
        spread = float(dosage.var())
        found["cc_min"] = float(best[common].mean(dtype=np.float64))
        found["expected_r2_min"] = spread / (spread + left) if spread + left > 0 else None
    return found
