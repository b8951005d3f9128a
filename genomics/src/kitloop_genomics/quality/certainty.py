"""How good the imputed genotypes are by their own account, without a truth."""

from __future__ import annotations

import numpy as np

from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.imputation.model import Dosages

COMMON_MAF = 0.05
_SURE = 0.9


class CertaintyReader:
    """Sums over sites, and over those of them that are common in the panel."""

    def __init__(self) -> None:
        self._sites = self._sure = self._heterozygous = 0.0
        self._common = self._best = self._left = self._first = self._second = 0.0

    def take(self, chromosome: PanelChromosome, imputed: Dosages) -> None:
        gp, frequency = imputed.gp, chromosome.alt_frequency
        confidence = gp.max(axis=1)
        self._sites += len(gp)
        self._sure += float((confidence >= _SURE).sum())
        in_pairs = gp if imputed.copies is None else gp[imputed.copies == 2]  # of one copy, [:, 1] is ALT
        self._heterozygous += float(in_pairs[:, 1].sum(dtype=np.float64))
        common = np.minimum(frequency, 1 - frequency) >= COMMON_MAF
        posterior = gp[common].astype(np.float64)
        dosage = posterior[:, 1] + 2 * posterior[:, 2]
        self._common += len(posterior)
        self._best += float(confidence[common].sum(dtype=np.float64))
        self._left += float((posterior[:, 1] + 4 * posterior[:, 2] - dosage**2).sum())
        self._first += float(dosage.sum())
        self._second += float((dosage**2).sum())

    def result(self) -> dict[str, float | None]:
        """`call_rate_min`, `cc_min`, `hzy_max` and `expected_r2_min` of what was read.

        The expected r² is over the common sites: with D the dosages and v the posterior variances, the share of the
        true genotypes' variance that the dosages hold is var(D) / (var(D) + mean(v)). None where no site is common.
        """
        sites, common = self._sites, self._common
        spread = self._second - self._first**2 / common if common else 0.0
        return {
            "call_rate_min": self._sure / sites if sites else None,
            "cc_min": self._best / common if common else None,
            "hzy_max": self._heterozygous / sites if sites else None,
            "expected_r2_min": spread / (spread + self._left) if spread + self._left > 0 else None,
        }
