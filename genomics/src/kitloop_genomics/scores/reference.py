"""What a score would be among panel people if they had one person's ancestry.

Scores differ between populations for reasons that have nothing to do with the trait (frequencies drifted apart), so a
person is compared with what their own ancestry expects: mean and spread are those of the panel's populations, weighted by
the person's shares, and the shape is that of all panel people's deviations from their own population. It is the
normalisation of the PGS Catalog's calculator (Lambert et al. 2024, 10.1101/2024.05.29.24307783; Khera et al. 2019,
10.1016/j.cell.2019.03.028) with ancestry shares in place of principal components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import Panel

# A population's own variance counts as much as this many people of the average one: few people tell little of it.
_PRIOR_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """mean, variance: (P,) of a score in each population of the panel.  deviation: (people,) standardised."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def expected(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """(people,) the panel's scores as they would be with ancestry `share` ((P,), sums to 1)."""
        return np.asarray(share @ self.mean + np.sqrt(share @ self.variance) * self.deviation)

    def spread(self, share: NDArray[np.float64]) -> float:
        """Standard deviation of the score among people of ancestry `share`."""
        return float(np.sqrt(share @ self.variance))


def reference(panel_scores: NDArray[np.float64], panel: Panel) -> Reference:
    """The panel's people by population; `panel_scores` is (people,)."""
    groups = [population.members for population in panel.populations]
    mean = np.array([panel_scores[members].mean() for members in groups])
    squares = np.array([((panel_scores[members] - at) ** 2).sum() for members, at in zip(groups, mean, strict=True)])
    people = np.array([len(members) for members in groups])
    average = squares.sum() / max(people.sum() - len(groups), 1)
    variance = (squares + _PRIOR_PEOPLE * average) / (people - 1 + _PRIOR_PEOPLE)
    deviation = np.zeros(len(panel_scores))
    for members, at, square in zip(groups, mean, variance, strict=True):
        deviation[members] = (panel_scores[members] - at) / np.sqrt(square) if square > 0 else 0.0
    return Reference(mean, variance, deviation)
