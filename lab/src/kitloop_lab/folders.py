"""The lab's data folder: the database, the keys that are made on first start, and a folder per sequenced kit."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

SECRET_KEY_FILE = "django-secret.key"  # noqa: S105  (the name of a file, not a secret)
SEALING_KEY_FILE = "recipient.key"


def data_folder() -> Path:
    """Where the lab keeps everything: KITLOOP_LAB_DATA, else $KITLOOP_DATA/lab, else .kitloop/lab. Makes nothing."""
    named = os.environ.get("KITLOOP_LAB_DATA")
    if named:
        return Path(named).absolute()
    return (Path(os.environ.get("KITLOOP_DATA") or ".kitloop") / "lab").absolute()


def prepare(folder: Path) -> None:
    """Makes the folder (0700) and the two key files (0600) where they are missing. Safe to call at every start."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "kits").mkdir(mode=0o700, exist_ok=True)
    _make_once(folder / SECRET_KEY_FILE, lambda: secrets.token_urlsafe(50))
    _make_once(folder / SEALING_KEY_FILE, lambda: Fernet.generate_key().decode())


def _make_once(path: Path, make: Callable[[], str]) -> None:
    # Written beside and linked into place: a start that is killed half-way never leaves a short key behind,
    # and of two starts at once the first one's key stays.
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(make() + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
