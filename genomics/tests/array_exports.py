"""Changes to an export that was read."""

from __future__ import annotations

import dataclasses

import numpy as np
from kitloop_genomics.arrays.export import Export
from kitloop_genomics.bundle.positions import PositionTable

Tables = dict[int, dict[str, PositionTable]]


def changed(export: Export, **columns: np.ndarray) -> Export:
    """The export with other columns of calls."""
    return dataclasses.replace(export, sites=dataclasses.replace(export.sites, **columns))
