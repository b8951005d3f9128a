"""Text of any characters at all."""

from __future__ import annotations

from hypothesis import strategies as st

CHARACTER = st.one_of(st.integers(0, 0xD7FF), st.integers(0xE000, 0x10FFFF)).map(chr)


def any_text(longest: int) -> st.SearchStrategy[str]:
    """What `st.text` gives, without the tables of all characters, which take it seconds in a folder where it never ran."""
    return st.lists(CHARACTER, max_size=longest).map("".join)
