"""Objects: FASTQ, BAM, VCF, reports. A folder on this machine, read by signed, expiring URLs.

Files pass through in blocks, never whole through memory, and appear under their key only when complete and on disk.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core import signing

BLOCK_BYTES = 1 << 20
_SALT = "kitloop.objects"


class Mismatch(Exception):
    """What came is not what was announced; nothing was kept. `code`: size_mismatch or checksum_mismatch."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stored:
    key: str
    size: int
    sha256: str


def path_of(key: str) -> Path:
    """Where an object lies. Keys are made by us, of ids and fixed names; one that would leave the folder is an error of ours."""
    root = Path(settings.KITLOOP_OBJECTS).resolve()
    path = (root / key).resolve()
    if not path.is_relative_to(root):
        raise ValueError("An object key leaves the objects folder.")
    return path


def work_folder() -> Path:
    """For what is being made, on the disk on which it will be kept."""
    folder = Path(settings.KITLOOP_OBJECTS) / ".work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def take_stream(key: str, blocks: Iterable[bytes], *, size: int, sha256: str) -> Stored:
    """Keeps a stream under `key` when it is exactly the announced bytes, and only then. Raises Mismatch, OSError (no room)."""
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    digest, got = hashlib.sha256(), 0
    try:
        with draft.open("xb") as out:
            for block in blocks:
                got += len(block)
                if got > size:
                    raise Mismatch("size_mismatch")
                digest.update(block)
                out.write(block)
            if got != size:
                raise Mismatch("size_mismatch")
            if digest.hexdigest() != sha256:
                raise Mismatch("checksum_mismatch")
            out.flush()
            os.fsync(out.fileno())
        try:
            _put_in_place(draft, target)
        except FileNotFoundError:
            if not target.exists():  # else: another request has put the same bytes there meanwhile
                raise
    finally:
        draft.unlink(missing_ok=True)
    return Stored(key, size, sha256)


def take_file(key: str, source: Path) -> Stored:
    """Keeps a finished file of this machine under `key`; writing the same one twice leaves one."""
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as read, draft.open("xb") as out:
            while block := read.read(BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        _put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(key, size, digest.hexdigest())


def take_bytes(key: str, content: bytes) -> Stored:
    """Keeps a few bytes under `key`; whatever was there is replaced."""
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        with draft.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        _put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(key, len(content), hashlib.sha256(content).hexdigest())


def _put_in_place(draft: Path, target: Path) -> None:
    draft.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    for left in target.parent.glob(f".{target.name}.*"):  # drafts of processes that were killed
        left.unlink(missing_ok=True)


def free_bytes() -> int:
    root = Path(settings.KITLOOP_OBJECTS)
    root.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(root).free


def signed_url(key: str, *, filename: str) -> str:
    """An absolute URL that hands out the object for KITLOOP_URL_SECONDS, under this file name (contract §8.3)."""
    token = signing.TimestampSigner(salt=_SALT).sign(key).removeprefix(f"{key}:")
    disposition = f"attachment; filename={filename}"
    query = urlencode({"response-content-disposition": disposition, "signature": token})
    return f"{settings.KITLOOP_URL}/objects/{quote(key)}?{query}"


def is_signed(key: str, signature: str) -> bool:
    try:
        signing.TimestampSigner(salt=_SALT).unsign(f"{key}:{signature}", max_age=settings.KITLOOP_URL_SECONDS)
    except signing.BadSignature:
        return False
    return True
