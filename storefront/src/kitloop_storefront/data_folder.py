"""The data folder: made at the first start, readable by its owner only. Runs before Django reads its settings."""

import os
import secrets
from pathlib import Path


def prepare(folder: Path) -> None:
    """Make the folder and Django's secret key in it, once. An existing key is left alone: sessions hang on it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "mail").mkdir(mode=0o700, exist_ok=True)
    target = folder / "secret_key"
    if target.exists():
        return
    fresh = folder / f".secret_key.{os.getpid()}"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_urlsafe(50))
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(fresh, target)  # atomic, and fails where another start was quicker: its key stands
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
