"""A real sandbox, started as its users start it: its processes found by role, killed, and its rows and logs looked at."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import psycopg
from kitloop_sdk import Client

T = TypeVar("T")
KITLOOP = str(Path(sys.executable).with_name("kitloop"))
STAGES = ("requested", "ordered", "shipped", "delivered", "returning", "received", "sequencing", "sequenced")
PERIODIC = ("housekeeping.rescue", "housekeeping.owed", "housekeeping.windows", "webhooks.sweep")

# How each role is known among the processes that the sandbox started.
ROLES: dict[str, Callable[[list[str]], bool]] = {
    "server": lambda words: "serve" in words and words[1].endswith("/kitloop"),
    "worker": lambda words: "lab,housekeeping" in words,
    "webhooks": lambda words: "worker" in words and "webhooks" in words,
    "analysis": lambda words: "worker" in words and "analysis" in words,
    "lab": lambda words: "serve" in words and words[1].endswith("/kitloop-lab"),
}
ORDER = {
    "recipient_address_name": "Jane Doe",
    "recipient_address_line1": "123 Main Street",
    "recipient_address_city": "San Francisco",
    "recipient_address_state_region": "CA",
    "recipient_address_postal_code": "94102",
    "recipient_address_country_code": "US",
    "recipient_email": "jane.doe@example.com",
    "recipient_phone": "+14155551234",
}


def environment() -> dict[str, str]:
    """Ours without what other tests have set: the sandbox starts as in a new shell, on its own database."""
    alien = {"DJANGO_SETTINGS_MODULE", "PYTHONPATH", "DATABASE_URL"}
    return {k: v for k, v in os.environ.items() if k not in alien and not k.startswith("KITLOOP_")}


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    state: str
    words: list[str]

    @property
    def is_zombie(self) -> bool:
        return self.state == "Z"


def processes_of(home: Path) -> list[Process]:
    """Every process that lives below a folder: by its environment, or (PostgreSQL) by its command line."""
    mark, place = f"KITLOOP_DATA={home}/".encode(), f"{home}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if any(variable.startswith(mark) for variable in variables) or any(place in word for word in words):
            said = [word.decode(errors="replace") for word in words]
            found.append(Process(int(entry.name), int(stat[1]), stat[0], said))
    return found


@dataclass(slots=True)
class Sandbox:
    """`kitloop sandbox` in a folder that stays known, so that it may be started again on it."""

    home: Path
    is_thrown_away: bool = False  # without --data, below a temporary folder of ours
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = ()  # of the last start
    facts: dict[str, Any] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    trouble: str = ""  # why it did not start, once it did not

    @property
    def data(self) -> Path:
        return self.home / "kept" / "data"

    @property
    def temporary(self) -> Path:
        return self.home / "tmp"

    @property
    def ready(self) -> Path:
        return self.home / "ready.json"

    @property
    def pid_file(self) -> Path:
        return self.home / "server.pid"

    # Life ----------------------------------------------------------------------------------------------------------

    def begin(self, *options: str) -> None:
        """Starts it, and does not wait."""
        assert self.process is None
        self.options = options
        self.ready.unlink(missing_ok=True)  # one that was killed leaves it
        argv = [KITLOOP, "sandbox", "--ready", str(self.ready), "--pid-file", str(self.pid_file)]
        variables = environment()
        if self.is_thrown_away:
            self.temporary.mkdir(mode=0o711, exist_ok=True)
            variables["TMPDIR"] = str(self.temporary)
        else:
            argv += ["--data", str(self.home / "kept")]
        with (self.home / "sandbox.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, *options],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self, *options: str, seconds: float = 240) -> None:
        """Starts it and waits until it is ready. The first start on a machine builds a reference and compiles the analysis."""
        self.begin(*options)
        assert self.process is not None
        process = self.process

        def is_ready() -> bool:
            assert process.poll() is None, f"kitloop sandbox ended with {process.returncode}\n{self.last_words()}"
            return self.ready.exists()

        self.wait_until("the sandbox is ready", is_ready, seconds=seconds)
        self.facts = json.loads(self.ready.read_text())

    def end(self, with_signal: int, *, seconds: float = 60) -> int:
        """Sends a signal to the command itself and returns its exit code."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"kitloop sandbox did not end in {seconds} s\n{self.last_words()}") from None
        self.process = None
        return code

    def clear(self) -> None:
        """Whatever the test came to: nothing of it is left on this machine."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
        for found in processes_of(self.home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.pid, signal.SIGKILL)
        closed = self.data / "postgres"
        if closed.is_symlink():
            shutil.rmtree(closed.resolve(), ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    # Processes -----------------------------------------------------------------------------------------------------

    def living(self) -> list[Process]:
        """Everything that it started, and that has not ended; not the command itself."""
        own = self.process.pid if self.process else 0
        return [found for found in processes_of(self.home) if not found.is_zombie and found.pid != own]

    def pid(self, role: str) -> int | None:
        """The process that carries a role now; none while it is down."""
        assert self.process is not None
        if role == "postgres":
            try:
                pid = int((self.data / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
                is_it = b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
            except (OSError, ValueError, IndexError):
                return None
            return pid if is_it else None
        for found in self.living():
            if found.parent == self.process.pid and ROLES[role](found.words):
                return found.pid
        return None

    def kill(self, role: str, *, seconds: float = 20) -> int:
        """kill -9; waits for the process to be there, if it has to. Returns the id that was killed."""
        pid = self.wait_until(f"{role} runs", lambda: self.pid(role), seconds=seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.kills[role] = self.kills.get(role, 0) + 1
        return pid

    def cut_the_power(self) -> None:
        """kill -9 to everything at once, PostgreSQL too."""
        assert self.process is not None
        self.process.kill()
        while there := self.living():
            for found in there:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(found.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    @contextlib.contextmanager
    def paused(self, role: str) -> Iterator[None]:
        """SIGSTOP to a program and all of its processes: its port still takes connections, and nothing answers."""
        pid = self.pid(role)
        assert pid is not None
        os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(pid, signal.SIGCONT)

    # Looking -------------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        sockets = self.data / "postgres" / "s"
        with psycopg.connect(host=str(sockets), user="kitloop", dbname="kitloop") as connection:
            return connection.execute(query, values).fetchall()

    def last_words(self, lines: int = 12) -> str:
        """The ends of all logs, for a failure's message."""
        said = []
        logs = self.data / "logs"
        paths = [self.home / "sandbox.log", *(sorted(logs.glob("*.log")) if logs.exists() else [])]
        for path in [*paths, self.data / "postgres" / "data" / "server.log"]:
            with contextlib.suppress(OSError):
                end = path.read_text(errors="replace").splitlines()[-lines:]
                said.append("\n  ".join([f"--- {path.name}", *end]))
        return "\n".join(said)

    def wait_until(self, what: str, look: Callable[[], T | None], *, seconds: float, every: float = 0.05) -> T:
        """What `look` returns, as soon as it is true. What it raises meanwhile is said when the time is over."""
        deadline, wrong = time.monotonic() + seconds, ""
        while True:
            try:
                if found := look():
                    return found
                wrong = ""
            except (httpx2.HTTPError, psycopg.Error, OSError) as error:
                wrong = f" (at last: {error!r})"
            if time.monotonic() > deadline:
                raise AssertionError(f"After {seconds} s it does not hold that {what}{wrong}.\n{self.last_words()}")
            time.sleep(every)

    # A client ------------------------------------------------------------------------------------------------------

    def client(self, *, max_retries: int = 8) -> Client:
        return Client(self.facts["host"], self.facts["api_key"], timeout=15, max_retries=max_retries)

    def post_order(self, key: str, **changes: Any) -> httpx2.Response:
        """One POST, and no second one. Raises httpx2.HTTPError where no answer came."""
        return httpx2.post(
            f"{self.facts['host']}/api/v2/sample-kit/",
            headers={"Authorization": f"Api-Key {self.facts['api_key']}", "Idempotency-Key": key},
            json={"project_id": self.facts["project_id"], **ORDER, **changes},
            timeout=15,
            trust_env=False,
        )

    def order(self, key: str, *, seconds: float = 60, **changes: Any) -> str:
        """The sample's id, asked for with this key until an answer says it."""
        deadline, said = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            try:
                answer = self.post_order(key, **changes)
            except httpx2.HTTPError as error:
                said = repr(error)
            else:
                if answer.status_code == 201:
                    return str(answer.json()["sample_id"])
                said = f"{answer.status_code} {answer.text[:300]}"
                # Whatever is down, the answer is one that a program can read, and that asks to come again.
                assert answer.status_code in {409, 500, 502, 503, 504}, said
                assert answer.headers["Content-Type"].startswith("application/json"), said
            time.sleep(0.2)
        raise AssertionError(f"No sample for {key} in {seconds} s; at last {said}\n{self.last_words()}")

    def journey(self, sample_id: str) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            answer = httpx2.get(
                f"{self.facts['host']}/api/kitloop/v1/samples/{sample_id}/journey",
                headers={"Authorization": f"Api-Key {self.facts['api_key']}"},
                timeout=10,
                trust_env=False,
            )
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found

        return self.wait_until("the journey can be read", ask, seconds=30, every=0.5)

    def kit_state(self, sample_id: str) -> str:
        return str(self.journey(sample_id)["kits"][0]["state"])

    def wait_for_all(self, samples: list[str], *, seconds: float) -> None:
        """Until every sample has ended."""

        def are_done() -> bool:
            ended = self.rows(
                "SELECT count(*) FROM kits_sample WHERE id = ANY(%s::uuid[]) AND status IN ('succeeded', 'failed_qc', 'failed')",
                samples,
            )
            return bool(ended[0][0] == len(samples))

        try:
            self.wait_until("every order has ended", are_done, seconds=seconds, every=0.3)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.where_they_are(samples)}") from None

    def where_they_are(self, samples: list[str]) -> str:
        said = ["--- samples"]
        with contextlib.suppress(psycopg.Error):
            said += [
                f"  {row}"
                for row in self.rows(
                    "SELECT s.id, s.status, k.state, r.state, r.failures FROM kits_sample s JOIN kits_kit k ON k.sample_id = s.id"
                    " LEFT JOIN runs_run r ON r.kit_id = k.id WHERE s.id = ANY(%s::uuid[])",
                    samples,
                )
            ]
            said += [f"  {row}" for row in self.jobs()]
        return "\n".join(said)

    def jobs(self) -> list[tuple[Any, ...]]:
        """Jobs that are not done, without those that come back by the clock."""
        return self.rows(
            "SELECT id, task_name, status::text, attempts, scheduled_at, args::text FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') AND task_name <> ALL(%s)",
            list(PERIODIC),
        )

    def check_done_once(self, samples: list[str], *, seconds: float = 30) -> None:
        """Everything that happens once for an order has happened, and once."""
        assert len(set(samples)) == len(samples)
        self.wait_until("no job is left over", lambda: not self.jobs(), seconds=seconds, every=0.3)
        assert self.rows("SELECT task_name, args FROM procrastinate_jobs WHERE status IN ('failed', 'aborted') AND NOT"
                         " (task_name = 'webhooks.drain' OR task_name = ANY(%s))", list(PERIODIC)) == []  # fmt: skip
        for sample in samples:
            self._check_sample(sample)

    def _check_sample(self, sample: str) -> None:
        told = self.journey(sample)
        assert told["status"] == "succeeded", f"{told}\n{self.last_words()}"
        assert told["holds"] == []
        assert len(told["kits"]) == 1
        stages = [STAGES.index(move["state"]) for move in told["kits"][0]["moves"]]
        assert stages == sorted(set(stages)), f"out of order or twice: {told['kits'][0]['moves']}"
        assert stages[0] == 0
        assert stages[-1] == len(STAGES) - 1
        statuses = [row[0] for row in self.rows(
            "SELECT status FROM kits_samplestatus WHERE sample_id = %s ORDER BY position", sample)]  # fmt: skip
        assert statuses[0] == "kit_requested"
        assert statuses[-2:] == ["running", "succeeded"]
        assert statuses.count("running") == statuses.count("succeeded") == statuses.count("kit_requested") == 1
        assert set(statuses[1:-2]) == {"kit_ordered"}
        assert len(statuses) - 3 == len(stages) - 1  # a line for each stage after the first
        for query in (
            "SELECT count(*) FROM runs_run WHERE sample_id = %s AND state = 'succeeded'",
            "SELECT count(*) FROM runs_run WHERE sample_id = %s",
            "SELECT count(*) FROM events_event WHERE sample_id = %s AND type = 'sample.succeeded'",
        ):
            assert self.rows(query, sample) == [(1,)], query
        letters = self.rows(
            "SELECT kind, sent IS NOT NULL FROM kits_letter JOIN kits_kit k ON k.id = kit_id WHERE k.sample_id = %s",
            sample,
        )
        assert dict(letters)["results"]
        assert all(is_sent for _, is_sent in letters)
        files = self.rows("SELECT object_key, size, sha256 FROM runs_file WHERE sample_id = %s", sample)
        assert len(files) > 3
        for key, size, sha256 in files:
            data = (self.data / "objects" / key).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (size, sha256), key


def new_home() -> Path:
    """A folder through which the database's account may pass, as the sandbox's own would be."""
    home = Path(tempfile.mkdtemp(prefix="kitloop-faults-"))
    home.chmod(0o711)
    return home
