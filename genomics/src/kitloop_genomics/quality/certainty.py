"""How good the imputed genotypes are by their own account, without a truth."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

COMMON_MAF = 0.05
_SURE = 0.9


def certainty(
    posteriors: Iterable[NDArray[np.float32]], frequencies: Iterable[NDArray[np.float64]]
) -> dict[str, float | None]:
    """`call_rate_min`, `cc_min`, `hzy_max` and `expected_r2_min` of (M, 3) posteriors at sites of ALT frequency (M,), by chromosome.

    The expected r² is over the common sites: with D the dosages and v the posterior variances, the share of the
    true genotypes' variance that the dosages hold is var(D) / (var(D) + mean(v)). None where no site is common.
    """
    sites = sure = heterozygous = 0.0
    count = best = left = first = second = 0.0
    for gp, frequency in zip(posteriors, frequencies, strict=True):
        confidence = gp.max(axis=1)
        sites += len(gp)
        sure += float((confidence >= _SURE).sum())
        heterozygous += float(gp[:, 1].sum(dtype=np.float64))
        common = np.minimum(frequency, 1 - frequency) >= COMMON_MAF
        posterior = gp[common].astype(np.float64)
        dosage = posterior[:, 1] + 2 * posterior[:, 2]
        count += len(posterior)
        best += float(confidence[common].sum(dtype=np.float64))
        left += float((posterior[:, 1] + 4 * posterior[:, 2] - dosage**2).sum())
        first += float(dosage.sum())
        second += float((dosage**2).sum())
    spread = second - first**2 / count if count else 0.0
    return {
        "call_rate_min": sure / sites if sites else None,
        "cc_min": best / count if count else None,
        "hzy_max": heterozygous / sites if sites else None,
        "expected_r2_min": spread / (spread + left) if spread + left > 0 else None,
    }
