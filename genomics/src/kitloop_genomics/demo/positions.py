"""Where the demo's sites were in an invented earlier build, numbered 37 as the real one that vendors write.

As between real builds, stretches have moved by some kilobases, one runs the other way, and a few sites have no place.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.bundle.positions import FILE_NAME, HEADER

if TYPE_CHECKING:  # its module loads msprime, which the simulator of exports must not wait for
    from kitloop_genomics.demo.chromosome import DemoChromosome

EARLIER_BUILD = 37
_STRETCHES = 7
_LOST_SHARE = 0.004


def write_positions(folder: Path, chromosomes: list[DemoChromosome], seed: int) -> None:
    """`positions.tsv.gz` of every site of the demo, those outside the panel included: arrays carry such sites too."""
    rng = np.random.default_rng(seed)
    rows = [HEADER]
    for chromosome in chromosomes:
        earlier, minus = _earlier(chromosome.position, len(chromosome.reference), rng)
        once = np.diff(chromosome.position, prepend=-1) > 0
        kept = np.flatnonzero((rng.random(len(earlier)) >= _LOST_SHARE) & once)
        number = chromosome.name.removeprefix("chr")
        rows += [
            f"{EARLIER_BUILD}\t{number}\t{earlier[at]}\t{chromosome.name}\t{chromosome.position[at]}\t{'-' if minus[at] else '+'}"
            for at in kept[np.argsort(earlier[kept])].tolist()
        ]
    (folder / FILE_NAME).write_bytes(gzip.compress(("\n".join(rows) + "\n").encode(), mtime=0))


def _earlier(
    position: NDArray[np.int64], length_bp: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(M,) 1-based earlier positions, and whether the site lies in the stretch that was turned round."""
    edges = np.sort(rng.choice(np.arange(1, 20), _STRETCHES - 1, replace=False)) * (length_bp // 20)
    starts, ends = np.concatenate([[0], edges]), np.concatenate([edges, [length_bp]])
    moved = np.cumsum(rng.integers(200, 5_000, _STRETCHES))
    turned = int(rng.integers(1, _STRETCHES - 1))
    stretch = np.searchsorted(starts, position, side="left") - 1
    minus = stretch == turned
    # Within the turned stretch the first base becomes the last.
    here = np.where(minus, starts[stretch] + ends[stretch] + 1 - position, position)
    return here + moved[stretch], minus
