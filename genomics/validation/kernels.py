"""Every kernel beside its slow plain version: how many have one, and the tests that compare the two."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from validation.measured import Measured, measured
from validation.twins import TWINS, kernels

GROUP = "kernels and their plain versions"
_PACKAGE = Path(__file__).resolve().parent.parent
_COUNT = re.compile(r"(\d+) (passed|failed|error)")


def compare_kernels() -> list[Measured]:
    """Run them, in a process of their own."""
    tests = [f"tests/{test}" for test in sorted(set(TWINS.values()))]
    words = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", *tests, "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=_PACKAGE, capture_output=True, text=True, check=False)
    counts = {word: int(number) for number, word in _COUNT.findall(done.stdout)}
    return measured(
        GROUP,
        {
            "kernels": len(kernels()),
            "kernels without a plain version": len(kernels() - set(TWINS)),
            "comparisons alike": counts.get("passed", 0),
            "comparisons not alike": counts.get("failed", 0) + counts.get("error", 0),
        },
        "" if done.returncode == 0 else done.stdout[-2_000:],
    )
