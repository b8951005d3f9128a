"""Recipients at rest: sealed with a key of the data folder, opened only to be shown to a person who ships."""

import json
from dataclasses import asdict

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from kitloop_sdk.labs import Recipient

from kitloop_lab.folders import SEALING_KEY_FILE


def seal(recipient: Recipient) -> bytes:
    return _keys().encrypt(json.dumps(asdict(recipient)).encode())


def unseal(sealed: bytes | memoryview) -> Recipient:
    return Recipient(**json.loads(_keys().decrypt(bytes(sealed))))


def _keys() -> MultiFernet:
    """One key a line; the first seals, all open. So a key is rotated by writing a new first line."""
    lines = (settings.DATA / SEALING_KEY_FILE).read_text().split()
    return MultiFernet([Fernet(line) for line in lines])
