"""How the memory of a run goes with the genome: one person at 1x on 1, 3 and 9 chromosomes of 20 Mb, 400 people in the panel.

Measured is what follows the alignment, in a process of its own: the aligner's index grows with the genome, as everybody's does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from kitloop.local.processes import command

from bench.chromosome import build_words, measured

LENGTH_BP, PEOPLE, COUNTS = 20_000_000, 400, (1, 3, 9)


def main(kept: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as made:
        for count in COUNTS:
            work = (kept or Path(made)) / str(count)
            _one(work, count)


def _one(work: Path, count: int) -> None:
    if not (work / "bundle").is_dir():
        work.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "bench.chromosome", "sources", str(work), str(LENGTH_BP), str(PEOPLE)]
        subprocess.run([*words, *(f"chr{number}" for number in range(1, count + 1))], check=True, capture_output=True)
        measured(*build_words(work, "bundle"))
    given = [
        f"--r1={work / 'R1.fastq.gz'}",
        f"--r2={work / 'R2.fastq.gz'}",
        f"--bundle={work / 'bundle'}",
        f"--out={work / 'run'}",
    ]
    run = [command("kitloop-genomics"), "run", "--sample-id", "x", *given]
    subprocess.run([*run, "--until", "likelihoods"], check=True, capture_output=True)
    told = measured("run", "--sample-id", "x", "--resume", *given)
    result = json.loads((work / "run" / "result.json").read_text())
    print(f"{count} x {LENGTH_BP / 1e6:g} Mb, {result['metrics']['panel_sites']:9,} sites: {told}", flush=True)
    for step in result["steps"]:
        print(f"    {step['name']:<14} {step['seconds']:7.2f} s   {step['peak_rss_mb']:6.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
