"""The one door to numba: typed, cached on disk, released from the GIL.

`NUMBA_CACHE_DIR` is read when numba is first imported, so it has to be set here, before that. With `KITLOOP_DATA`
set the compiled kernels live in `$KITLOOP_DATA/numba`, which survives read-only installs and container restarts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

if os.environ.get("KITLOOP_DATA") and not os.environ.get("NUMBA_CACHE_DIR"):
    os.environ["NUMBA_CACHE_DIR"] = os.path.join(os.environ["KITLOOP_DATA"], "numba")

import numba

_FREEDOM = {"reassoc", "contract", "nsz", "arcp"}

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(kernel: Kernel) -> Kernel:
    """Compile `kernel` with exact IEEE arithmetic."""
    return cast(Kernel, numba.njit(cache=True, nogil=True)(kernel))


def compiled_reordering(kernel: Kernel) -> Kernel:
    """Compile `kernel`, letting sums be reordered so that they use vector instructions.

    Results may then differ in the last digit between kinds of processor. NaN and infinity keep their meaning.
    """
    return cast(Kernel, numba.njit(cache=True, nogil=True, fastmath=_FREEDOM, error_model="numpy")(kernel))


def compiled_into_callers(kernel: Kernel) -> Kernel:
    """Like `compiled_reordering`, for what other kernels call: it becomes part of each.

    As a function of its own it would be there twice in the process that compiles, once by itself and once in its caller's
    library, with its sums in different orders, and that process's last digits would be others than those of the next one.
    """
    inlined = numba.njit(cache=True, nogil=True, fastmath=_FREEDOM, error_model="numpy", forceinline=True)
    return cast(Kernel, inlined(kernel))
