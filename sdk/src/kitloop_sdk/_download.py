"""Fetch a file: streamed, resumed where it broke off, checked, and only then given its name."""

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

import httpx2

from kitloop_sdk._errors import DownloadCorrupt, KitloopError, NoAnswer, NotFound, UnexpectedAnswer, error_of
from kitloop_sdk._http import RETRIED, Http, pause_seconds, retry_after_seconds
from kitloop_sdk._records import File


def fetch(http: Http, file: File, path: Path) -> Path:
    """Write the file to `path`, which appears only whole and checked.

    What has arrived waits beside it in `.<name>.<file id>.part`; a later call goes on from there. Raises NotFound when
    the file has no address (archived), NotPermitted when the address has expired (read the sample again), and
    DownloadCorrupt when size or SHA-256 are not what was promised.
    """
    if not file.download_url:
        raise NotFound(f"File {file.id} has no download address: it is archived.")
    part = path.with_name(f".{path.name}.{file.id}.part")
    for number in range(1, http.max_retries + 2):
        try:
            _go_on(http, file, part)
            break
        except KitloopError as error:
            if number > http.max_retries or not (isinstance(error, NoAnswer) or error.status in RETRIED):
                raise
            time.sleep(pause_seconds(number) if error.retry_after_seconds is None else error.retry_after_seconds)
    _check(file, part)
    os.replace(part, path)
    return path


def _go_on(http: Http, file: File, part: Path) -> None:
    """Add to the part what is missing from it."""
    have = part.stat().st_size if part.exists() else 0
    if file.size is not None and have > file.size:
        have = 0
    if have and have == file.size:
        return
    # identity: a compressed answer would break ranges and sizes. No key goes out: the address is the permission.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    what = f"GET file {file.id}"
    with http.exchange("GET", httpx2.URL(file.download_url or ""), headers=headers, what=what) as response:
        if response.status_code == 416:
            part.unlink(missing_ok=True)
            raise NoAnswer(f"{what}: the host refuses to go on at byte {have}", status=416)
        if response.status_code not in (200, 206):
            raise error_of(
                response.status_code,
                None,
                what=what,
                retry_after_seconds=retry_after_seconds(response.headers.get("Retry-After")),
            )
        resumed = response.status_code == 206 and have > 0
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise UnexpectedAnswer(f"{what}: another range than asked for", status=206)
        with part.open("ab" if resumed else "wb") as out:
            for chunk in response.iter_raw():
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())


def _check(file: File, part: Path) -> None:
    size = part.stat().st_size
    if file.size is not None and size != file.size:
        _refuse(part, f"File {file.id} has {size} bytes, {file.size} were promised.")
    if file.checksum_sha256:
        digest = hashlib.sha256()
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        if digest.hexdigest() != file.checksum_sha256.lower():
            _refuse(part, f"File {file.id} does not have the promised SHA-256.")


def _refuse(part: Path, why: str) -> None:
    with suppress(OSError):
        part.unlink()
    raise DownloadCorrupt(why)
