"""How much of a person's genome is no copy of the panel's people: what imputation says where the reads are hidden from it.

A hidden stretch is either predicted, or nearly a third of its sites are as likely to be whatever the ancestry's
frequencies allow; the share of the second kind is fitted. Of a person half of whose genome is foreign half the stretches
look so, where a mean over sites dilutes them among those that fit; sites of one stretch err together and count as one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.quality.hidden import Hidden

OUTSIDE = 0.08  # people of the panel's populations stay below, also where the genome has 10 Mb (README)
_STRANGE = 0.3  # of the sites of a stretch that isn't a copy
_SURE = (
    3.0  # nats: the least share that is no more than that less likely than the likeliest, so that few data tell nothing
)
_SHARES = np.linspace(0, 1, 201)
FEWEST = 20  # stretches


def unexplained_share(found: Hidden) -> float | None:
    """At least this share of the genome, 0 to 1, is no copy of the panel's people; None where too little is covered.

    A mixture of two people's DNA is unexplained, too.
    """
    predicted = (found.predicted * found.likelihood).sum(axis=1)
    mixed = (1 - _STRANGE) * predicted + _STRANGE * (found.anyone * found.likelihood).sum(axis=1)
    copied, strange = (np.bincount(found.stretch, np.log(one)).astype(np.float64) for one in (predicted, mixed))
    return least_share(copied, strange)


def least_share(copied: NDArray[np.float64], strange: NDArray[np.float64]) -> float | None:
    """The least share of strange stretches, of S with log likelihoods as copies and as strange, that isn't unlikely; None for few."""
    if len(copied) < FEWEST:
        return None
    with np.errstate(divide="ignore"):
        one, other = np.log(1 - _SHARES)[:, None] + copied, np.log(_SHARES)[:, None] + strange
    height = np.logaddexp(one, other).sum(axis=1)
    return float(_SHARES[np.flatnonzero(height >= height.max() - _SURE)[0]])
