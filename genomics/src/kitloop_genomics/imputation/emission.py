"""What the reads of a run of sites say of the alleles that are copied there, as tables over all combinations of them.

A combination is a code: the allele of the run's first site in the lowest bit, and so on. Within a run, the read
that shows a site stays the same on the way to the next with the chance `link`; otherwise the next one is shown by
either chromosome, as likely as not. Summed over which chromosome each site's read is from, site by site.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled

_HALF, _ONE = np.float32(0.5), np.float32(1)


@dataclass(frozen=True, slots=True)
class Tables:
    """value: (C, T) float32 for C chromosomes, or (T,), the tables of R runs behind each other.  start: (R + 1,)."""

    value: NDArray[np.float32]
    start: NDArray[np.int64]


@compiled
def fill_pairs(
    allele: NDArray[np.float32],
    genotype: NDArray[np.float32],
    edge: NDArray[np.int64],
    link: NDArray[np.float32],
    start: NDArray[np.int64],
    value: NDArray[np.float32],
) -> None:
    """Fill `value` with 4^m entries per run of m sites: for each code of one side, all codes of the other.

    allele: (J, 2) likelihood of each copied allele if its chromosome is shown.  genotype: (J, 3) of copied genotypes,
    for runs of one site, which any number of reads may show.  edge, link: of the runs.
    """
    for run in range(len(edge) - 1):
        first, sites = edge[run], edge[run + 1] - edge[run]
        codes = 1 << sites
        for one in range(codes):
            for other in range(codes):
                at = start[run] + one * codes + other
                if sites == 1:
                    value[at] = genotype[first, one + other]
                    continue
                from_one, from_other = _HALF, _HALF
                for s in range(sites):
                    change = _HALF * (_ONE - link[first + s]) * (from_other - from_one) if s else np.float32(0)
                    from_one = (from_one + change) * allele[first + s, (one >> s) & 1]
                    from_other = (from_other - change) * allele[first + s, (other >> s) & 1]
                value[at] = from_one + from_other


@compiled
def fill_beside(
    allele: NDArray[np.float32],
    partner: NDArray[np.float32],
    single: NDArray[np.float32],
    edge: NDArray[np.int64],
    link: NDArray[np.float32],
    start: NDArray[np.int64],
    value: NDArray[np.float32],
) -> None:
    """Fill `value` (C, T) with 2^m entries per run of m sites: for each code of a chromosome, its partner being known.

    allele: (J, 2) as in `fill_pairs`.  partner: (C, J) the same of what the partner carries.  single: (C, J, 2) of
    both together, for runs of one site.
    """
    for c in range(len(value)):
        for run in range(len(edge) - 1):
            first, sites = edge[run], edge[run + 1] - edge[run]
            for code in range(1 << sites):
                at = start[run] + code
                if sites == 1:
                    value[c, at] = single[c, first, code]
                    continue
                from_one, from_other = _HALF, _HALF
                for s in range(sites):
                    change = _HALF * (_ONE - link[first + s]) * (from_other - from_one) if s else np.float32(0)
                    from_one = (from_one + change) * allele[first + s, (code >> s) & 1]
                    from_other = (from_other - change) * partner[c, first + s]
                value[c, at] = from_one + from_other
