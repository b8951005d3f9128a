"""Windows of even genetic length, and the best donors of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NEIGHBOUR = np.float32(0.25)
_MOST_RUNS = 512


@dataclass(frozen=True, slots=True)
class Windows:
    """W windows of R runs. edge: (W + 1,) indices of runs, no window empty.  site_edge: (W + 1,) the same in all sites."""

    edge: NDArray[np.int64]
    site_edge: NDArray[np.int64]

    def probes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First, middle and last run of each window, once each, and the window that each belongs to."""
        at: list[int] = []
        owner: list[int] = []
        for window, (first, last) in enumerate(zip(self.edge[:-1], self.edge[1:], strict=True)):
            inside = sorted({int(first), int(first + last) // 2, int(last) - 1})
            at += inside
            owner += [window] * len(inside)
        return np.array(at, np.int64), np.array(owner, np.int64)


def windows(
    cm: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    width_cm: float,
    offset: float = 0.0,
) -> Windows:
    """Cut M sites at `cm` at every `width_cm`, the first cut `offset` (0 to 1) of a width early.

    first, last: (R,) indices of the sites where each run of informative ones begins and ends.
    """
    at = cm[first]
    cuts = np.arange(at[0] + (1 - offset) * width_cm, at[-1], width_cm)
    return _at(np.concatenate([[0], np.searchsorted(at, cuts), [len(first)]]), first, last, len(cm))


def in_blocks(cut: Windows, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[Windows, NDArray[np.int64]]:
    """The same windows cut into blocks of at most 512 runs, and the window that each block is of: (B,).

    Tables are kept at borders and made again in between, so memory grows with the longest block: where there is
    little recombination, a window may hold thousands of runs.
    """
    inner = [np.arange(start, end, _MOST_RUNS) for start, end in zip(cut.edge[:-1], cut.edge[1:], strict=True)]
    blocks = _at(np.concatenate([*inner, cut.edge[-1:]]), first, last, int(cut.site_edge[-1]))
    return blocks, np.repeat(np.arange(len(inner)), [len(part) for part in inner])


def _at(edge: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], sites: int) -> Windows:
    edge = np.unique(edge).astype(np.int64)
    between = halfway(last[edge[1:-1] - 1], first[edge[1:-1]])
    return Windows(edge, np.concatenate([[0], between, [sites]]).astype(np.int64))


def halfway(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first site that is nearer to the run `after` than to the one that ends at `before`; of two as near, the second."""
    return (before + after) // 2 + 1


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
