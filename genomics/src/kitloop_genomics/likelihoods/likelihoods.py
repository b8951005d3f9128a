"""Genotype likelihoods at panel sites (the model of Li 2011, 10.1093/bioinformatics/btr509, section 2.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.likelihoods.kernel import multiply
from kitloop_genomics.likelihoods.pileup import Observations

FLOOR = 1e-10


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """Of one chromosome's M panel sites.

    genotype: (M, 3) float32, P(reads | 0, 1, 2 copies of ALT) scaled so that the largest is 1 and none is below
    1e-10; rows of ones where nothing was seen.  depth: (M,) int32, fragments observed.
    """

    genotype: NDArray[np.float32]
    depth: NDArray[np.int32]


def likelihoods(observations: Observations, sites: int) -> Likelihoods:
    """Multiply the observations of each site, taking fragments as independent."""
    log = multiply(sites, observations.site, observations.is_alt, observations.error)
    scaled = np.exp(log - log.max(axis=1, keepdims=True))
    depth = np.bincount(observations.site, minlength=sites).astype(np.int32)
    return Likelihoods(np.maximum(scaled, FLOOR).astype(np.float32), depth)
