"""Figures of accuracy over all targets together, and per person for paired comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

EDGES = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_COMMON = 0.01
_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Answer:
    """dosage: (M, T) float, expected copies of ALT.  gt: (M, T) int8, called copies of ALT."""

    dosage: NDArray[np.float64]
    gt: NDArray[np.int8]


def figures(truth: NDArray[np.int8], answer: Answer, frequency: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy of `answer` against `truth` (M, T), 0 to 2; `frequency` (M,) of ALT in the panel.

    r2_all, r2_maf_above_1_percent, r2_by_maf: squared correlation over all sites and people together; None where
    nothing varies.  nrc: of the cells where truth or call carries ALT, the share where they agree.
    """
    rarer = np.minimum(frequency, 1 - frequency)
    carried = (truth > 0) | (answer.gt > 0)
    return {
        "r2_all": _r2(truth, answer.dosage, np.ones(len(truth), bool)),
        "r2_maf_above_1_percent": _r2(truth, answer.dosage, rarer > _COMMON),
        "nrc": round(float((truth == answer.gt)[carried].mean()), 5) if carried.any() else None,
        "r2_by_maf": [
            {
                "maf_above": low,
                "maf_to": high,
                "sites": int(((rarer > low) & (rarer <= high)).sum()),
                "r2": _r2(truth, answer.dosage, (rarer > low) & (rarer <= high)),
            }
            for low, high in pairwise(EDGES)
        ],
    }


def per_person(truth: NDArray[np.int8], answer: Answer, use: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(T,) squared correlation of each person over the sites in `use`."""
    pairs = zip(truth[use].T.astype(float), answer.dosage[use].T, strict=True)
    return np.array([np.corrcoef(one, other)[0, 1] ** 2 for one, other in pairs])


def paired_difference(
    truth: NDArray[np.int8], ours: Answer, theirs: Answer, frequency: NDArray[np.float64]
) -> dict[str, Any]:
    """Mean over people of our r² minus theirs, with a 95 % bootstrap interval over people."""
    rarer = np.minimum(frequency, 1 - frequency)
    found = {}
    for name, use in (("r2_all", np.ones(len(truth), bool)), ("r2_maf_above_1_percent", rarer > _COMMON)):
        difference = per_person(truth, ours, use) - per_person(truth, theirs, use)
        rng = np.random.default_rng(1)
        means = rng.choice(difference, (_DRAWS, len(difference))).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        found[name] = {
            "mean": round(float(difference.mean()), 6),
            "low": round(float(low), 6),
            "high": round(float(high), 6),
            "people": len(difference),
        }
    return found


def _r2(truth: NDArray[np.int8], dosage: NDArray[np.float64], use: NDArray[np.bool_]) -> float | None:
    one, other = truth[use].ravel().astype(float), dosage[use].ravel()
    if len(one) < 2 or one.std() == 0 or other.std() == 0:
        return None
    return round(float(np.corrcoef(one, other)[0, 1] ** 2), 6)
