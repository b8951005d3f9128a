"""The lab's one door to the network: requests to the platform, with timeouts and without redirects."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from django.conf import settings
from django.utils import timezone
from kitloop_sdk.labs import sign_request

from kitloop_lab.pauses import read_retry_after

MAX_ANSWER_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
NOT_YET = (408, 425, 429)


class NoAnswer(Exception):
    """Not reached, or broken off. The message is the kind of failure only, never an address."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    retry_after_seconds: float | None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def needs_a_person(self) -> bool:
        """4xx: the platform understood, and saying it again will not help."""
        return 400 <= self.status < 500 and self.status not in NOT_YET

    @property
    def summary(self) -> str:
        """Status and the beginning of the answer, as kept for a person to read."""
        return f"{self.status} {self.text}".replace("\x00", "")[:500]

    def json(self) -> Any:
        return json.loads(self.text)


def post_signed(path: str, body: bytes) -> Answer:
    """POSTs a JSON body to the platform, signed. Raises NoAnswer."""
    url = httpx2.URL(settings.LAB_PLATFORM_URL + path)
    headers = sign_request(
        settings.LAB_SECRET, lab=settings.LAB_SLUG, method="POST", path=url.raw_path.decode(), body=body
    )
    return _send("POST", url, {**headers, "Content-Type": "application/json"}, body)


def put_file(url: str, path: Path, size: int) -> Answer:
    """PUTs a file's bytes from the disk, a chunk at a time. The address is the permission: it is never logged."""
    # A platform may answer with a path of its own; joining leaves a whole address as it is.
    whole = httpx2.URL(settings.LAB_PLATFORM_URL + "/").join(url)
    headers = {"Content-Length": str(size), "Content-Type": "application/gzip"}
    return _send("PUT", whole, headers, _chunks(path))


def _send(method: str, url: httpx2.URL, headers: dict[str, str], content: bytes | Iterator[bytes]) -> Answer:
    try:
        with _client().stream(method, url, headers=headers, content=content) as response:
            text = _beginning(response)
            retry_after = read_retry_after(response.headers.get("Retry-After"), timezone.now())
            return Answer(response.status_code, text, retry_after)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise NoAnswer(type(error).__name__) from None


def _beginning(response: httpx2.Response) -> str:
    read = b""
    for piece in response.iter_bytes():
        read += piece
        if len(read) >= MAX_ANSWER_BYTES:
            break
    return read[:MAX_ANSWER_BYTES].decode("utf-8", "replace")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


@cache
def _client() -> httpx2.Client:
    # One for the process: threads share its connections. Proxies of the environment are meant for the world outside,
    # not for a platform on this machine.
    local = httpx2.URL(settings.LAB_PLATFORM_URL).host in ("localhost", "127.0.0.1", "::1")
    return httpx2.Client(
        timeout=httpx2.Timeout(60.0, connect=5.0, read=60.0),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=10.0),
        follow_redirects=False,
        trust_env=not local,
        headers={"User-Agent": "kitloop-lab/1"},
    )
