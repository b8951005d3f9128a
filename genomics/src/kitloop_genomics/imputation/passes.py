"""The three passes over a stretch that imputation is made of: rank the panel, draw pairs, copy onto all sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.imputation.bits import EIGHT_BYTES
from kitloop_genomics.imputation.copying import chance_of_alt
from kitloop_genomics.imputation.emission import Tables
from kitloop_genomics.imputation.folding import Folded, fold
from kitloop_genomics.imputation.pairs import draw_pairs
from kitloop_genomics.imputation.ranking import rank
from kitloop_genomics.imputation.reading import Reading
from kitloop_genomics.imputation.windows import Windows, came_from, halfway, in_blocks

if TYPE_CHECKING:
    from kitloop_genomics.imputation.engine import PanelBits


def folded(panel: PanelBits, reading: Reading) -> Folded:
    """The panel at the informative sites, for any number of rankings of one person."""
    return fold(panel.packed, panel.haplotypes, panel.rows[reading.site], reading.runs.edge)


def ranked(panel: Folded, emission: Tables, switch: NDArray[np.float32], cut: Windows) -> NDArray[np.float32]:
    """(W, N) how much each haplotype is copied in each window, by the chromosomes of `emission` together."""
    probe, window_of_probe = cut.probes()
    posterior = np.zeros((len(cut.edge) - 1, panel.group.shape[1]), np.float32)
    rank(
        panel.packed, panel.run_edge, panel.edge, panel.group, panel.many, panel.size, emission.value, emission.start,
        switch, probe, window_of_probe, EIGHT_BYTES, posterior,
    )  # fmt: skip
    return posterior


def drawn_pairs(
    panel: PanelBits,
    reading: Reading,
    emission: Tables,
    switch: NDArray[np.float32],
    cut: Windows,
    donor: NDArray[np.int64],
    uniform: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """(Q, 2, J) alleles of Q pairs drawn over the donors (W, K) of each window, Q being that of `uniform` (Q, R, 2)."""
    blocks, owner = in_blocks(cut, reading.first, reading.last)
    drawn = np.empty((len(uniform), 2, len(reading.site)), np.uint8)
    draw_pairs(
        panel.packed, panel.rows[reading.site], reading.runs.edge, emission.value, emission.start, switch, blocks.edge,
        donor[owner],
        came_from(donor[owner], panel.haplotypes), uniform, drawn,
    )  # fmt: skip
    return drawn


def copied(
    panel: PanelBits,
    reading: Reading,
    emission: Tables,
    switch: NDArray[np.float32],
    cut: Windows,
    donor: NDArray[np.int64],
) -> NDArray[np.float32]:
    """(C, M) chance of ALT on the C chromosomes of `emission`, copying the donors (W, K) of each window."""
    blocks, owner = in_blocks(cut, reading.first, reading.last)
    chance = np.empty((len(emission.value), len(panel.cm)), np.float32)
    # Halfway between runs is counted in the sites that reads can tell; the others go with the one before them.
    half = np.concatenate([[0], halfway(reading.last[:-1], reading.first[1:])])
    row = np.append(panel.rows, len(panel.cm))
    site_edge = np.concatenate([[0], row[blocks.site_edge[1:]]])
    chance_of_alt(
        panel.packed, panel.rows[reading.site], reading.runs.edge, row[half], emission.value, emission.start, switch,
        blocks.edge, site_edge, donor[owner], came_from(donor[owner], panel.haplotypes), EIGHT_BYTES, chance,
    )  # fmt: skip
    return chance
