"""Strangers in the reads, and a person who is a stranger to the panel: both from what is hidden from imputation.

They look alike, so the order matters: first whose reads these are, then, allowing for another person's, whether imputation knows
the one who remains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import Likelihoods
from kitloop_genomics.likelihoods.pileup import Observations
from kitloop_genomics.quality.contamination import mixture
from kitloop_genomics.quality.hidden import QUARTERS, hide, together
from kitloop_genomics.quality.unexplained import FEWEST, unexplained_share

_WORTH_A_LOOK = 0.01
_FEW_READS = 1_000  # of common hidden sites; above, another pass would cost more than it tells
_ENOUGH = 500  # hidden stretches, of 40 Mb


@dataclass(frozen=True, slots=True)
class Strangers:
    """mixed: share of the reads that are a stranger's, 0 to 0.5.  unexplained: of the genome, at least, no copy of the panel's people.

    None where too little is covered; `mixed` of an array, and `unexplained` of a sample that is mixed beyond the limit,
    as of two people's DNA there is no telling what one of them would be.
    """

    mixed: float | None
    unexplained: float | None


def look_for_strangers(
    panel: Panel,
    observations: Sequence[Observations] | None,
    found: Sequence[Likelihoods],
    share: NDArray[np.float64],
    limit: float,
    *,
    sample: str,
    effective_population_size: float | None = None,
    threads: int = 1,
) -> Strangers:
    """Of chromosomes of which everybody has two. `observations` is None for an array.

    share: (P,) ancestry.  limit: the share of a stranger's reads above which the sample fails.  The sequences have one entry
    per chromosome, and each is taken once in a pass: one of a large genome in which nothing is found, five at most.
    """
    hidden = partial(
        hide, panel, observations, found, share, sample=sample, threads=threads,
        effective_population_size=effective_population_size,
    )  # fmt: skip
    parts = [hidden()]
    known = parts[0]
    other = mixture(known)
    # Of a small genome a quarter is little: the others are hidden in turn as long as more may be found or reads are few.
    for quarter in QUARTERS[1:]:
        if other is None or parts[0].stretches >= _ENOUGH:
            break
        if other.share < _WORTH_A_LOOK and len(known.seen.site) >= _FEW_READS:
            break
        parts.append(hidden(quarter=quarter))
        known = together(parts)
        other = mixture(known)
    mixed = None if other is None else other.believed
    if mixed and mixed > limit:
        return Strangers(mixed, None)
    if parts[0].stretches < FEWEST:
        return Strangers(mixed, None)
    return Strangers(mixed, unexplained_share(hidden(mixed=mixed) if mixed else known))
