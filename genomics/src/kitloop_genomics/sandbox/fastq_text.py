"""Read pairs as FASTQ text with Illumina-like names."""

from __future__ import annotations

import gzip
import io

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.sandbox.sequencer import Reads


def fastq_texts(reads: Reads, seed_digest: str, rng: np.random.Generator) -> tuple[bytes, bytes]:
    """The text of R1 and R2. Names are `instrument:run:flowcell:lane:tile:x:y mate:N:0:index`, unique per pair."""
    pairs = len(reads.bases[0])
    prefix = f"@KLSIM:1:H{seed_digest[:8].upper()}:1:".encode()
    tile = 1101 + np.arange(pairs) // 40_000 % 1_000
    x = rng.integers(10_000, 32_768, pairs)
    y = 10_000 + np.arange(pairs) % 40_000  # distinct within a tile, so names never repeat
    name = np.concatenate(
        [_constant(prefix, pairs), _digits(tile, 4), _constant(b":", pairs), _digits(x, 5), _constant(b":", pairs),
         _digits(y, 5)],
        axis=1,
    )  # fmt: skip
    texts = []
    for mate, (bases, qualities) in enumerate(zip(reads.bases, reads.qualities, strict=True), 1):
        record = [
            name,
            _constant(f" {mate}:N:0:ACGTTGCA\n".encode(), pairs),
            bases,
            _constant(b"\n+\n", pairs),
            qualities + np.uint8(33),
            _constant(b"\n", pairs),
        ]
        texts.append(np.concatenate(record, axis=1).tobytes())
    return texts[0], texts[1]


def gzipped(text: bytes) -> bytes:
    """gzip without a time or name in its header, so that the same text gives the same bytes."""
    target = io.BytesIO()
    # Level 1 halves the time of the whole simulation and costs a fifth in size.
    with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0, compresslevel=1) as stream:
        stream.write(text)
    return target.getvalue()


def record_bytes(text: bytes) -> int:
    """Length of one record: all have the same."""
    end = -1
    for _ in range(4):
        end = text.index(b"\n", end + 1)
    return end + 1


def _constant(value: bytes, rows: int) -> NDArray[np.uint8]:
    return np.broadcast_to(np.frombuffer(value, np.uint8), (rows, len(value)))


def _digits(values: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)
