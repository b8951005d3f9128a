"""Windows of even genetic length, and the best donors of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NEIGHBOUR = np.float32(0.25)


@dataclass(frozen=True, slots=True)
class Windows:
    """W windows. edge: (W + 1,) as indices into the informative sites, none empty.  site_edge: (W + 1,) into all sites."""

    edge: NDArray[np.int64]
    site_edge: NDArray[np.int64]

    def probes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First, middle and last informative site of each window, once each, and the window that each belongs to."""
        at: list[int] = []
        owner: list[int] = []
        for window, (first, last) in enumerate(zip(self.edge[:-1], self.edge[1:], strict=True)):
            inside = sorted({int(first), int(first + last) // 2, int(last) - 1})
            at += inside
            owner += [window] * len(inside)
        return np.array(at, np.int64), np.array(owner, np.int64)


def windows(cm: NDArray[np.float64], site: NDArray[np.int64], width_cm: float, offset: float = 0.0) -> Windows:
    """Cut at every `width_cm`, the first cut `offset` (0 to 1) of a width early; `site` are the informative ones of `cm`."""
    at = cm[site]
    cuts = np.arange(at[0] + (1 - offset) * width_cm, at[-1], width_cm)
    edge = np.unique(np.concatenate([[0], np.searchsorted(at, cuts), [len(site)]])).astype(np.int64)
    between = (site[edge[1:-1] - 1] + site[edge[1:-1]]) // 2 + 1
    return Windows(edge, np.concatenate([[0], between, [len(cm)]]).astype(np.int64))


def best_donors(posterior: NDArray[np.float32], many: int) -> NDArray[np.int64]:
    """(W, K) the haplotypes with the highest posterior in and next to each window, in ascending order."""
    smooth = posterior.copy()
    smooth[1:] += _NEIGHBOUR * posterior[:-1]
    smooth[:-1] += _NEIGHBOUR * posterior[1:]
    haplotypes = smooth.shape[1]
    if many >= haplotypes:
        return np.tile(np.arange(haplotypes, dtype=np.int64), (len(smooth), 1))
    return np.sort(np.argpartition(-smooth, many - 1, axis=1)[:, :many], axis=1).astype(np.int64)


def came_from(donor: NDArray[np.int64], haplotypes: int) -> NDArray[np.int64]:
    """(W, K) where each donor stood in the window before, -1 if it is new (all of the first window are)."""
    found = np.full(donor.shape, -1, np.int64)
    place = np.full(haplotypes, -1, np.int64)
    for window in range(1, len(donor)):
        place[donor[window - 1]] = np.arange(donor.shape[1])
        found[window] = place[donor[window]]
        place[donor[window - 1]] = -1
    return found
