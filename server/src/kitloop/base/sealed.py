"""Sealing: what is personal or secret is encrypted before it reaches the database. Keys: base.data.sealing_keys."""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.KITLOOP_SEALING_KEYS])


def seal(value: Any) -> bytes:
    """A JSON value, encrypted with the newest key."""
    return _fernet().encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unseal(sealed: bytes | memoryview) -> Any:
    """What was sealed, by whichever key is still known; raises cryptography.fernet.InvalidToken otherwise."""
    return json.loads(_fernet().decrypt(bytes(sealed)))
