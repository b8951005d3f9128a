"""Ancestry proportions from genotype likelihoods.

A person's chromosomes are mosaics of tracts from the panel's populations, whose lengths depend on how many generations
ago those met (Ancestry_HMM: Corbett-Detig and Nielsen 2017, 10.1371/journal.pgen.1006529). Shares and generations are
those that make the windows' evidence likeliest, by EM; a share is that of the genome in base pairs. Uncertainty is
that of the tracts, from draws of them with the evidence weighed less: at its full weight, 95 % intervals held 87 % of
the true shares of simulated people, as neighbouring windows aren't independent either. It doesn't cover ancestry from a
population that the panel lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.ancestry.evidence import Evidence, gather
from kitloop_genomics.ancestry.kernel import backward, draw, forward
from kitloop_genomics.bundle.panel import Panel
from kitloop_genomics.likelihoods.likelihoods import Likelihoods

REPLICATES = 200
_ROUNDS, _TOLERANCE = 100, 2e-4
_GENERATIONS, _MOST_GENERATIONS = 12.0, 200.0
CONFUSABLE_SD = 0.15  # of a share that could as well be the other population's
_DOUBT = 0.4  # weight of the evidence in the draws
_SEED = 20_170_719  # fixed: the same reads give the same interval


@dataclass(frozen=True, slots=True)
class Ancestry:
    """share, low and high: (P,) in the panel's order of populations; low to high is a 95 % interval.

    sites: covered sites that took part.  windows: stretches of genome that were looked at.  replicates: (R, P), the
    shares of each draw, for what has to know how they vary together.  generations: since the populations met, as far as
    tracts tell.  apart: (P, P) as in `Evidence`, None where nothing is in doubt.
    """

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sites: int
    windows: int
    replicates: NDArray[np.float64]
    generations: float = 0.0
    apart: NDArray[np.float64] | None = None

    def groups(self) -> list[list[int]]:
        """Populations by index, those together that these reads can't tell apart, so that their shares mean little alone."""
        count = len(self.share)
        of = list(range(count))
        for one in range(count):
            for other in range(one):
                if self.apart is not None and self.apart[one, other] < CONFUSABLE_SD**-2 and of[one] != of[other]:
                    of = [of[other] if group == of[one] else group for group in of]
        return [[at for at in range(count) if of[at] == group] for group in sorted(set(of))]


def estimate_ancestry(panel: Panel, found: Sequence[Likelihoods]) -> Ancestry | None:
    """Estimate from covered sites whose ALT frequency in the panel is 5 to 95 %; None if there are none."""
    evidence = gather(panel, found)
    return None if evidence is None else follow_tracts(evidence)


def follow_tracts(evidence: Evidence) -> Ancestry:
    """The shares, by EM over shares and generations from even shares."""
    windows, count = evidence.pair.shape[:2]
    share = np.full(count, 1 / count)
    generations = _GENERATIONS
    morgans = np.diff(evidence.cm, prepend=evidence.cm[:1]) / 100
    morgans[evidence.starts] = 0.0
    weight = _weights(evidence.pair)
    state, occupied = np.empty(evidence.pair.shape), np.empty((windows, count))
    for _ in range(_ROUNDS):
        switch = np.where(evidence.starts, 1.0, -np.expm1(-generations * morgans))
        forward(weight, switch, share, state)
        changes = backward(weight, switch, share, state, occupied)
        if morgans.sum() > 0:
            within = max(changes - 2 * int(evidence.starts.sum()), 0.0)
            generations = float(np.clip(within / (2 * morgans.sum()), 1.0, _MOST_GENERATIONS))
        fresh = evidence.span_bp @ occupied / evidence.span_bp.sum()
        moved = float(np.abs(fresh - share).max())
        share = fresh
        if moved < _TOLERANCE:
            break
    forward(_weights(_DOUBT * evidence.pair), switch, share, state)
    uniform = np.random.default_rng(_SEED).random((REPLICATES, windows))
    replicates = draw(state, switch, share, evidence.span_bp, uniform)
    low, high = np.percentile(replicates, [2.5, 97.5], axis=0)
    return Ancestry(
        share,
        np.minimum(low, share),
        np.maximum(high, share),
        evidence.sites,
        windows,
        replicates,
        generations,
        evidence.apart,
    )


def _weights(pair: NDArray[np.float64]) -> NDArray[np.float64]:
    """(W, P, P) likelihoods whose largest in each window is 1."""
    return np.asarray(np.exp(pair - pair.max(axis=(1, 2), keepdims=True)))
