"""Files that are either whole or absent, and their checksums."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysam.utils import SamtoolsError

FULL = (errno.ENOSPC, errno.EDQUOT)
_NOTHING_LEFT_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Lower-case hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def folder_beside(final: Path) -> Iterator[Path]:
    """A fresh folder on the same file system as `final`, removed on the way out unless it was renamed away."""
    final.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    folder.chmod(0o755)  # mkdtemp gives 0700, which a lab or a worker of another account couldn't read
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What fails while `path` is written becomes an `OSError` of that path which tells what its disk has free.

    The system's error for a write names no file, and htslib and samtools don't even say why. Errors that name a
    file, that are none of the disk's, or samtools' own while there is space, pass.
    """
    try:
        yield
    except (OSError, SamtoolsError) as error:
        number, free = getattr(error, "errno", None), shutil.disk_usage(path.parent).free
        if number is None and (free < _NOTHING_LEFT_BYTES or os.strerror(errno.ENOSPC) in str(error)):
            number = errno.ENOSPC
        elif number is None and isinstance(error, OSError):
            number = errno.EIO
        if getattr(error, "filename", None) is not None or number not in (errno.EFBIG, errno.EIO, *FULL):
            raise
        raise OSError(number, f"{os.strerror(number)}, {free / 1e6:.1f} MB free", str(path)) from error


def write_json(path: Path, content: Any) -> None:
    """Write JSON under a temporary name and rename it: a reader sees the old file, the new one or none."""
    write_bytes(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Like `write_json`, for bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with writing(path), temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
