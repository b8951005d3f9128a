"""The loops over windows: which populations a person's two chromosomes come from, by forward-backward over pairs of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled


@compiled
def forward(
    weight: NDArray[np.float64], switch: NDArray[np.float64], share: NDArray[np.float64], state: NDArray[np.float64]
) -> float:
    """Fill `state` (W, P, P) with the filtered chance of each pair of populations; returns the log-likelihood.

    weight: (W, P, P) likelihoods, in each window up to a factor.  switch: (W,) chance that a chromosome's ancestors change on
    the way to a window, 1 at a chromosome's first.  share: (P,) from which the next ones are drawn.
    """
    windows, count = weight.shape[0], weight.shape[1]
    total = 0.0
    column = np.zeros(count)
    for w in range(windows):
        r = switch[w]
        for a in range(count):
            column[a] = state[w - 1, a].sum() if w else share[a]
        mass = 0.0
        for a in range(count):
            for b in range(count):
                stayed = state[w - 1, a, b] if w else 0.0
                arrived = (1 - r) * (1 - r) * stayed + (1 - r) * r * (share[a] * column[b] + share[b] * column[a])
                state[w, a, b] = (arrived + r * r * share[a] * share[b]) * weight[w, a, b]
                mass += state[w, a, b]
        state[w] /= mass
        total += np.log(mass)
    return total


@compiled
def backward(
    weight: NDArray[np.float64],
    switch: NDArray[np.float64],
    share: NDArray[np.float64],
    state: NDArray[np.float64],
    occupied: NDArray[np.float64],
) -> float:
    """Fill `occupied` (W, P) with the expected share of each population; returns the expected number of changes of ancestors.

    `state` is what `forward` left. Changes at the first window of a chromosome count too, two for each.
    """
    windows, count = weight.shape[0], weight.shape[1]
    back = np.ones((count, count))
    here = np.empty((count, count))
    drawn = np.empty(count)
    changes = 2.0
    for w in range(windows - 1, -1, -1):
        product = state[w] * back
        for a in range(count):
            occupied[w, a] = (product[a].sum() + product[:, a].sum()) / (2 * product.sum())
        if w == 0:
            break
        r = switch[w]
        both = 0.0
        for b in range(count):
            drawn[b] = 0.0
            for a in range(count):
                here[a, b] = weight[w, a, b] * back[a, b]
                drawn[b] += share[a] * here[a, b]
            both += share[b] * drawn[b]
        mass = kept = 0.0
        for a in range(count):
            for b in range(count):
                back[a, b] = (1 - r) * (1 - r) * here[a, b] + (1 - r) * r * (drawn[a] + drawn[b]) + r * r * both
                mass += state[w - 1, a, b] * back[a, b]
                kept += state[w - 1, a, b] * ((1 - r) * (1 - r) * here[a, b] + (1 - r) * r * drawn[a])
        changes += 2 * (1 - kept / mass)
        back /= back.max()
    return changes


@compiled
def draw(
    state: NDArray[np.float64],
    switch: NDArray[np.float64],
    share: NDArray[np.float64],
    span: NDArray[np.float64],
    uniform: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(R, P) shares of the genome in R draws from the posterior, given `uniform` (R, W); `state` is what `forward` left."""
    windows, count = state.shape[0], state.shape[1]
    found: NDArray[np.float64] = np.zeros((uniform.shape[0], count))
    whole = 2 * span.sum()
    right, row = np.empty(count), np.empty(count)
    for replicate in range(uniform.shape[0]):
        one = other = 0
        for w in range(windows - 1, -1, -1):
            r = switch[w + 1] if w + 1 < windows else 1.0
            mass = 0.0
            for b in range(count):
                right[b] = (r * share[other] + (1 - r if b == other else 0.0)) if w + 1 < windows else 1.0
            for a in range(count):
                left = (r * share[one] + (1 - r if a == one else 0.0)) if w + 1 < windows else 1.0
                row[a] = 0.0
                for b in range(count):
                    row[a] += left * state[w, a, b] * right[b]
                mass += row[a]
            goal = uniform[replicate, w] * mass
            a = 0
            while a + 1 < count and goal >= row[a]:
                goal -= row[a]
                a += 1
            # What is left of the draw chooses the other one within the row.
            goal /= row[a]
            total = 0.0
            for b in range(count):
                total += state[w, a, b] * right[b]
            goal *= total
            b = 0
            while b + 1 < count and goal >= state[w, a, b] * right[b]:
                goal -= state[w, a, b] * right[b]
                b += 1
            one, other = a, b
            found[replicate, one] += span[w] / whole
            found[replicate, other] += span[w] / whole
    return found
