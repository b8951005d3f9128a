"""The program itself: started, killed and started again, against a real platform on loopback."""

import contextlib
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from builders import PERSONAL, PROGRAM, SECRET, order_body, signed
from receiver import Receiver

ALL = ["packed", "shipped", "delivered", "returning", "received", "sequencing", "sequenced"]
# Made once, and each request on a connection of its own: `httpx2.post` would read all certificate authorities each time.
WEB = httpx2.Client(timeout=20, trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
Labs = Callable[..., "Lab"]


class Lab:
    """`kitloop-lab serve` as a process; `log` has everything that it has ever written, over all its starts.

    Its first start finds the data folder `begins_with`, or none.
    """

    def __init__(
        self,
        folder: Path,
        platform: Receiver,
        simulator: Path,
        *options: str,
        begins_with: Path | None,
        **environment: str,
    ) -> None:
        self.folder, self.platform, self.options, self.begins_with = folder, platform, options, begins_with
        self.data, self.log = folder / "data", folder / "lab.log"
        self.ordered: list[str] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KITLOOP_", "DJANGO_"))}
        self.environment = clean | {
            "KITLOOP_LAB_DATA": str(self.data),
            "KITLOOP_LAB_SECRET": SECRET,
            "KITLOOP_LAB_PLATFORM_URL": platform.url,
            "KITLOOP_LAB_PORT": str(self.port),
            "KITLOOP_LAB_STAGE_SECONDS": "0",
            "KITLOOP_LAB_DEMO": str(folder),
            "KITLOOP_LAB_GENOMICS": str(simulator),
            "KITLOOP_LAB_BATCH_SIZE": "5",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        if self.begins_with and not self.data.exists():
            shutil.copytree(self.begins_with, self.data)
        with self.log.open("ab") as log:
            command = [PROGRAM, "serve", *self.options]
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + 60
        while not self._is_well():
            assert self.runs, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def _is_well(self) -> bool:
        # It listens before it can answer: one question waits for that, where many would keep this process busy.
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            asking.request("GET", "/lab/v1/health")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Seconds that it took to end."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(10)
        return time.monotonic() - begun

    def order(self, **more: Any) -> str:
        body = order_body(**more)
        assert self.post("/lab/v1/orders", body).status_code == 201
        self.ordered.append(str(body["kit_id"]))
        return self.ordered[-1]

    def post(self, path: str, body: Any) -> httpx2.Response:
        content = json.dumps(body).encode()
        return WEB.post(self.url + path, content=content, headers=signed(path, content))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, simulator: Path, migrated: Path) -> Iterator[Labs]:
    """Labs that run, one for each way to set one up, which tests share; one that a test has ended is started again."""
    made: dict[str, Lab] = {}

    def with_settings(*options: str, **environment: str) -> Lab:
        which = repr((options, sorted(environment.items())))
        if which not in made:
            folder = tmp_path_factory.mktemp("running")
            made[which] = Lab(folder, Receiver(SECRET), simulator, *options, begins_with=migrated, **environment)
        if not made[which].runs:
            made[which].start()
        return made[which]

    yield with_settings
    for lab in made.values():
        if lab.runs:
            lab.kill()
        lab.platform.stop()
        assert lab.platform.bad_signatures == []


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(SECRET)
    yield receiver
    receiver.stop()
    assert receiver.bad_signatures == []


@pytest.fixture
def labs(tmp_path: Path, receiver: Receiver, simulator: Path, migrated: Path) -> Iterator[Labs]:
    """Labs of a test's own, not started yet."""
    made: list[Lab] = []

    def make(*options: str, begins_with: Path | None = migrated, **environment: str) -> Lab:
        made.append(Lab(tmp_path, receiver, simulator, *options, begins_with=begins_with, **environment))
        return made[-1]

    yield make
    for lab in made:
        if lab.runs:
            lab.kill()


def _ids(receiver: Receiver, kit_id: str) -> dict[str, set[str]]:
    with receiver.lock:
        heard = [e for e in receiver.heard if e["kit_id"] == kit_id]
    return {stage: {e["id"] for e in heard if e["type"] == f"kit.{stage}"} for stage in ALL}


def _assert_whole(receiver: Receiver, kit_id: str) -> None:
    """Every stage was told under exactly one id, and the files are the ones that were declared."""
    assert {stage: len(ids) for stage, ids in _ids(receiver, kit_id).items()} == dict.fromkeys(ALL, 1)
    firsts = list(dict.fromkeys(receiver.types(kit_id)))
    assert firsts == ALL
    for mate in "12":  # stored only where size and SHA-256 were as declared
        assert gzip.decompress(receiver.files[kit_id, f"fastq-r{mate}"]).startswith(f"@r0/{mate}\n".encode())


SLOW = {"KITLOOP_LAB_STAGE_SECONDS": "0.15", "FAKE_GENOMICS_SECONDS": "0.4"}


def test_killed_at_every_stage_the_kit_still_goes_all_the_way_once(
    running: Labs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = running(**SLOW)
    platform = lab.platform
    monkeypatch.setattr(platform, "put_seconds", 0.3)
    stored = platform.puts
    kit_id = lab.order()
    for stage in ("packed", "delivered", "received", "sequencing"):
        platform.wait_for(kit_id, stage)
        lab.kill()  # within the step that follows: after "sequencing" that is the simulator
        lab.start()
    platform.wait_until(lambda: platform.puts > stored, "file")  # one is there, the second is on its way
    lab.kill()
    lab.start()
    platform.wait_for(kit_id, "sequenced")
    _assert_whole(platform, kit_id)
    parts = [p.name for p in (lab.data / "kits").iterdir()]
    assert sorted(parts) == sorted(lab.ordered)


def test_killed_again_and_again_at_full_speed_many_kits_lose_nothing(running: Labs) -> None:
    lab = running()
    kits = [lab.order() for _ in range(6)]
    for pause in (0.05, 0.15, 0.3):
        time.sleep(pause)
        lab.kill()
        lab.start()
    kits += [lab.order()]
    for kit_id in kits:
        lab.platform.wait_for(kit_id, "sequenced")
    for kit_id in kits:
        _assert_whole(lab.platform, kit_id)


def test_a_killed_worker_is_replaced_and_the_kit_goes_on(running: Labs) -> None:
    lab = running(**SLOW)
    kit_id = lab.order()
    lab.platform.wait_for(kit_id, "shipped")
    [worker] = _children(lab)
    os.kill(worker, signal.SIGKILL)
    lab.platform.wait_for(kit_id, "sequenced")
    _assert_whole(lab.platform, kit_id)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere gunicorn's worker needs a second to notice")
def test_a_killed_server_takes_its_worker_with_it_at_once(running: Labs) -> None:
    lab = running()
    [worker] = _children(lab)
    lab.kill()
    time.sleep(0.2)
    state = Path(f"/proc/{worker}/stat")
    assert not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_with_the_platform_down_nothing_is_lost(running: Labs) -> None:
    lab = running()
    lab.platform.answers.extend([(0, {})] * 3 + [(503, {})] * 5)
    kits = [lab.order() for _ in range(3)]
    for kit_id in kits:
        lab.platform.wait_for(kit_id, "sequenced")
        _assert_whole(lab.platform, kit_id)
    assert not lab.platform.answers


def test_racing_identical_orders_make_one_kit(running: Labs) -> None:
    lab = running("--mode", "bench")
    answers: list[int] = []
    bodies = [order_body(str(uuid.uuid4())) for _ in range(4)]
    start = threading.Barrier(16)

    def send(body: dict[str, Any]) -> None:
        start.wait()
        answers.append(lab.post("/lab/v1/orders", body).status_code)

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 12 + [201] * 4


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_long_before_what_it_sequences_is_done(labs: Labs, receiver: Receiver, how: signal.Signals) -> None:
    lab = labs(FAKE_GENOMICS_SECONDS="30")
    lab.start()
    kit_id = lab.order()
    receiver.wait_for(kit_id, "sequencing")
    time.sleep(0.3)
    assert lab.stop(how) < 10.0  # a second on an idle machine; the sequencing would take 30
    assert lab.process is not None
    assert lab.process.returncode == 0
    assert _processes_that_name(lab.folder) == []  # no simulator is left to compute for nobody
    if how is signal.SIGINT:
        return
    del lab.environment["FAKE_GENOMICS_SECONDS"]
    lab.start()
    receiver.wait_for(kit_id, "sequenced")


def test_two_servers_on_one_data_folder_play_each_kit_once(labs: Labs, receiver: Receiver) -> None:
    first, second = labs(), labs()
    first.start()
    second.start()
    kits = [lab.order() for lab in (first, second)]
    for kit_id in kits:
        receiver.wait_for(kit_id, "sequenced")
        assert receiver.types(kit_id) == ALL
    first.kill()
    kit_id = second.order()
    receiver.wait_for(kit_id, "sequenced")
    assert "another server works on this data folder" in first.log.read_text()


def test_a_taken_port_is_exit_code_2_and_names_the_setting(labs: Labs) -> None:
    lab = labs()
    with socket.create_server(("127.0.0.1", lab.port)):
        ended = subprocess.run([PROGRAM, "serve"], env=lab.environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--port or KITLOOP_LAB_PORT" in ended.stderr
    assert str(lab.port) in ended.stderr


def test_a_host_that_is_not_ours_is_refused_in_json_for_programs(running: Labs) -> None:
    lab = running("--mode", "bench")
    answer = WEB.get(f"{lab.url}/lab/v1/health", headers={"Host": "lab.example"})
    assert (answer.status_code, answer.json()) == (400, {"detail": "The request cannot be read."})
    assert WEB.get(lab.url, headers={"Host": "lab.example"}).status_code == 400
    assert "Invalid HTTP_HOST header" in lab.log.read_text()


@pytest.mark.parametrize(
    ("missing", "named"),
    [("KITLOOP_LAB_SECRET", "--secret-file"), ("KITLOOP_LAB_PLATFORM_URL", "--platform")],
)
def test_what_is_missing_to_start_is_named(labs: Labs, missing: str, named: str) -> None:
    lab = labs()
    del lab.environment[missing]
    ended = subprocess.run([PROGRAM, "serve"], env=lab.environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert named in ended.stderr
    assert missing in ended.stderr
    assert not lab.data.exists()


def test_the_secret_can_come_from_a_file(labs: Labs, receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "lab.secret").write_text(SECRET + "\n")
    lab = labs("--secret-file", str(tmp_path / "lab.secret"), "--scenario", "lost")
    del lab.environment["KITLOOP_LAB_SECRET"]
    lab.start()
    kit_id = lab.order()
    receiver.wait_for(kit_id, "lost")


def test_no_personal_data_and_no_upload_address_in_the_log(labs: Labs, receiver: Receiver) -> None:
    lab = labs()
    receiver.answers.append((400, {}))
    lab.start()
    parked, kit_id = lab.order(), lab.order()
    lab.post("/lab/v1/orders", order_body(kit_id, recipient={"line2": "Zebrowski"}))  # 409
    lab.post("/lab/v1/orders", order_body(recipient={"name": "Zebrowski" * 60}))  # 400
    WEB.post(f"{lab.url}/lab/v1/orders", json=order_body())  # 401
    WEB.get(f"{lab.url}/kits/{kit_id}/")
    # One of the two is parked by the 400, the other goes all the way.
    receiver.wait_until(lambda: any("sequenced" in receiver.types(kit) for kit in (parked, kit_id)), "kit.sequenced")
    (lab.data / "recipient.key").write_text("not a key\n")  # and an error in the middle of an order
    assert lab.post("/lab/v1/orders", order_body()).status_code == 500
    lab.stop()
    log = lab.log.read_text()
    assert "order taken kit=" in log
    assert "error=" in log
    assert not any(part in log for part in (*PERSONAL, "signature=permission", SECRET))
    lines = log.splitlines()[1:]
    assert [
        line for line in lines if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR) ", line)
    ] == []


def test_its_own_files_are_private_and_the_keys_stay_over_restarts(labs: Labs) -> None:
    lab = labs(begins_with=None)
    lab.start()
    data = lab.data
    keys = {name: (data / name).read_bytes() for name in ("django-secret.key", "recipient.key")}
    lab.stop()
    lab.start()
    assert {name: (data / name).read_bytes() for name in keys} == keys
    assert {(data / name).stat().st_mode & 0o777 for name in keys} == {0o600}
    assert data.stat().st_mode & 0o777 == 0o700


def _children(lab: Lab) -> list[int]:
    assert lab.process is not None
    pid = lab.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _processes_that_name(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                found += [line for line in [(process / "cmdline").read_bytes().decode()] if str(folder) in line]
    return found
