"""Are two samples of one person, of close relatives, or of strangers?

At each site two people share none, one or both of their alleles by descent. How often each is the case (k0, k1, k2) is
what makes both samples' likelihoods likeliest, by EM (ngsRelate: Korneliussen and Moltke 2015,
10.1093/bioinformatics/btv509), with each person's own ancestry behind the frequencies, since two strangers of one
population look related against the frequencies of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.errors import InputError
from kitloop_genomics.quality.fingerprint import Fingerprint

SAME, FIRST_DEGREE, SECOND_DEGREE = 2**-1.5, 2**-2.5, 2**-3.5  # least kinship of each (Manichaikul et al. 2010)
PARENT_K0 = 0.1  # a parent shares an allele everywhere; siblings share none at a quarter of all sites
_ROUNDS = 200
_TOLERANCE, _TOLERANCE_OF_PARTS = 1e-5, 1e-4


@dataclass(frozen=True, slots=True)
class Comparison:
    """shared: k0, k1, k2.  kinship: k1 / 4 + k2 / 2, 0.5 for one person.  standard_error: of the kinship, by jackknife.

    relation: `same_person` (or identical twins), `parent_child`, `siblings`, `related` or `unrelated`.
    """

    samples: tuple[str, str]
    relation: str
    kinship: float
    standard_error: float
    shared: tuple[float, float, float]
    sites: int

    def as_json(self) -> dict[str, Any]:
        """As `kitloop-genomics compare --json` prints it."""
        return {
            "samples": list(self.samples),
            "relation": self.relation,
            "kinship": round(self.kinship, 4),
            "standard_error": round(self.standard_error, 4),
            "k0": round(self.shared[0], 4),
            "k1": round(self.shared[1], 4),
            "k2": round(self.shared[2], 4),
            "sites": self.sites,
        }


def compare_samples(one: Fingerprint, other: Fingerprint) -> Comparison:
    """Compare two fingerprints. `InputError` if they are of different bundles, so of different sites."""
    chance = _given_shared(one, other)
    whole = _shares(chance, np.full(3, 1 / 3))
    blocks = np.unique(one.block)
    without = np.array([_kinship(_shares(chance[one.block != block], whole, _TOLERANCE_OF_PARTS)) for block in blocks])
    error = float(np.sqrt((len(blocks) - 1) * without.var())) if len(blocks) > 1 else 0.5
    kinship = _kinship(whole)
    k0, k1, k2 = whole.tolist()
    return Comparison(
        (one.sample_id, other.sample_id), relation(kinship, k0), kinship, error, (k0, k1, k2), len(chance)
    )


def kinship_of(one: Fingerprint, other: Fingerprint) -> float:
    """The kinship alone, in a few milliseconds: to find the few of a project that are worth a closer look."""
    return _kinship(_shares(_given_shared(one, other), np.full(3, 1 / 3)))


def relation(kinship: float, k0: float) -> str:
    """The name of a kinship; first degree is divided by how much of the genome shares nothing."""
    if kinship >= SAME:
        return "same_person"
    if kinship >= FIRST_DEGREE:
        return "parent_child" if k0 < PARENT_K0 else "siblings"
    return "related" if kinship >= SECOND_DEGREE else "unrelated"


def _kinship(shared: NDArray[np.float64]) -> float:
    return float(shared[1] / 4 + shared[2] / 2)


def _given_shared(one: Fingerprint, other: Fingerprint) -> NDArray[np.float64]:
    """(S, 3) likelihood of both samples at each site if they share none, one or both alleles by descent."""
    if one.sites != other.sites:
        raise InputError(
            f"{one.sample_id} and {other.sample_id} were analysed with different panels. "
            "Analyse one of them again with the other's bundle"
        )
    p, q = one.frequency, other.frequency
    r = (p + q) / 2  # of an allele that both have from one ancestor
    first, second = _by_genotype(p), _by_genotype(q)
    none = (one.likelihood * first).sum(axis=1) * (other.likelihood * second).sum(axis=1)
    both = (one.likelihood * other.likelihood * _by_genotype(r)).sum(axis=1)
    shared = np.zeros(len(p))
    for allele, chance in ((0, 1 - r), (1, r)):
        mine = (1 - p) * one.likelihood[:, allele] + p * one.likelihood[:, allele + 1]
        theirs = (1 - q) * other.likelihood[:, allele] + q * other.likelihood[:, allele + 1]
        shared += chance * mine * theirs
    return np.stack([none, shared, both], axis=1)


def _by_genotype(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2], axis=1)


def _shares(
    chance: NDArray[np.float64], start: NDArray[np.float64], tolerance: float = _TOLERANCE
) -> NDArray[np.float64]:
    """(3,) shares that maximise the likelihood, by EM in long steps (SQUAREM: Varadhan and Roland 2008, scheme S3)."""
    share: NDArray[np.float64] = (start + 0.01) / (start + 0.01).sum()  # away from 0, where EM can't leave again
    for _ in range(_ROUNDS):
        one = _step(chance, share)
        two = _step(chance, one)
        moved, bent = one - share, two - 2 * one + share
        fresh = two
        if np.abs(bent).max() > 1e-12:
            length = max(float(np.linalg.norm(moved) / np.linalg.norm(bent)), 1.0)
            far = np.maximum(share + 2 * length * moved + length**2 * bent, 1e-9)
            far = _step(chance, far / far.sum())
            if _height(chance, far) >= _height(chance, two):
                fresh = far
        if np.abs(fresh - share).max() < tolerance:
            return fresh
        share = fresh
    return share


def _step(chance: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(share * ((1 / (chance @ share)) @ chance) / len(chance))


def _height(chance: NDArray[np.float64], share: NDArray[np.float64]) -> float:
    return float(np.log(chance @ share).sum())
