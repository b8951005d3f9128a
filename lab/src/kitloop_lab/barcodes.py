"""Barcodes with a check character: `KL-7Q2M-4D8X-5`.

Eight random characters and a check character, out of 31: the digits and letters without I, L, O, U (misread or rude)
and Z (looks like 2). 31 is prime, so a weighted sum modulo 31 with a different weight at each place finds **every**
single wrong character and **every** swap of two characters, next to each other or not:

    9·c1 + 8·c2 + 7·c3 + 6·c4 + 5·c5 + 4·c6 + 3·c7 + 2·c8 + 1·check ≡ 0  (mod 31)

where a character counts as its place in ALPHABET. The prefix says what the code is stuck on. Eight characters give
8.5·10¹¹ codes; that no two things carry the same one is the database's business (`Code.value` is its primary key).
"""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
PREFIXES = {"kit": "KL", "tube": "KT", "outbound": "DO", "return": "DR"}
_SHAPE = re.compile(rf"([A-Z]{{2}})-([{ALPHABET}]{{4}})-([{ALPHABET}]{{4}})-([{ALPHABET}])")


def make_code(kind: str) -> str:
    """A new random code for "kit", "tube", "outbound" or "return"."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{PREFIXES[kind]}-{body[:4]}-{body[4:]}-{check_character(body)}"


def check_character(body: str) -> str:
    """The ninth character for eight, so that the weighted sum is a multiple of 31."""
    total = sum(weight * ALPHABET.index(character) for weight, character in zip(range(9, 1, -1), body, strict=True))
    return ALPHABET[-total % len(ALPHABET)]


def is_code(text: str) -> bool:
    """True where `text` is one of our codes, read without a mistake."""
    match = _SHAPE.fullmatch(text)
    return bool(match and match[1] in PREFIXES.values() and check_character(match[2] + match[3]) == match[4])
