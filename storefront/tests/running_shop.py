"""The real command as a process: `kitloop-shop serve`, started, killed and started again, and what a person does there."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from cast import PASSWORD, form
from fake_platform import KEY, PROJECT, SECRET

COMMAND = [str(Path(sys.executable).parent / "kitloop-shop")]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(what: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


class RunningShop:
    def __init__(self, data: Path, platform_url: str = "") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KITLOOP_")}
        self.env = kept | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "DJANGO_SETTINGS_MODULE": "quick_settings",
            "KITLOOP_SHOP_DATA": str(data / "shop"),
            "KITLOOP_SHOP_API": platform_url,
            "KITLOOP_SHOP_API_KEY": KEY,
            "KITLOOP_SHOP_PROJECT": PROJECT,
            "KITLOOP_SHOP_WEBHOOK_SECRET": SECRET,
            "KITLOOP_SHOP_TRACK_SECONDS": "1",
            "KITLOOP_SHOP_TEST_MODE": "1",
            "KITLOOP_SHOP_NEW_PASSWORD": PASSWORD,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *arguments], env=self.env, capture_output=True, text=True, timeout=60)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port)], env=self.env, stdout=log, stderr=log
            )
        wait_for(self.answers, 60)

    def answers(self) -> bool:
        # Not httpx2.get: each would read all certificate authorities, which costs more than what is asked for.
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            asking.request("GET", "/health")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()

    def stop(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=10)

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)

    def visitor(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=20, verify=False, trust_env=False)

    @contextmanager
    def browser(self) -> Iterator[httpx2.Client]:
        with self.visitor() as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get("/log-in/").text)
            assert token is not None
            sent = {"email": "jane@example.com", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            assert browser.post("/log-in/", data=sent).status_code == 302
            yield browser


def order(browser: httpx2.Client) -> str:
    page = browser.get("/order/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token is not None
    answer = browser.post("/order/", data=form(csrfmiddlewaretoken=token[1]))
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])
