"""The one door for requests that leave: refuses private and special addresses on the very socket that connects.

Checked at the socket and not at the name: a name may answer with a public address when asked and a private one when used.
Import it where a request is made: its library takes longer to load than most commands take to do their work.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from kitloop.base.answer import Answer

KEPT_BYTES = 4096
READ_BYTES = 64 * 1024
_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # NAT64: an IPv4 address is in there
_SPECIAL = (ip_network("168.63.129.16/32"), ip_network("3fff::/20"))  # a cloud's own; documentation, unknown to Python
# Threads of its own: the event loop's default ones carry a worker's synchronous jobs, and may all be busy for hours.
_LOOKUPS = ThreadPoolExecutor(16, thread_name_prefix="lookups")

Network = IPv4Network | IPv6Network


class Refused(OSError):
    """The address is one that this door does not open to."""


def networks(texts: Sequence[str]) -> list[Network]:
    return [ip_network(text, strict=False) for text in texts]


def is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether the door opens to an address: a public one, or one of a network that is allowed by name."""
    found = ip_address(address.split("%")[0])
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found.version == network.version and found in network for network in allowed):
        return True
    if found.version == 6:
        if found.sixtofour is not None or found.teredo is not None or any(found in network for network in _EMBEDDING):
            return False  # an IPv4 address in disguise, which might be a private one
        if found.is_site_local:
            return False
    if any(found.version == network.version and found in network for network in _SPECIAL):
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


class _Names(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        def found() -> list[Any]:
            return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)

        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await asyncio.get_running_loop().run_in_executor(_LOOKUPS, found)
        ]

    async def close(self) -> None:
        pass


class Door:
    """A client session whose every connection was checked. Use as `async with Door(…) as door`."""

    def __init__(self, *, allowed: Sequence[str], timeout_seconds: float, connect_seconds: float = 5.0) -> None:
        self._allowed = networks(allowed)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]), self._allowed):
            raise Refused("The target is a private or special network address.")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made

    async def __aenter__(self) -> "Door":
        connector = aiohttp.TCPConnector(socket_factory=self._socket, limit=0, ttl_dns_cache=30, resolver=_Names())
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),  # one receiver's cookies are nothing to the next request
            auto_decompress=False,  # a small answer could unfold into a huge one
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    async def request(self, method: str, url: str, *, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Sends once, follows no redirect, reads at most 64 kB. Never raises for what the other side does.

        Where a status came but the body did not end in time, the status stands, and `error` says so.
        """
        assert self._session is not None
        status, retry_after, read, error = None, "", bytearray(), ""
        try:
            async with self._session.request(
                method, url, data=body, headers={"Accept-Encoding": "identity", **headers}, allow_redirects=False
            ) as response:
                status, retry_after = response.status, response.headers.get("Retry-After", "")
                while len(read) < READ_BYTES and (block := await response.content.read(READ_BYTES - len(read))):
                    read += block
                if 300 <= status < 400:
                    error = "Redirects are not followed."
        except TimeoutError:
            error = "No answer in time." if status is None else "The answer's body did not end in time."
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            error = _said(problem) if status is None else "The answer's body broke off."
        kept = bytes(read[:KEPT_BYTES]).decode("utf-8", "replace").replace("\x00", "")
        return Answer(status=status, body=kept, error=error, retry_after=retry_after)


def _said(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:  # aiohttp wraps what the socket check raised
        if isinstance(cause, Refused):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The target's name can't be resolved."
    if isinstance(error, aiohttp.InvalidURL):
        return "The URL can't be used."
    return f"Could not connect ({type(error).__name__})."


def request_once(method: str, url: str, *, headers: dict[str, str], body: bytes, **door: Any) -> Answer:
    """One request from code that is not asynchronous."""

    async def send() -> Answer:
        async with Door(**door) as opened:
            return await opened.request(method, url, headers=headers, body=body)

    return asyncio.run(send())
