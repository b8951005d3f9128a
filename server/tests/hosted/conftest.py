"""The simulated reference, shared with `kitloop sandbox`: the same bytes each time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GENOMICS = str(Path(sys.executable).with_name("kitloop-genomics"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitloop"


@pytest.fixture(scope="session")
def demo() -> Path:
    folder = Path(os.environ.get("KITLOOP_DEMO") or CACHE / "demo")
    subprocess.run([GENOMICS, "panel", "demo", str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def exports(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One synthetic person's export of each vendor."""
    folder = tmp_path_factory.mktemp("exports")
    found = {}
    for vendor in ("23andme", "ancestrydna", "myheritage"):
        found[vendor] = folder / f"genome_Jane_Doe_{vendor}.zip"
        command = [GENOMICS, "simulate", "array", "--demo", str(demo), "--seed", "jane", "--vendor", vendor]
        subprocess.run([*command, "--out", str(found[vendor])], check=True, capture_output=True)
    return found
