"""The haploid kernels, ranks of donors and chances of ALT, equal forward-backward with the whole switch matrix."""

from __future__ import annotations

import numpy as np
import pytest
from engine_cases import LEAK, Case
from kitloop_genomics.imputation.bits import EIGHT_BYTES, allele, count_bits, unpack
from kitloop_genomics.imputation.copying import chance_of_alt
from kitloop_genomics.imputation.folding import fold
from kitloop_genomics.imputation.ranking import rank
from kitloop_genomics.imputation.windows import halfway


def plain_haploid(shown: np.ndarray, switch: np.ndarray) -> np.ndarray:
    """(R, N) posterior of the haplotype copied, by forward-backward with the full switch matrix."""
    steps, n = shown.shape
    move = [(1 - r) * np.eye(n) + r / n for r in switch.astype(float)]
    forward, backward = np.empty((steps, n)), np.ones((steps, n))
    state = np.full(n, 1 / n)
    for t in range(steps):
        state = shown[t] * (state @ move[t])
        state /= state.sum()
        forward[t] = state
    for t in range(steps - 2, -1, -1):
        backward[t] = move[t + 1] @ (shown[t + 1] * backward[t + 1])
        backward[t] /= backward[t].sum()
    posterior = forward * backward
    return posterior / posterior.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("haplotypes", [1, 8, 21, 64])
def test_bits_come_back_as_they_were_packed(haplotypes: int) -> None:
    alleles = (np.random.default_rng(haplotypes).random((30, haplotypes)) < 0.3).astype(np.uint8)
    packed = np.packbits(alleles, axis=1)
    words = np.empty(packed.shape[1], np.uint64)
    for row, expected in zip(packed, alleles, strict=True):
        unpack(row, EIGHT_BYTES, words)
        assert words.view(np.uint8)[:haplotypes].tolist() == expected.tolist()
        assert [allele(row, h) for h in range(haplotypes)] == expected.tolist()
    assert count_bits(packed).tolist() == alleles.sum(axis=1).tolist()


@pytest.mark.parametrize("most_sites", [4, 7, 64])
@pytest.mark.parametrize("seed", range(4))
def test_ranks_equal_the_plain_posterior_at_the_probes(seed: int, most_sites: int) -> None:
    case = Case(seed)
    emission = case.emission(3)
    probe, owner = case.cut.probes()
    found = np.zeros((len(case.cut.edge) - 1, 21), np.float32)
    alike = fold(case.panel.packed, 21, case.site, case.runs.edge, most_sites, border=0.0)
    assert (len(alike.many) == 1) == (most_sites == 64)
    assert (alike.many.min() < 21) == (most_sites < 64)
    rank(
        alike.packed, alike.run_edge, alike.edge, alike.group, alike.many, alike.size, emission.value, emission.start,
        case.switch, probe, owner, EIGHT_BYTES, found,
    )  # fmt: skip
    expected = np.zeros(found.shape)
    for chromosome in range(3):
        posterior = plain_haploid(case.shown(emission, chromosome), case.switch)
        np.add.at(expected, owner, posterior[probe])
    np.testing.assert_allclose(found, expected, atol=2e-5)


def plain_chance(case: Case, shown: np.ndarray, donor: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(M,) P(ALT) over the donors of each window; what a border loses is spread evenly over the new set."""
    k = donor.shape[1]
    owner = np.repeat(np.arange(len(donor)), np.diff(case.cut.edge))
    shown = np.array([row[donor[w]] for row, w in zip(shown, owner, strict=True)])
    sites = len(case.switch)
    forward, backward = np.empty((sites, k)), np.ones((sites, k))
    state = np.full(k, 1 / k)
    for t in range(sites):
        w, r = owner[t], float(case.switch[t])
        if t and owner[t - 1] != w:
            carried = np.where(origin[w] >= 0, state[origin[w]], 0)
            state = carried + max(LEAK, 1 - carried.sum()) / k
            state /= state.sum()
        state = shown[t] * ((1 - r) * state + r / k)
        state /= state.sum()
        forward[t] = state
    after = np.full(k, 1 / k)
    for t in range(sites - 1, -1, -1):
        r = float(case.switch[t + 1]) if t + 1 < sites else 0.0
        if t + 1 < sites and owner[t + 1] != owner[t]:
            crossed = np.full(k, after.mean())
            for i, before in enumerate(origin[owner[t + 1]]):
                if before >= 0:
                    crossed[before] = after[i]
            after = crossed / crossed.sum()
        backward[t] = (1 - r) * after + r / k
        after = shown[t] * backward[t]
        after /= after.sum()
    posterior = forward * backward
    posterior /= posterior.sum(axis=1, keepdims=True)
    chance = np.empty(len(case.cm))
    for m in range(len(case.cm)):
        w = int(np.searchsorted(case.cut.site_edge, m, side="right")) - 1
        inside = np.arange(case.cut.edge[w], case.cut.edge[w + 1])
        gap = np.maximum(np.maximum(case.reading.first[inside] - m, m - case.reading.last[inside]), 0)
        nearest = inside[np.flatnonzero(gap == gap.min())[0]]  # of two, the one before
        chance[m] = posterior[nearest] @ case.alleles[m, donor[w]]
    return chance


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("many", [5, 16, 21])
def test_chances_of_alt_equal_the_plain_ones(seed: int, many: int) -> None:
    case = Case(seed)
    emission = case.emission(2)
    donor, origin = case.donors(many)
    found = np.full((2, len(case.cm)), np.nan, np.float32)
    half = np.concatenate([[0], halfway(case.reading.last[:-1], case.reading.first[1:])])
    chance_of_alt(
        case.panel.packed, case.site, case.runs.edge, half, emission.value, emission.start, case.switch, case.cut.edge,
        case.cut.site_edge, donor, origin, EIGHT_BYTES, found,
    )  # fmt: skip
    for chromosome, one in enumerate(found):
        expected = plain_chance(case, case.shown(emission, chromosome), donor, origin)
        np.testing.assert_allclose(one, expected, atol=3e-5)
