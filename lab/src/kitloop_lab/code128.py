"""Code 128 (ISO/IEC 15417), code set B: what the label's bars look like. Small enough to need no library."""

import re

# Widths of bar, space, bar, space, bar, space in modules, by symbol value; each sums to 11.
PATTERNS = re.findall(
    r"\d{6}",
    """
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
    123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
    232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
    313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224
    111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111
    111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
    114311 411113 411311 113141 114131 311141 411131 211412 211214 211232
    """,
)
STOP = "2331112"
START_B = 104
QUIET_MODULES = 10


def widths(text: str) -> str:
    """Widths in modules, bar first, of the whole symbol with start, check and stop. `text` is printable ASCII."""
    if not text or any(not 32 <= ord(c) <= 126 for c in text):
        raise ValueError("Code set B holds printable ASCII only.")
    values = [START_B, *(ord(c) - 32 for c in text)]
    check = (START_B + sum(place * value for place, value in enumerate(values) if place)) % 103
    return "".join(PATTERNS[value] for value in (*values, check)) + STOP


def bars(text: str) -> tuple[list[tuple[int, int]], int]:
    """(left edge, width) of each bar in modules, and the symbol's total width, quiet zones included."""
    found, left = [], QUIET_MODULES
    for place, width in enumerate(map(int, widths(text))):
        if place % 2 == 0:
            found.append((left, width))
        left += width
    return found, left + QUIET_MODULES
