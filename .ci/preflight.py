"""Before anything is installed: is this Python new enough, is there a compiler, is there room? Says what to do."""

import importlib.util
import os
import shutil
import sys
import sysconfig

NEEDED_BYTES = 2 * 1024**3


def problems() -> list[str]:
    found = []
    if sys.version_info < (3, 11):
        found.append(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Run: make setup PYTHON=/path/to/python3.11"
        )
    if not any(shutil.which(c) for c in ("cc", "gcc", "clang")):
        found.append(
            "A C compiler is needed (one package, mappy, is built from source). On Debian: apt-get install gcc python3-dev zlib1g-dev"
        )
    elif sys.platform.startswith("linux") and not any(
        os.path.exists(os.path.join(d, "zlib.h")) for d in ("/usr/include", sysconfig.get_paths()["include"])
    ):
        found.append("The zlib headers are needed to build mappy. On Debian: apt-get install zlib1g-dev")
    if importlib.util.find_spec("ensurepip") is None:
        found.append("Python's venv module is not whole here. On Debian: apt-get install python3-venv")
    if not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
        found.append("Python's headers are needed to build mappy. On Debian: apt-get install python3-dev")
    free = shutil.disk_usage(".").free
    if free < NEEDED_BYTES:
        found.append(
            f"About 2 GiB of disk are needed for the environment and the demo; {free / 1024**3:.1f} GiB are free here."
        )
    return found


if __name__ == "__main__":
    said = problems()
    for line in said:
        print(f"setup: {line}", file=sys.stderr)
    sys.exit(2 if said else 0)
