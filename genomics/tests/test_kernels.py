"""No compiled kernel without a slow plain version beside it; the plain versions that no other test has."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.imputation.linking import _WEAKEST, MOST_SITES, _edges
from kitloop_genomics.imputation.phasing import phase_heterozygous
from kitloop_genomics.likelihoods.kernel import _hashed
from validation.twins import TWINS, kernels, reached


def test_every_kernel_has_a_plain_version() -> None:
    assert kernels() == set(TWINS)  # one that isn't in the list needs a test beside a plain version, and its line there


def test_every_kernel_is_reached_by_the_test_that_is_named_for_it() -> None:
    calls = {test: reached(test) for test in set(TWINS.values())}
    assert [kernel for kernel, test in TWINS.items() if kernel not in calls[test]] == []
    trimming = calls[TWINS["intake.trimming._pack"]]
    assert "imputation.ranking.rank" not in trimming  # the list can be wrong, and is then found out


def plain_edges(link: list[float]) -> list[int]:
    """Each unbroken stretch of strong links, cut into runs of the most sites that one may have."""
    begins = [at for at in range(len(link)) if at == 0 or link[at] < _WEAKEST]
    stretches = zip(begins, [*begins[1:], len(link)], strict=True)
    return [at for first, last in stretches for at in range(first, last, MOST_SITES)] + [len(link)]


@pytest.mark.parametrize("seed", range(3))
def test_edges_of_runs_equal_the_plain_ones(seed: int) -> None:
    link = np.random.default_rng(seed).choice(np.array([0, 0.29, 0.31, 0.9, 1], np.float32), 300)
    found = _edges(link).tolist()
    assert found == plain_edges(link.tolist())
    assert {1, MOST_SITES} <= set(np.diff(found).tolist())


def plain_phase(difference: np.ndarray, votes: np.ndarray) -> list[bool]:
    """Every heterozygous site asks all before it. difference: (Q, H), P(ALT) on the first side less that on the second."""
    sign: list[int] = []
    for at in range(difference.shape[1]):
        before = [s for s in range(at) if votes[s]]
        said = sum(
            0.9 ** (len(before) - 1 - place) * sign[s] * float(difference[:, s] @ difference[:, at])
            for place, s in enumerate(before)
        )
        sign.append(1 if said >= 0 else -1)
    return [one > 0 for one in sign]


@pytest.mark.parametrize("seed", range(3))
def test_phase_equals_that_of_the_plain_votes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    chance = rng.random((5, 2, 60)).astype(np.float32)
    site = np.sort(rng.choice(60, 40, replace=False))
    votes = rng.random(40) < 0.7
    found = np.empty(40, np.bool_)
    phase_heterozygous(chance, site, votes, found)
    assert found.tolist() == plain_phase((chance[:, 0] - chance[:, 1]).astype(float)[:, site], votes)
    assert 5 < found.sum() < 35


def test_a_name_s_number_is_its_plain_fnv_1a() -> None:
    for name in (b"", b"a", b"foobar", b"A00123:45:HXXXXXXXX:1:1101:10000:1000\0"):
        value = 0xCBF29CE484222325
        for letter in name:
            value = (value ^ letter) * 0x100000001B3 % 2**64
        assert int(_hashed(np.frombuffer(name, np.uint8))) % 2**64 == value
    assert int(_hashed(np.frombuffer(b"foobar", np.uint8))) % 2**64 == 0x85944171F73967E8  # as its authors publish it
