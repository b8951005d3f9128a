"""Whether the kernels are compiled already, told without loading them: that alone would take a second or two."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

from llvmlite import binding

_PACKAGE = Path(__file__).parent


def is_warm() -> bool:
    """Whether `mark_warm` was called for these sources, this numba and this kind of processor, and what it left is there."""
    return _mark().exists()


def mark_warm() -> None:
    """Note that every kernel is compiled. Where the note can't be kept, the next warm-up loads the kernels once more."""
    with contextlib.suppress(OSError):
        mark = _mark()
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _mark() -> Path:
    """What numba goes by when it looks for compiled code: the sources' times and sizes, the versions, the processor."""
    told = [sys.version, version("numba"), binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    for source in sorted(_PACKAGE.rglob("*.py")):
        found = source.stat()
        told.append(f"{source} {found.st_mtime_ns} {found.st_size}")
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    return _kept_in() / f"kitloop-genomics-{digest}.warm"


def _kept_in() -> Path:
    """Where `compiled` lets numba keep its files."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return Path(os.environ["NUMBA_CACHE_DIR"])
    if os.environ.get("KITLOOP_DATA"):
        return Path(os.environ["KITLOOP_DATA"], "numba")
    return _PACKAGE / "__pycache__"
