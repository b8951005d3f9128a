"""Each call against the panel's alleles: on which strand it was made, and how many copies of ALT it is.

Where REF and ALT are not each other's complement the strand shows: both alleles fit as they are, or both fit turned.
Where they are (A/T, C/G), a heterozygous call is the same on both strands; for a homozygous one the share of calls
that the other sites show turned, and the panel's frequencies, say how likely each reading is. If neither is at least
99 % sure the call is dropped.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.arrays.placing import COMPLEMENT, Placed
from kitloop_genomics.bundle.panel import PanelChromosome

SETTLED = 0.99
_BASES = np.frombuffer(b"ACGT", np.uint8)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the calls; each is a number of calls.

    inside: between the first and last panel site of their chromosome.  in_panel: of these, at a panel site, SNPs only.
    indels: insertions and deletions, which a panel of SNPs can't use.  kept: as they are.  turned: from the other
    strand.  strange: alleles that are not the panel's on either strand.  unsettled: A/T and C/G calls whose strand
    stays open.  conflicting: of two calls at one site that disagree, both.  repeated: further calls that agree.
    """

    inside: int = 0
    in_panel: int = 0
    indels: int = 0
    kept: int = 0
    turned: int = 0
    strange: int = 0
    unsettled: int = 0
    conflicting: int = 0
    repeated: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def match_rate(self) -> float:
        """Share of the calls within the panel's reach that stand at a panel site, 0 to 1."""
        return self.in_panel / self.inside if self.inside else 0.0

    @property
    def strange_rate(self) -> float:
        """Share of calls at panel sites with alleles that are not the panel's, 0 to 1."""
        return self.strange / self.in_panel if self.in_panel else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """The SNP calls of one chromosome that stand at a panel site, K of them, before strands are settled.

    site: (K,) index of the panel's site.  plus: (K,) int8, copies of ALT if read as it is, -1 if its alleles don't
    fit.  minus: the same if turned.  haploid calls count as two copies of their one allele.
    """

    site: NDArray[np.int64]
    plus: NDArray[np.int8]
    minus: NDArray[np.int8]
    counts: Counts

    @property
    def clear(self) -> NDArray[np.bool_]:
        """(K,) where only one strand fits."""
        return np.asarray((self.plus < 0) != (self.minus < 0))


def compare(placed: Placed, panel: PanelChromosome) -> Compared:
    """Find the calls of one chromosome in the panel and read them on both strands."""
    inside = (placed.position >= panel.position[0]) & (placed.position <= panel.position[-1])
    snp = np.isin(placed.first, _BASES)
    readable = np.flatnonzero(panel.readable)  # at most one at a position
    position = panel.position[readable]
    at = np.minimum(np.searchsorted(position, placed.position), len(position) - 1)
    found = snp & (position[at] == placed.position)
    site, first, second = readable[at[found]], placed.first[found], placed.second[found]
    second = np.where(second == 0, first, second)
    ref, alt = panel.ref[site], panel.alt[site]
    plus = _copies(first, second, ref, alt)
    minus = _copies(COMPLEMENT[first], COMPLEMENT[second], ref, alt)
    counts = Counts(
        inside=int((inside & snp).sum()), in_panel=len(site), indels=int((~snp).sum()),
        strange=int(((plus < 0) & (minus < 0)).sum()),
    )  # fmt: skip
    return Compared(site, plus, minus, counts)


def _copies(
    first: NDArray[np.uint8], second: NDArray[np.uint8], ref: NDArray[np.uint8], alt: NDArray[np.uint8]
) -> NDArray[np.int8]:
    fits = ((first == ref) | (first == alt)) & ((second == ref) | (second == alt))
    copies = (first == alt).astype(np.int8) + (second == alt).astype(np.int8)
    return np.where(fits, copies, np.int8(-1)).astype(np.int8)


def turned_share(compared: list[Compared]) -> float:
    """Of the calls whose strand shows, the share that has to be turned; one imagined call each way keeps it off 0 and 1."""
    clear = sum(int(one.clear.sum()) for one in compared)
    turned = sum(int((one.clear & (one.plus < 0)).sum()) for one in compared)
    return (turned + 1) / (clear + 2)


def settle(
    compared: Compared, panel: PanelChromosome, turned: float
) -> tuple[NDArray[np.int64], NDArray[np.int8], Counts]:
    """(L,) sites, rising and each once, (L,) copies of ALT there, and the counts completed."""
    clear = compared.clear
    both = (compared.plus >= 0) & (compared.minus >= 0)
    frequency = panel.alt_frequency[compared.site]
    chance = np.stack([(1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2])
    row = np.arange(len(compared.site))
    as_is = (1 - turned) * chance[np.maximum(compared.plus, 0), row]
    other = turned * chance[np.maximum(compared.minus, 0), row]
    sure = as_is / np.maximum(as_is + other, 1e-300)
    same = compared.plus == compared.minus
    keep = (clear & (compared.plus >= 0)) | (both & (same | (sure >= SETTLED)))
    turn = (clear & (compared.plus < 0)) | (both & ~same & (sure <= 1 - SETTLED))
    use = keep | turn
    copies = np.where(turn, compared.minus, compared.plus)[use]
    site, copies, repeated, conflicting = _once(compared.site[use], copies)
    counts = compared.counts + Counts(
        kept=int(keep.sum()), turned=int(turn.sum()), unsettled=int((both & ~use).sum()),
        repeated=repeated, conflicting=conflicting,
    )  # fmt: skip
    return site, copies, counts


def _once(site: NDArray[np.int64], copies: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int8], int, int]:
    """Each site once: calls that agree count as one, calls that don't are all dropped."""
    order = np.argsort(site, kind="stable")
    site, copies = site[order], copies[order]
    unique, start, count = np.unique(site, return_index=True, return_counts=True)
    if not len(unique):
        return unique, copies, 0, 0
    agree = np.maximum.reduceat(copies, start) == np.minimum.reduceat(copies, start)
    return unique[agree], copies[start][agree], int((count[agree] - 1).sum()), int(count[~agree].sum())
