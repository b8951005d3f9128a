"""The one door to the network: authentication, time limits, retries, errors."""

import json
import logging
import random
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import httpx2

from kitloop_sdk._errors import NoAnswer, UnexpectedAnswer, error_of

logger = logging.getLogger("kitloop_sdk")

RETRIED = frozenset({429, 502, 503, 504})
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 8.0
LONGEST_WAIT_ASKED_SECONDS = (
    30.0  # a host that asks for more gets an error with `retry_after_seconds`, not a sleeping caller
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise UnexpectedAnswer("The answer is not JSON.", status=self.status) from error


class Http:
    """Sends requests to one host. Safe to share between threads.

    It drives the transport and not `httpx2.Client`, because that one logs whole addresses: a search for a customer, or
    a file's signed address, would end in the caller's log. Redirects are not followed, as the contract has none.
    """

    def __init__(self, host: str, api_key: str, *, timeout: float, max_retries: int, proxy: str | None) -> None:
        parts = urlsplit(host if "//" in host else f"https://{host}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"The host must be an http or https address, as https://api.gencove.com; got {host!r}.")
        self.host = f"{parts.scheme}://{parts.netloc}"  # the API lives at the root of its host (contract §1)
        self.max_retries = max_retries
        self._timeout = timeout
        self._headers = {
            "Authorization": f"Api-Key {api_key}",
            "Accept": "application/json",
            "User-Agent": f"kitloop-sdk/{version('kitloop-sdk')}",
        }
        self._transport = httpx2.HTTPTransport(verify=_tls(), proxy=proxy)

    def close(self) -> None:
        self._transport.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """One request, tried again where that is safe: GETs, and what carries an idempotency key."""
        headers, content = dict(self._headers), None
        if body is not None:
            headers["Content-Type"], content = "application/json", json.dumps(body).encode()
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        url = httpx2.URL(self.host + path, params=dict(params)) if params else httpx2.URL(self.host + path)
        may_retry = method == "GET" or idempotency_key is not None
        what = f"{method} {path}"
        tries = 1 + (self.max_retries if may_retry else 0)
        for number in range(1, tries + 1):
            wait: float | None = None
            try:
                with self.exchange(method, url, headers=headers, content=content, what=what) as response:
                    data = response.read()
            except NoAnswer:
                if number == tries:
                    raise
            else:
                status = response.status_code
                wait = retry_after_seconds(response.headers.get("Retry-After"))
                if 200 <= status < 300:
                    return Answer(status, response.headers, data)
                retried = status in RETRIED or (status == 409 and wait is not None)
                if number == tries or not retried or (wait or 0) > LONGEST_WAIT_ASKED_SECONDS:
                    raise error_of(
                        status,
                        _parsed(data),
                        what=what,
                        request_id=response.headers.get("X-Request-ID", ""),
                        retry_after_seconds=wait,
                    )
                logger.info("%s answered %d, trying again (%d of %d)", what, status, number, tries - 1)
            time.sleep(pause_seconds(number) if wait is None else wait)
        raise AssertionError("unreachable")

    @contextmanager
    def exchange(
        self,
        method: str,
        url: httpx2.URL,
        *,
        headers: Mapping[str, str],
        what: str,
        content: bytes | None = None,
    ) -> Iterator[httpx2.Response]:
        """One request and its answer, whatever the status, with the body still to be read. Raises NoAnswer."""
        request = httpx2.Request(
            method,
            url,
            headers=dict(headers),
            content=content,
            extensions={"timeout": httpx2.Timeout(self._timeout).as_dict()},
        )
        try:
            response = self._transport.handle_request(request)
            response.request = request
            try:
                yield response
            finally:
                response.close()
        except httpx2.TransportError as error:
            raise NoAnswer(f"{what}: no answer from {url.host} ({type(error).__name__})") from error
        except httpx2.DecodingError as error:
            raise UnexpectedAnswer(f"{what}: the answer's encoding is broken") from error


@cache
def _tls() -> ssl.SSLContext:
    """The authorities to trust, read once: a program that makes a client per request would parse them each time."""
    return httpx2.create_ssl_context()


def pause_seconds(number: int) -> float:
    """How long to wait after try `number` (from 1): doubling, with jitter so that clients do not march in step."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (number - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, guards nothing


def retry_after_seconds(header: str | None, *, now: datetime | None = None) -> float | None:
    """The Retry-After header (seconds or an HTTP date) as seconds from now, None when absent or unreadable."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())


def _parsed(data: bytes) -> Any:
    """An error's body: JSON where it is JSON, None where it is a proxy's page."""
    try:
        return json.loads(data)
    except ValueError:
        return None
