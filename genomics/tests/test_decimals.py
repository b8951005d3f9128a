"""Numbers by table are those that Python formats."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.imputation.decimals import decimals


@pytest.mark.parametrize("places", [3, 4])
def test_numbers_by_table_are_those_that_python_formats(places: int) -> None:
    drawn = np.random.default_rng(9).random(20_000).astype(np.float32) * 2
    halves = np.arange(0, 65).astype(np.float32) / 32  # 0.03125 lies half-way: to the even one
    edges = np.array([0, -1e-9, 1e-9, 1, np.nextafter(np.float32(1), np.float32(0)), 2], np.float32)
    values = np.concatenate([drawn, halves, edges])
    expected = [f"{max(value, 0.0):.{places}f}" for value in values.tolist()]
    assert decimals(values, places) == expected
