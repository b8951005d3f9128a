"""A kernel gives the same bytes in the process that compiles it as in those that find it compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# In a file of its own, as numba keeps nothing of what has none.
PROGRAM = """
import numpy as np
from kitloop_genomics.compiled import compiled_reordering
from kitloop_genomics.imputation.stepping import step

@compiled_reordering
def walk(state, codes, emission, out):
    one, n = np.float32(1), np.float32(state.shape[0])
    total, r = one, np.float32(0.02)
    for at in range(codes.shape[0]):
        total = step(state, codes[at], r / n, (one - r) / total, emission[2 * at : 2 * at + 2])
        out[at] = total

rng = np.random.default_rng(1)
out = np.empty(400, np.float32)
codes = (rng.random((400, 600)) < 0.3).astype(np.uint8)
walk(np.full(600, 1 / 600, np.float32), codes, (0.01 + rng.random(800)).astype(np.float32), out)
print(out.tobytes().hex())
"""


def test_the_process_that_compiles_gives_the_bytes_of_those_after_it(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run() -> str:
        done = subprocess.run(
            [sys.executable, str(program)],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert run() == run()
