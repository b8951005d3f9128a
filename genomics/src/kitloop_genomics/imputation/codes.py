"""The alleles of each haplotype at a run of sites as one number: the first site in its lowest bit, and so on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.compiled import compiled
from kitloop_genomics.imputation.bits import allele, unpack


@compiled
def codes_of_all(
    packed: NDArray[np.uint8], site: NDArray[np.int64], eight_bytes: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    """Codes at the rows `site` of the panel `packed` (M, B) into `out` (B,), whose memory is then 8 B codes of a byte."""
    unpack(packed[site[0]], eight_bytes, out)
    for place in range(1, site.shape[0]):
        row = packed[site[place]]
        for at in range(row.shape[0]):
            out[at] |= eight_bytes[row[at]] << np.uint64(place)


@compiled
def codes_of_few(
    packed: NDArray[np.uint8], site: NDArray[np.int64], donor: NDArray[np.int64], out: NDArray[np.uint8]
) -> None:
    """Codes of the haplotypes `donor` (K,) into `out` (K,)."""
    out[:] = 0
    for place in range(site.shape[0]):
        row = packed[site[place]]
        for i in range(donor.shape[0]):
            out[i] |= allele(row, donor[i]) << np.uint8(place)
