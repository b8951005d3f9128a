"""Low-pass sequencing analysis as a library and a command, without a server, a database or the network.

Importing this package is cheap: each public name loads its module on first use, so that a program which only
simulates reads never pays for the aligner or the compiled kernels.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "analyse": "pipeline",
    "analyse_array": "pipeline",
    "Analysis": "pipeline",
    "build_demo": "demo.build",
    "open_demo": "demo.build",
    "simulate_reads": "sandbox.reads",
    "simulate_array": "sandbox.array",
    "Problem": "sandbox.problems",
    "BundleError": "errors",
    "GenomicsError": "errors",
    "Bundle": "bundle.open",
    "open_bundle": "bundle.open",
    "read_export": "arrays.export",
    "Export": "arrays.export",
    "ExportError": "arrays.errors",
}
__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
