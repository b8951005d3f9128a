"""Drawn pairs of mosaics equal those from tables over all pairs, and phase follows them."""

from __future__ import annotations

import numpy as np
import pytest
from engine_cases import LEAK, Case
from kitloop_genomics.imputation.pairs import draw_pairs
from kitloop_genomics.imputation.phasing import phased_genotypes


def plain_draw(case: Case, donor: np.ndarray, origin: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """(2, J) one drawn pair, from tables over all K x K pairs, in the order of draws that `draw_pairs` documents."""
    k, sites = donor.shape[1], len(case.switch)
    of_pairs = case.reading.of_pairs()
    owner = np.repeat(np.arange(len(donor)), np.diff(case.cut.edge))
    tables = []
    table = np.full((k, k), 1 / k**2)
    for t in range(sites):
        w, r = owner[t], float(case.switch[t])
        if t and owner[t - 1] != w:
            carried = np.zeros((k, k))
            kept = np.flatnonzero(origin[w] >= 0)
            carried[np.ix_(kept, kept)] = table[np.ix_(origin[w][kept], origin[w][kept])]
            table = carried + max(LEAK, 1 - carried.sum()) / k**2
            table /= table.sum()
        move = (1 - r) * np.eye(k) + r / k
        table_of_run = of_pairs.value[of_pairs.start[t] : of_pairs.start[t + 1]].astype(float)
        codes = case.codes(t, donor[w])
        table = table_of_run[codes[:, None] * int(len(table_of_run) ** 0.5) + codes[None, :]] * (move @ table @ move)
        table /= table.sum()
        tables.append(table)
    drawn = np.empty((2, len(case.site)), np.uint8)
    i = j = -1
    for t in range(sites - 1, -1, -1):
        w, table = owner[t], tables[t]
        border = t + 1 == sites or owner[t + 1] != w
        r = 1.0 if t + 1 == sites else float(case.switch[t + 1])
        if border:
            r = max(r, LEAK)
            if t + 1 < sites:
                i, j = origin[w + 1][i], origin[w + 1][j]
        options = [
            (1 - r) ** 2 * table[i, j] if i >= 0 and j >= 0 else 0.0,
            (1 - r) * r / k * table[:, j].sum() if j >= 0 else 0.0,
            (1 - r) * r / k * table[i].sum() if i >= 0 else 0.0,
            (r / k) ** 2,
        ]
        at = uniform[t, 0] * sum(options)
        if at < options[0]:
            pass
        elif (at := at - options[0]) < options[1]:
            i = _pick(table[:, j], at / options[1])
        elif (at := at - options[1]) < options[2]:
            j = _pick(table[i], at / options[2])
        else:
            i = _pick(table.sum(axis=1), (at - options[2]) / options[3])
            j = _pick(table[i], uniform[t, 1])
        inside = slice(case.runs.edge[t], case.runs.edge[t + 1])
        drawn[:, inside] = case.alleles[case.site[inside]][:, donor[w][[i, j]]].T
    return drawn


def _pick(weights: np.ndarray, uniform: float) -> int:
    return min(int(np.searchsorted(np.cumsum(weights), uniform * weights.sum(), side="right")), len(weights) - 1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("many", [5, 16, 21])
def test_drawn_pairs_equal_the_plain_ones_draw_by_draw(seed: int, many: int) -> None:
    case = Case(seed)
    donor, origin = case.donors(many)
    uniform = case.rng.random((4, len(case.switch), 2))
    drawn = np.empty((4, 2, len(case.site)), np.uint8)
    of_pairs = case.reading.of_pairs()
    draw_pairs(
        case.panel.packed, case.site, case.runs.edge, of_pairs.value, of_pairs.start, case.switch, case.cut.edge, donor,
        origin, uniform, drawn,
    )  # fmt: skip
    for found, numbers in zip(drawn, uniform, strict=True):
        assert (found == plain_draw(case, donor, origin, numbers)).mean() > 0.99  # a tie may fall the other way


def test_phase_follows_the_relations_between_neighbours_whatever_the_sides_are_called() -> None:
    rng = np.random.default_rng(8)
    truth = (rng.random((2, 300)) < 0.5).astype(np.float32)
    pairs = np.stack([truth if at % 2 else truth[::-1] for at in range(6)])
    pairs = np.clip(pairs + rng.normal(0, 0.2, pairs.shape), 0, 1).astype(np.float32)
    pairs[5, :, 150:] = pairs[5, ::-1, 150:]  # one pair has a switch error; the others outvote it
    gt = truth.sum(axis=0).astype(np.int8)
    phased = phased_genotypes(pairs, gt)
    assert (phased.sum(axis=1) == gt).all()
    first_agrees = phased[gt == 1, 0] == truth[0, gt == 1]
    assert first_agrees.all() or not first_agrees.any()
