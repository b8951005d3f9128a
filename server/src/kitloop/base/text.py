"""Which text a label, a letter and a page can carry."""

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
INVISIBLE = "This field must not contain control or invisible characters."
BLANK = "This field may not be blank."


def unprintable(text: str) -> str | None:
    """Why a label can't carry this text, as a sentence; none where it can. Nothing at all is somebody else's to judge.

    The two joiners that names in Persian and Indian scripts are written with are let pass.
    """
    kinds = {unicodedata.category(letter) for letter in text if letter not in "\u200c\u200d"}
    if kinds & _INVISIBLE:
        return INVISIBLE
    return BLANK if text and not kinds - {"Zs"} else None
