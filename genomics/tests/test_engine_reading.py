"""What a site, or a run of sites that one read seems to show, says of the alleles: as a plain sum over its reads."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from engine_cases import Case
from kitloop_genomics.imputation.reading import allowing_for_errors, read


def plain_run(case: Case, run: int, one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """P(reads | alleles of both sides) at a run of several sites: every way in which reads may be from the sides."""
    sites = np.arange(case.runs.edge[run], case.runs.edge[run + 1])
    seen = allowing_for_errors(case.seen[case.site[sites]]).astype(float)
    e = case.reading.mismatch
    total = 0.0
    for side in product((0, 1), repeat=len(sites)):
        chance = 0.5
        for s, of in enumerate(side):
            if s:
                link = float(case.runs.link[sites[s]])
                chance *= (1 - link) / 2 + link * (of == side[s - 1])
            copied = (one, other)[of][s]
            chance *= (1 - e) * seen[s, 2 * copied] + e * seen[s, 2 - 2 * copied]
        total += chance
    return total


@pytest.mark.parametrize("seed", range(3))
def test_a_run_of_sites_is_read_as_by_reads_that_may_show_several(seed: int) -> None:
    case = Case(seed)
    pairs, partner = case.reading.of_pairs(), case.rng.integers(0, 2, len(case.site))
    beside = case.reading.beside(partner[None].astype(np.float32))
    for run, (first, after) in enumerate(zip(case.runs.edge[:-1], case.runs.edge[1:], strict=True)):
        sites = after - first
        if sites == 1:
            continue
        every = list(product((0, 1), repeat=sites))
        for one, other in product(every, every):
            codes = [sum(allele << s for s, allele in enumerate(side)) for side in (one, other)]
            expected = plain_run(case, run, one, other)
            assert pairs.value[pairs.start[run] + codes[0] * 2**sites + codes[1]] == pytest.approx(expected, rel=1e-4)
            if other == tuple(partner[first:after]):
                assert beside.value[0, beside.start[run] + codes[0]] == pytest.approx(expected, rel=1e-4)


def test_neighbours_that_were_seen_once_and_closely_are_one_run_and_others_are_not() -> None:
    once, twice, nothing = [0.001, 0.5, 0.999], [0.001**2, 0.25, 0.999**2], [1, 1, 1]
    rows = [(once, 10), (once, 30), (once, 50), (once, 70), (once, 90), (twice, 100), (once, 110), (once, 250)]
    rows += [(nothing, 251), (once, 252), (once, 402)]
    seen, position = np.array([row for row, _ in rows], np.float32), np.array([at for _, at in rows])
    found = read(seen, np.full(len(rows), 0.3, np.float32), 1e-4, position)
    assert np.diff(found.runs.edge).tolist() == [4, 1, 1, 1, 1, 1, 1]
    covered = 10 / 11
    x = 20 / 150
    assert found.runs.link[1] == pytest.approx((1 - x) / (1 - x - np.log(1 - covered) * x * x))
    unplaced = read(seen, np.full(len(rows), 0.3, np.float32), 1e-4)
    assert np.diff(unplaced.runs.edge).tolist() == [1] * 10


def test_rare_sites_count_only_where_the_rarer_allele_shows() -> None:
    frequency = np.array([0.0005, 0.0005, 0.9995, 0.9995, 0.3, 0.3], np.float32)
    ref, alt, nothing = [1, 0.5, 0.01], [0.01, 0.5, 1], [1, 1, 1]
    seen = np.array([ref, alt, ref, alt, ref, nothing], np.float32)
    assert read(seen, frequency, 1e-4).site.tolist() == [1, 2, 4]
