"""Which panel haplotypes a chromosome copies where: haploid forward-backward over the whole panel, folded.

Along a block, the states of a group's haplotypes h go the same way from where they stood at its border, s(h): they are
factor x s(h) + added, with a factor and a sum for the group. So within blocks a step is one for each group, and each
haplotype's state is worked out only at borders and probes. Nothing is approximated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled_into_callers, compiled_reordering
from kitloop_genomics.imputation.codes import codes_of_all

_LEAST = np.float32(1e-30)


@compiled_reordering
def rank(
    packed: NDArray[np.uint8],
    run_edge: NDArray[np.int64],
    edge: NDArray[np.int64],
    group: NDArray[np.int32],
    many: NDArray[np.int64],
    size: NDArray[np.float32],
    emission: NDArray[np.float32],
    start: NDArray[np.int64],
    switch: NDArray[np.float32],
    probe: NDArray[np.int64],
    window_of_probe: NDArray[np.int64],
    eight_bytes: NDArray[np.uint64],
    posterior: NDArray[np.float32],
) -> None:
    """Add to `posterior` (W, N) what each probe says of its window: the chance of copying each of N haplotypes.

    packed, run_edge, edge, group, many, size: the panel, as `folding.Folded` has it.
    emission: (C, T) float32 for C chromosomes, by codes of alleles, the table of run t beginning at start[t] (R + 1,).
    switch: (R,) float32, chance of a switch on the way to each.  probe: (P,) increasing indices of runs; only there
    forward states are kept, so nothing is computed twice. Alleles are unpacked once for all C.
    """
    chromosomes, haplotypes, blocks = emission.shape[0], np.int64(group.shape[1]), many.shape[0]
    words = np.empty(np.int64(packed.shape[1]), np.uint64)
    codes = words.view(np.uint8)
    one, n = np.float32(1), np.float32(haplotypes)
    row = np.arange(packed.shape[0])
    state = np.empty((chromosomes, haplotypes), np.float32)
    total = np.empty(chromosomes, np.float32)
    groups = size.shape[1]
    factor, added = np.empty((chromosomes, groups), np.float32), np.empty((chromosomes, groups), np.float32)
    stood = np.empty((chromosomes, groups), np.float32)
    kept = np.empty((probe.shape[0], chromosomes, haplotypes), np.float32)
    next_probe = 0
    # Both ways in one loop: two take half as long again to compile.
    for way in (1, -1):
        state[:] = one / n
        total[:] = one
        for place in range(blocks):
            b = place if way == 1 else blocks - 1 - place
            u = many[b]
            for c in range(chromosomes):
                _enter(state[c], group[b], factor[c, :u], added[c, :u], stood[c, :u])
            for step in range(edge[b + 1] - edge[b]):
                if way == 1:
                    t = edge[b] + step
                    r = switch[t]
                else:
                    t = edge[b + 1] - 1 - step
                    r = switch[t + 1] if t + 1 < switch.shape[0] else np.float32(0)
                    if next_probe > 0 and probe[next_probe - 1] == t:
                        next_probe -= 1
                        for c in range(chromosomes):
                            _add_product(
                                kept[next_probe, c], state[c], group[b], factor[c], added[c], (one - r) / total[c],
                                r / n, posterior[window_of_probe[next_probe]],
                            )  # fmt: skip
                codes_of_all(packed, row[run_edge[t] : run_edge[t + 1]], eight_bytes, words)
                for c in range(chromosomes):
                    total[c] = _step(
                        factor[c, :u], added[c, :u], stood[c, :u], size[b, :u], codes[:u], r / n, (one - r) / total[c],
                        emission[c, start[t] : start[t + 1]],
                    )  # fmt: skip
                if way == 1 and next_probe < probe.shape[0] and probe[next_probe] == t:
                    for c in range(chromosomes):
                        _unfold(state[c], group[b], factor[c], added[c], kept[next_probe, c])
                    next_probe += 1
            for c in range(chromosomes):
                _unfold(state[c], group[b], factor[c], added[c], state[c])


@compiled_into_callers
def _enter(
    state: NDArray[np.float32],
    group: NDArray[np.int32],
    factor: NDArray[np.float32],
    added: NDArray[np.float32],
    stood: NDArray[np.float32],
) -> None:
    """Begin a block at `state` (N,): no change yet, and the sum over each group's haplotypes into `stood` (U,)."""
    factor[:] = np.float32(1)
    added[:] = np.float32(0)
    stood[:] = np.float32(0)
    for h in range(group.shape[0]):
        stood[group[h]] += state[h]


@compiled_into_callers
def _step(
    factor: NDArray[np.float32],
    added: NDArray[np.float32],
    stood: NDArray[np.float32],
    size: NDArray[np.float32],
    codes: NDArray[np.uint8],
    arrive: np.float32,
    keep: np.float32,
    emission: NDArray[np.float32],
) -> np.float32:
    """`stepping.step` of all groups (U,) of a block; returns the sum over all haplotypes."""
    total = np.float32(0)
    if emission.shape[0] == 2:
        # One site, as most are: arithmetic is quicker than looking up.
        on_ref, more = emission[0], emission[1] - emission[0]
        for i in range(factor.shape[0]):
            shown = on_ref + more * np.float32(codes[i])
            # Never so small that arithmetic slows down; what is added is more by far.
            factor[i] = keep * shown * factor[i] + _LEAST
            added[i] = shown * (keep * added[i] + arrive)
            total += factor[i] * stood[i] + added[i] * size[i]
    else:
        for i in range(factor.shape[0]):
            shown = emission[codes[i]]
            factor[i] = keep * shown * factor[i] + _LEAST
            added[i] = shown * (keep * added[i] + arrive)
            total += factor[i] * stood[i] + added[i] * size[i]
    return total


@compiled_into_callers
def _unfold(
    state: NDArray[np.float32],
    group: NDArray[np.int32],
    factor: NDArray[np.float32],
    added: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """State of each haplotype (N,), from where it stood when the block began."""
    for h in range(group.shape[0]):
        out[h] = factor[group[h]] * state[h] + added[group[h]]


@compiled_into_callers
def _add_product(
    ahead: NDArray[np.float32],
    state: NDArray[np.float32],
    group: NDArray[np.int32],
    factor: NDArray[np.float32],
    added: NDArray[np.float32],
    keep: np.float32,
    arrive: np.float32,
    posterior: NDArray[np.float32],
) -> None:
    """Add forward x backward, scaled to sum 1; the product takes the place of `ahead`."""
    total = np.float32(0)
    for h in range(ahead.shape[0]):
        back = factor[group[h]] * state[h] + added[group[h]]
        value = ahead[h] * (keep * back + arrive)
        ahead[h] = value
        total += value
    scale = np.float32(1) / total
    for h in range(ahead.shape[0]):
        posterior[h] += ahead[h] * scale
