"""Every kernel beside its slow plain version: those tests of the package that compare the two."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from validation.measured import Measured, measured

GROUP = "kernels and their plain versions"
_PACKAGE = Path(__file__).resolve().parent.parent
_NAMES = "the_plain or slow_version"
_COUNT = re.compile(r"(\d+) (passed|failed|error)")


def compare_kernels() -> list[Measured]:
    """Run them, in a process of their own."""
    words = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-k", _NAMES, "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=_PACKAGE, capture_output=True, text=True, check=False)
    counts = {word: int(number) for number, word in _COUNT.findall(done.stdout)}
    return measured(
        GROUP,
        {"alike": counts.get("passed", 0), "not alike": counts.get("failed", 0) + counts.get("error", 0)},
        "" if done.returncode == 0 else done.stdout[-2_000:],
    )
