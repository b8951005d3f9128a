"""Several arrays in one file, mapped into memory when they are used: nothing is read before somebody looks at it.

8 bytes of magic, 8 bytes (little-endian) that say how long the JSON after them is, the JSON
`{name: {"dtype", "shape", "offset"}}`, then the arrays in C order, little-endian, each at a multiple of 64 bytes from
the file's start.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.errors import BundleError
from kitloop_genomics.writing import writing

MAGIC = b"KITCOLS1"
_ALIGNED = 64
_HEAD = 16
_REMEDY = "Build the bundle again with `kitloop-genomics panel build`, or copy it again from its source"

Columns = dict[str, NDArray[Any]]


def write_columns(path: Path, columns: Mapping[str, Sequence[NDArray[Any]]]) -> None:
    """Write each column as its parts one after the other; no more than one part is held in memory by this.

    Under a temporary name, then renamed: `path` is whole or absent.
    """
    header: dict[str, dict[str, Any]] = {}
    offset = 0
    for name, parts in columns.items():
        shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
        dtype = parts[0].dtype.newbyteorder("<")
        header[name] = {"dtype": dtype.str, "shape": shape, "offset": offset}
        offset = _up(offset + math.prod(shape) * dtype.itemsize)
    # Offsets in the file count from its start, and the header's length depends on them: room for their digits is kept.
    room = _up(_HEAD + len(json.dumps(header)) + 20 * len(header))
    for entry in header.values():
        entry["offset"] += room
    text = json.dumps(header).encode().ljust(room - _HEAD)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with writing(path), temporary.open("wb") as stream:
            stream.write(MAGIC + len(text).to_bytes(8, "little") + text)
            for name, parts in columns.items():
                stream.write(b"\0" * (header[name]["offset"] - stream.tell()))
                for part in parts:
                    stream.write(np.ascontiguousarray(part, part.dtype.newbyteorder("<")).data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_columns(path: Path) -> Columns:
    """The arrays of `path` by name, mapped. They may be written to: that changes memory and never the file.

    (A kernel is compiled anew for arrays that can't be written, so they must not differ from others.)
    Raises `BundleError` for a file that is missing, cut off or of another kind.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
            if head[:8] != MAGIC:
                raise BundleError(path, "is not a file of panel columns", _REMEDY)
            header = json.loads(stream.read(int.from_bytes(head[8:], "little")))
        whole = np.memmap(path, np.uint8, "c") if size else np.empty(0, np.uint8)
        return {name: _column(whole, **entry) for name, entry in header.items()}
    except FileNotFoundError:
        raise BundleError(path, "is missing", _REMEDY) from None
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise BundleError(path, f"can't be read ({error})", _REMEDY) from error


def _column(whole: NDArray[np.uint8], dtype: str, shape: list[int], offset: int) -> NDArray[Any]:
    end = offset + math.prod(shape) * np.dtype(dtype).itemsize
    if end > len(whole):
        raise ValueError(f"it ends at byte {len(whole)} of at least {end}")
    # As a plain array: numba knows no other kind.
    return np.asarray(whole[offset:end]).view(np.ndarray).view(dtype).reshape(shape)


def _up(offset: int) -> int:
    return -(-offset // _ALIGNED) * _ALIGNED
