"""A platform alone, on a free port and in a folder that is thrown away: no worker, no lab."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kitloop.local.processes import Program, Supervisor, command, free_port


@dataclass(frozen=True, slots=True)
class Platform:
    url: str
    api_key: str
    project_id: str
    organization_id: str
    data: Path
    environment: dict[str, str]

    def run(self, *words: str) -> dict[str, str]:
        """One of our commands, with --json."""
        done = subprocess.run(
            [command("kitloop"), *words, "--json"], env=self.environment, check=True, capture_output=True, text=True
        )
        found: dict[str, str] = json.loads(done.stdout)
        return found


@contextmanager
def platform(**settings: str) -> Iterator[Platform]:
    folder = Path(tempfile.mkdtemp(prefix="kitloop-bench-"))
    folder.chmod(0o711)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KITLOOP_")},
        "KITLOOP_DATA": str(folder / "data"),
        "KITLOOP_URL": url,
        "KITLOOP_SANDBOX": "1",
        "KITLOOP_REQUESTS_PER_MINUTE": "10000000",  # counted as always, and never too many
        **settings,
    }
    supervisor = Supervisor()
    try:
        argv = [command("kitloop"), "serve", "--port", str(port)]
        supervisor.add(Program("platform", argv, folder / "platform.log", environment))
        wait_for(f"{url}/health")
        made = Platform(url, "", "", "", folder / "data", environment)
        organization = made.run("create-organization", "Bench", "--kit-ordering")["organization_id"]
        made.run("create-user", "bench@example.com", "--organization", organization)
        key = made.run("create-api-key", "bench@example.com")["api_key"]
        project = made.run("create-project", "Kits", "--organization", organization)["project_id"]
        yield Platform(url, key, project, organization, folder / "data", environment)
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(url: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    sys.exit(f"bench: {url} did not answer in {seconds:.0f} s")
