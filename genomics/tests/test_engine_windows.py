"""Windows of donors, and the blocks that long ones are cut into."""

from __future__ import annotations

import numpy as np
import pytest
from kitloop_genomics.imputation import windows as windows_module
from kitloop_genomics.imputation.windows import in_blocks, windows


def test_windows_hold_every_informative_site_once_and_meet_half_way() -> None:
    cm = np.linspace(0, 5, 101)
    site = np.arange(3, 98, 4)
    for offset in (0.0, 1 / 3, 2 / 3):
        cut = windows(cm, site, site, 0.5, offset)
        assert (cut.edge[0], cut.edge[-1], cut.site_edge[0], cut.site_edge[-1]) == (0, len(site), 0, 101)
        assert (np.diff(cut.edge) > 0).all()
        for place, border in zip(cut.edge[1:-1], cut.site_edge[1:-1], strict=True):
            assert site[place - 1] < border <= site[place]


def test_long_windows_are_cut_into_blocks_that_stay_inside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "_MOST_RUNS", 7)
    site = np.arange(3, 98, 2)
    cut = windows(np.linspace(0, 5, 101), site, site, 1.3)
    blocks, owner = in_blocks(cut, site, site)
    assert np.diff(blocks.edge).max() == 7
    assert set(cut.edge) <= set(blocks.edge)
    for block, window in enumerate(owner):
        assert cut.edge[window] <= blocks.edge[block] < blocks.edge[block + 1] <= cut.edge[window + 1]
        assert (
            cut.site_edge[window] <= blocks.site_edge[block] < blocks.site_edge[block + 1] <= cut.site_edge[window + 1]
        )
