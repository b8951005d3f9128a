"""A small HTTP client for load: N connections kept open, each sending the next request when the last was answered.

Raw sockets and ready-made bytes, so that on two cores the client takes as little as it can from the server it measures.
"""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers per second, latencies in milliseconds, and the answers' statuses."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


def post(
    url: str, bodies: Callable[[int], bytes], *, headers: dict[str, str], connections: int, seconds: float
) -> Load:
    """POSTs `bodies(n)` for a while over each of `connections` connections."""
    parts = urlsplit(url)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{head}Content-Type: application/json\r\n"
    latencies: list[list[float]] = [[] for _ in range(connections)]
    statuses: list[int] = []
    deadline = time.monotonic() + seconds

    def run(number: int) -> None:
        assert parts.hostname
        assert parts.port
        count = number
        with socket.create_connection((parts.hostname, parts.port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (began := time.monotonic()) < deadline:
                body = bodies(count)
                line.sendall(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body)
                statuses.append(_answer(line))
                latencies[number].append(time.monotonic() - began)
                count += connections

    began = time.monotonic()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    every = sorted(latency for each in latencies for latency in each)
    counted = {status: statuses.count(status) for status in sorted(set(statuses))}
    return Load(len(every) / took, every[len(every) // 2] * 1e3, every[int(len(every) * 0.99)] * 1e3, counted)


def _answer(line: socket.socket) -> int:
    """Reads one answer, by its Content-Length; returns its status."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += _some(line)
    head, _, rest = read.partition(b"\r\n\r\n")
    length = next(
        int(field.split(b":")[1]) for field in head.lower().split(b"\r\n") if field.startswith(b"content-length:")
    )
    while len(rest) < length:
        rest += _some(line)
    return int(head[9:12])


def _some(line: socket.socket) -> bytes:
    block = line.recv(65536)
    if not block:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return block
