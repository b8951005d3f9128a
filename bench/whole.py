"""One person of 40 Mb at 1x against 1,000 people, from FASTQ to results, by one thread and by two: seconds and memory by step.

Two threads share two cores here, so at most half of the time can be saved, and only in alignment and imputation.
"""

import json
import resource
import subprocess
import tempfile
from pathlib import Path

from kitloop.local.processes import command

THREADS = (1, 2)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        _run("panel", "demo", str(here / "demo"), "--length-mb", "20", "--people", "1000")
        _run("simulate", "reads", "--demo", str(here / "demo"), "--seed", "whole", "--out", str(here / "reads"))
        _run("warmup")
        results = [_one(here, threads) for threads in THREADS]
    print("40 Mb at 1x, 2,000 haplotypes; seconds by threads, and memory of the process so far with two")
    for at, step in enumerate(results[0]["steps"]):
        seconds = "  ".join(f"{result['steps'][at]['seconds']:7.2f}" for result in results)
        print(f"  {step['name']:<14} {seconds}   {results[-1]['steps'][at]['peak_rss_mb']:6.0f} MB")
    print("  all            " + "  ".join(f"{sum(s['seconds'] for s in result['steps']):7.2f}" for result in results))
    print("  processor time " + "  ".join(f"{result['cpu_seconds']:7.2f}" for result in results))
    accuracy = results[-1]["accuracy"]
    print(f"  r² {accuracy['r2']}, NRC {accuracy['nrc']}; the same with one thread and two: {_same(results)}")


def _one(here: Path, threads: int) -> dict:  # type: ignore[type-arg]
    out = here / f"run-{threads}"
    before = _children_seconds()
    r1, r2, truth = (str(here / "reads" / name) for name in ("R1.fastq.gz", "R2.fastq.gz", "truth.vcf.gz"))
    _run(
        "run", "--bundle", str(here / "demo" / "bundle"), "--r1", r1, "--r2", r2, "--sample-id", "whole",
        "--out", str(out), "--threads", str(threads), "--truth", truth,
    )  # fmt: skip
    return json.loads((out / "result.json").read_text()) | {"cpu_seconds": _children_seconds() - before}


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _same(results: list[dict]) -> bool:  # type: ignore[type-arg]
    one, two = ({file["file_type"]: file["sha256"] for file in result["files"]} for result in results)
    return one == two


def _run(*words: str) -> None:
    subprocess.run([command("kitloop-genomics"), *words], check=True, capture_output=True)
