"""Haplotypes that are alike along a block are one group there; blocks grow where that is cheaper."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.imputation.folding import fold


def mosaics(seed: int, sites: int, haplotypes: int) -> np.ndarray:
    """(J, N) alleles of copies of six ancestors, who are exchanged every 80 sites; one allele in 1,000 is changed."""
    rng = np.random.default_rng(seed)
    ancestors = (rng.random((sites, 6)) < 0.4).astype(np.uint8)
    everyone = rng.integers(0, 6, (-(-sites // 80), haplotypes))
    copied = np.take_along_axis(ancestors, everyone[np.arange(sites) // 80], axis=1)
    return copied ^ (rng.random(copied.shape) < 0.001)


def plain_fold(
    alleles: np.ndarray, run_edge: list[int], most_sites: int, border: float
) -> tuple[list[int], list[list[int]]]:
    """Edges of blocks in runs, and the group of each haplotype, by comparing columns of whole blocks."""
    pieces, since = [], 0
    for run in range(1, len(run_edge)):
        if run == len(run_edge) - 1 or run_edge[run + 1] - run_edge[since] > most_sites:
            pieces.append((since, run))
            since = run

    def groups(first: int, last: int) -> list[int]:
        columns = [tuple(one) for one in alleles[run_edge[first] : run_edge[last]].T]
        order = list(dict.fromkeys(columns))
        return [order.index(one) for one in columns]

    def steps(first: int, last: int) -> int:
        return (max(groups(first, last)) + 1) * (last - first)

    blocks = [pieces[0]]
    for first, last in pieces[1:]:
        begin, end = blocks[-1]
        if steps(begin, last) - steps(begin, end) - steps(first, last) < border * alleles.shape[1]:
            blocks[-1] = (begin, last)
        else:
            blocks.append((first, last))
    return [0, *(last for _, last in blocks)], [groups(*block) for block in blocks]


@pytest.mark.parametrize(("most_sites", "border"), [(5, 1.0), (12, 1.0), (64, 6.0)])
@pytest.mark.parametrize("seed", range(3))
def test_haplotypes_are_folded_as_by_the_plain_version(seed: int, most_sites: int, border: float) -> None:
    rng = np.random.default_rng(seed)
    alleles = mosaics(seed, 400, 301)
    packed, site = np.packbits(alleles, axis=1), np.sort(rng.choice(400, 300, replace=False))
    sizes = rng.integers(1, 5, 300)
    run_edge = np.concatenate([[0], np.cumsum(sizes)[np.cumsum(sizes) < 300], [300]])
    found = fold(packed, 301, site, run_edge, most_sites, border)
    edge, groups = plain_fold(alleles[site], run_edge.tolist(), most_sites, border)
    assert found.edge.tolist() == edge
    assert found.group.tolist() == groups
    assert 1 < len(groups) < -(-300 // most_sites)  # some pieces were joined, and not all
    assert found.many.tolist() == [max(block) + 1 for block in groups]
    unpacked = np.unpackbits(found.packed, axis=1)
    for block, group in enumerate(groups):
        assert found.size[block].tolist() == np.bincount(group, minlength=max(found.many)).tolist()
        inside = slice(run_edge[edge[block]], run_edge[edge[block + 1]])
        assert (unpacked[inside][:, group] == alleles[site[inside]]).all()


def test_no_border_is_made_where_no_two_haplotypes_are_alike() -> None:
    alleles = (np.random.default_rng(1).random((500, 90)) < 0.5).astype(np.uint8)
    found = fold(np.packbits(alleles, axis=1), 90, np.arange(500), np.arange(501))
    assert found.edge.tolist() == [0, 500]
    assert found.group.tolist() == [list(range(90))]
    assert (found.size == 1).all()
