"""The analysis of the demo's data at 1x, by step, one thread; the median of three people.

The yardstick is one second of this machine: the time of a fixed piece of NumPy work in the same run, so that figures of two machines
can be compared by their ratios.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from kitloop.local.processes import command

PEOPLE = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        _run("panel", "demo", str(demo))
        _run("warmup")
        results = [_one(demo, Path(folder) / f"person-{n}", f"bench-{n}") for n in range(PEOPLE)]
    yard = _yardstick()
    print(f"analysis of 4 Mb at 1x, 400 haplotypes, median of {PEOPLE}; yardstick {yard:.2f} s")
    for at, step in enumerate(results[0]["steps"]):
        seconds = median(result["steps"][at]["seconds"] for result in results)
        memory = max(result["steps"][at].get("peak_rss_mb") or 0 for result in results)
        print(f"  {step['name']:<22} {seconds:6.2f} s   {seconds / yard:5.2f} yards   {memory:5.0f} MB")
    whole = median(sum(step["seconds"] for step in result["steps"]) for result in results)
    print(f"  {'all':<22} {whole:6.2f} s   {whole / yard:5.2f} yards")


def _one(demo: Path, out: Path, seed: str) -> dict:  # type: ignore[type-arg]
    out.mkdir()
    _run("simulate", "reads", "--demo", str(demo), "--seed", seed, "--out", str(out / "reads"))
    r1, r2 = out / "reads" / "R1.fastq.gz", out / "reads" / "R2.fastq.gz"
    _run(
        "run",
        "--bundle",
        str(demo / "bundle"),
        "--r1",
        str(r1),
        "--r2",
        str(r2),
        "--sample-id",
        seed,
        "--out",
        str(out / "run"),
    )
    return json.loads((out / "run" / "result.json").read_text())


def _run(*words: str) -> None:
    subprocess.run([command("kitloop-genomics"), *words], check=True, capture_output=True)


def _yardstick() -> float:
    a = np.random.default_rng(1).random((1500, 1500), dtype=np.float32)
    began = time.process_time()
    for _ in range(10):
        a = a @ a / 750
    return time.process_time() - began
