"""The names that human genome builds go by."""

from __future__ import annotations

import re

_NAMED = re.compile(r"\b(?:build|grch|ncbi|hg)[ _]?(\d\d)(?!\d)")
_HG = {18: 36, 19: 37}


def builds_named(text: str) -> set[int]:
    """The builds that a text names, say {37} for `build 37.1`, `GRCh37` or `hg19`."""
    return {_HG.get(int(number), int(number)) for number in _NAMED.findall(text.lower())}
