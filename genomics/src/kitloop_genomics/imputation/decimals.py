"""Many numbers as text of few decimals, looked up in a table: formatting each takes five times as long."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


def decimals(values: NDArray[np.floating[Any]], places: int) -> list[str]:
    """(M,) values of 0 to 2 as f"{value:.{places}f}" has them, for up to 4 places.

    A float32 times 10,000 has a place in a float64, so the same halves are rounded to even; a float64 that is
    nearly halfway may be rounded to the other side.
    """
    table = _table(places)
    return [table[at] for at in np.rint(values.astype(np.float64) * 10**places).astype(np.int64).tolist()]


@cache
def _table(places: int) -> list[str]:
    return [f"{number / 10**places:.{places}f}" for number in range(2 * 10**places + 1)]
