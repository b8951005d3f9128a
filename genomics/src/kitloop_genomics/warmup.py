"""Compile every kernel now, so that the first sample doesn't wait for it."""

from __future__ import annotations

import numpy as np

from kitloop_genomics.ancestry.kernel import backward, draw, forward
from kitloop_genomics.imputation.engine import impute_stretch, panel_bits
from kitloop_genomics.imputation.presets import PRESETS
from kitloop_genomics.intake.records import Batch
from kitloop_genomics.intake.trimming import trimmed
from kitloop_genomics.likelihoods.kernel import multiply, walk_records
from kitloop_genomics.quality.contamination import GRID, log_likelihoods


def warm_up() -> None:
    """Run each kernel once on next to nothing, with the types of real data: numba compiles per type."""
    mates = Batch([b"x"], [b""], [b"ACGT"], [b"FFFF"])
    trimmed(mates, mates)
    letters = np.array([65], np.uint8)
    one = np.array([0], np.int64)
    nothing = np.frombuffer(bytes(4), np.uint8)  # bytes can't be written to, which makes a type of its own
    walk_records(nothing, 0, one, letters, letters, 0, 0, 0, one, one, letters, letters, letters)
    seen = np.array([1], np.uint8)
    error = np.array([0.01])
    multiply(1, one, seen, error)
    told = np.array([[1, 0.5, 0.1], [0.1, 0.5, 1], [0.1, 1, 0.1]], np.float32)
    few = panel_bits(np.full((3, 1), 0b10100000, np.uint8), 4, np.array([0, 0.5, 2]), np.array([10, 20, 30]))
    impute_stretch(few, told, PRESETS[0][1], 1)
    impute_stretch(few, np.ascontiguousarray(told[:, ::2]), PRESETS[0][1], 1)
    weight, share, state, switch = np.ones((2, 2, 2)), np.array([0.5, 0.5]), np.empty((2, 2, 2)), np.ones(2)
    forward(weight, switch, share, state)
    backward(weight, switch, share, state, np.empty((2, 2)))
    draw(state, switch, share, np.ones(2), np.full((1, 2), 0.5))
    log_likelihoods(one, seen, error, np.ones((1, 3)) / 3, np.array([0.3]), GRID, one, 1)
