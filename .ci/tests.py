"""Runs every package's tests, each in its own process with its own settings, several at a time; ends with one line that counts them.

python .ci/tests.py [--long] [PACKAGE …] [what pytest takes …]
"""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What pytest is pointed at, and with whose settings. The server's are several, since some mostly wait for programs that they start.
APART = tuple(f"server/tests/{folder}" for folder in ("journeys", "cli", "faults"))
# Plugins that these don't use, and that take seconds to import.
WITHOUT = tuple(f"-pno:{plugin}" for plugin in ("schemathesis", "hypothesispytest", "anyio"))
# Two that need no compiled kernels, while these are compiled; then the longest first, so that none is left alone at the end.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("storefront", ("storefront/tests",)),
    ("lab", ("lab/tests",)),
    ("server", (APART[0], *WITHOUT)),
    ("server", ("server/tests", *(f"--ignore={folder}" for folder in APART))),
    ("genomics", ("genomics/tests",)),
    ("server", (APART[2], *WITHOUT)),
    ("server", (APART[1], *WITHOUT)),
    ("sdk", ("sdk/tests",)),
)
WITHOUT_KERNELS = {"storefront", "lab", "sdk"}
PACKAGES = tuple(dict.fromkeys(package for package, _ in PARTS))
NONE_CHOSEN = 5  # pytest's exit code
LINE = re.compile(r"(\d+) (passed|failed|error|errors|skipped)\b")


@dataclass(frozen=True, slots=True)
class Outcome:
    package: str
    text: str
    code: int
    seconds: float
    processor_seconds: float  # of all that it started too: what the limit is about, on a machine that others share
    counts: dict[str, int]


def main() -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command has it; other parts need the other processors
    arguments = sys.argv[1:]
    chosen = [word for word in arguments if word in PACKAGES] or list(PACKAGES)
    rest = [word for word in arguments if word not in {*PACKAGES, "--long"}]
    parts = [(package, where) for package, where in PARTS if package in chosen]
    marks = [] if "--long" in arguments else ["-m", "not long"]
    at_once = (
        1 if "--long" in arguments else (os.cpu_count() or 1) + 1
    )  # those that start programs mostly wait for them
    total = {"passed": 0, "failed": 0, "skipped": 0}
    broken = []
    compile_ours()
    print(f"testing {', '.join(chosen)}; each is printed when it is done", flush=True)
    with ThreadPoolExecutor(at_once) as pool:
        running: list[Future[Outcome]] = []
        kernels: Future[None] | None = None
        for package, where in parts:
            if package not in WITHOUT_KERNELS:
                kernels = kernels or pool.submit(warm_up)
            running.append(pool.submit(run, package, [*where, *marks, *rest], kernels))
        for done in as_completed(running):
            outcome = done.result()
            print(
                f"== {outcome.package}, {outcome.seconds:.0f} s, {outcome.processor_seconds:.0f} s of processors\n{outcome.text}",
                flush=True,
            )
            total["passed"] += outcome.counts.get("passed", 0)
            total["failed"] += sum(outcome.counts.get(word, 0) for word in ("failed", "error", "errors"))
            total["skipped"] += outcome.counts.get("skipped", 0)
            chose_none = outcome.code == NONE_CHOSEN and rest  # `-k ordering` may fit one part alone
            if outcome.code and not chose_none:
                broken.append(outcome.package)
    if broken:
        print(f"broken: {', '.join(broken)}")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if broken or not total["passed"] else 0


def compile_ours() -> None:
    """As setup did, after what was edited since: the tests start hundreds of programs, and each would compile what it
    imports where it may not write that down. A file that does not compile is named by the test that imports it."""
    command = [sys.executable, "-m", "compileall", "-qq", *map(str, sorted(ROOT.glob("*/src")))]
    subprocess.run(command, check=False)


def warm_up() -> None:
    """Compiles the analysis' kernels once, where sandboxes look for them: a minute, which each part would take by itself."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "kitloop" / "numba"))
    command = [str(Path(sys.executable).with_name("kitloop-genomics")), "warmup"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def run(package: str, words: list[str], kernels: "Future[None] | None") -> Outcome:
    if kernels is not None:
        kernels.result()
    began = time.monotonic()
    ini = ROOT / package / "pytest.ini"
    settings = ini if ini.exists() else ROOT / package / "pyproject.toml"
    # -o: a verdict that can be counted, however quiet the package's own settings are
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(settings),
        "--rootdir",
        package,
        "-ra",
        "-v",
        *words,
    ]
    command += ["--no-header", "-o", "console_output_style=classic", "-o", "verbosity_test_cases=0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    counts = {word: int(number) for number, word in LINE.findall(said.strip().rsplit("\n", 1)[-1])}
    seconds = time.monotonic() - began
    return Outcome(package, said, process.returncode, seconds, used.ru_utime + used.ru_stime, counts)


if __name__ == "__main__":
    sys.exit(main())
