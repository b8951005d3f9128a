"""The data folder: everything that a Kitloop platform keeps outside its database, and the secrets made on first start."""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cryptography.fernet import Fernet


def data_folder() -> Path:
    """The folder that KITLOOP_DATA names, `.kitloop` in the working folder by default. Made where absent, never changed."""
    folder = Path(os.environ.get("KITLOOP_DATA") or ".kitloop").absolute()
    # Root's may be passed through (0711): the embedded PostgreSQL runs as another account. What is in it is closed by itself.
    try:
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        _stop(folder, error.strerror or str(error))
    if not os.access(folder, os.W_OK | os.X_OK):
        _stop(folder, "it can't be written")
    return folder


def _stop(folder: Path, why: str) -> NoReturn:
    """Nothing works without the folder: one line, not a traceback."""
    sys.stderr.write(f"Error: the data folder {folder} can't be used ({why}). Set KITLOOP_DATA to another.\n")
    sys.exit(2)


def private_folder(path: Path) -> Path:
    """A folder of ours alone, made where absent: what lies in it is personal, whatever the folder above lets through."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret_file(name: str, make: Callable[[], str]) -> str:
    """The text of a secret of this installation, made on first use. Two processes starting at once get the same one."""
    path = data_folder() / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    draft = path.with_name(f".{name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(make() + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)  # fails where another process was first: then its secret holds
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()


def django_secret() -> str:
    return os.environ.get("KITLOOP_SECRET_KEY") or secret_file("secret-key", lambda: secrets.token_urlsafe(48))


def sealing_keys() -> list[str]:
    """Fernet keys, newest first, one a line in `sealing-keys` or comma-separated in KITLOOP_SEALING_KEYS."""
    given = os.environ.get("KITLOOP_SEALING_KEYS")
    text = given.replace(",", "\n") if given else secret_file("sealing-keys", lambda: Fernet.generate_key().decode())
    return text.split()
