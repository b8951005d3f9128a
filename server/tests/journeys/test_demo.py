"""The whole loop, as `make demo` runs it: four programs, one kit, from the shop's button to its results page."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kitloop.local.processes import free_port

KITLOOP = str(Path(sys.executable).with_name("kitloop"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kitloop"


def environment(data: Path) -> dict[str, str]:
    """A newcomer's environment, but for the caches that all sandboxes share."""
    ours = ("KITLOOP_", "DJANGO_", "PYTHON")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "KITLOOP_DATA": str(data),
        "KITLOOP_DEMO": str(CACHE / "demo"),
        "NUMBA_CACHE_DIR": str(CACHE / "numba"),
        "KITLOOP_PORT": str(free_port()),
        "KITLOOP_LAB_PORT": str(free_port()),
        "KITLOOP_SHOP_PORT": str(free_port()),
    }


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ["KITLOOP_DATA"]).with_name("demo")  # short enough for a socket's path
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder


@pytest.mark.timeout(900)  # two demos, a minute in all on an idle machine; each ends by itself where it can't go on
def test_one_kit_goes_from_the_order_button_to_the_results_page_and_a_second_start_goes_on(data: Path) -> None:
    settings = environment(data)
    for start in ("first", "second"):
        done = subprocess.run(
            [KITLOOP, "demo", "--once", "--stage-seconds", "0.1"], env=settings, capture_output=True, text=True
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        order = [
            "presses “Order a kit”",
            "POST /api/v2/sample-kit/",
            "POST /lab/v1/orders (taken)",
            "kit.shipped",
            "kit.received",
            "two FASTQ files, then kit.sequenced",
            "the analysis is done: results are ready",
            "webhook analysis_complete_v2, signed (200)",
            "results: http://127.0.0.1:",
        ]
        places = [said.find(words) for words in order]
        assert -1 not in places, said
        assert ("00001/results" if start == "first" else "00002/results") in said
        assert "/staff/   staff@kitloop-shop.example / " in said
        notes = json.loads((data / "demo.json").read_text())
        assert notes.pop("has_logins")
        (data / "demo.json").write_text(
            json.dumps(notes)
        )  # as a start leaves it that is ended while it makes the logins
    left = [line for line in _processes() if str(data) in line]
    assert left == []
    assert len(list((data / "mail").iterdir())) >= 6


def test_a_taken_port_ends_it_with_2_and_names_the_setting(data: Path) -> None:
    settings = environment(data)
    for name in ("KITLOOP_PORT", "KITLOOP_LAB_PORT", "KITLOOP_SHOP_PORT"):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", int(settings[name])))
            taken.listen()
            done = subprocess.run([KITLOOP, "demo", "--once"], env=settings, capture_output=True, text=True)
        assert done.returncode == 2
        assert name in done.stderr


def test_an_interrupted_start_says_so_and_can_be_begun_anew(data: Path) -> None:
    settings = environment(data.with_name("demo2"))
    started = subprocess.Popen(
        [KITLOOP, "demo", "--once"], env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _wait_for(data.with_name("demo2") / "loop.lock")
    second = subprocess.run([KITLOOP, "demo", "--once"], env=settings, capture_output=True, text=True)
    assert second.returncode == 2
    assert "another demo" in second.stderr
    started.send_signal(signal.SIGINT)
    assert started.wait(60) == 130
    fresh = subprocess.Popen(
        [KITLOOP, "demo", "--once", "--fresh"],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert fresh.stdout is not None
    assert "on this machine" in fresh.stdout.readline()  # it is past its imports, and has thrown the old data away
    time.sleep(1.5)
    fresh.send_signal(signal.SIGINT)
    said, _ = fresh.communicate(timeout=60)
    assert fresh.returncode == 130, said
    assert "holds no demo" not in said


def test_a_data_folder_that_cannot_be_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for given in (Path("/proc/nowhere"), tmp_path / "file", tmp_path / "file" / "below"):
        done = subprocess.run([KITLOOP, "demo", "--once"], env=environment(given), capture_output=True, text=True)
        assert (done.returncode, "KITLOOP_DATA" in done.stderr) == (1, True), done.stderr
        assert "Traceback" not in done.stderr


def test_fresh_does_not_touch_a_folder_that_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    done = subprocess.run(
        [KITLOOP, "demo", "--fresh", "--once"], env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "holds no demo" in done.stderr
    assert (tmp_path / "precious").read_text() == "mine"


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.05)


def _processes() -> list[str]:
    """Command lines of what runs, with the data folder that each was given."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found.append((folder / "cmdline").read_text() + (folder / "environ").read_text(errors="replace"))
        except OSError:
            continue
    return found
