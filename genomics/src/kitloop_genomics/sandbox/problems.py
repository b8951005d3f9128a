"""Labelled bad data, for scenarios in which a sample must fail quality control."""

from __future__ import annotations

from enum import StrEnum

# No array is imported here: the command names the problems in its help.

LOW_DEPTH_X = 0.02
CONTAMINANT_SHARE = 0.3


class Problem(StrEnum):
    """What is wrong with the simulated data; the values are those of `--problem`."""

    LOW_DEPTH = "low-depth"  # 0.02x, whatever depth was asked for
    CONTAMINATED = "contaminated"  # 30 % of the pairs are another person's
    TRUNCATED = "truncated"  # R1 breaks off in the middle of its compressed stream
    MISPAIRED = "mispaired"  # R2 lacks a record from its middle, so later reads face strangers
    EMPTY = "empty"  # both files are valid gzip of nothing
    NOT_GZIP = "not-gzip"  # plain text under a .gz name
