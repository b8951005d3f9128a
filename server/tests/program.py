"""The `kitloop` command as a program of its own, in a clean environment."""

import os
import subprocess
import sys
from pathlib import Path

KITLOOP = str(Path(sys.executable).with_name("kitloop"))


def kitloop(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("KITLOOP_", "DJANGO_", "DATABASE_"))}
    environment = {**clean, "KITLOOP_DATA": str(folder), **settings}
    return subprocess.run([KITLOOP, *words], env=environment, capture_output=True, text=True, timeout=60)
