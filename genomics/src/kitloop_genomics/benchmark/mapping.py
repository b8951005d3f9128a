"""How long our mapping takes beside the minimap2 program, in turns, on the same reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from kitloop_genomics.alignment.bam import write_pairs

_TURNS = 3


def mapping_seconds(r1: Path, r2: Path, reference: Path, contigs: dict[str, int], work: Path) -> dict[str, float]:
    """CPU seconds (user and system, one thread, the best of three turns) from FASTQ and FASTA to SAM fields, index included.

    Keys: mapping; where a `minimap2` is on the PATH, also minimap2 (its `-ax sr`, text to nowhere) and ratio.
    """
    program = shutil.which("minimap2")
    ours, theirs = [], []
    for _ in range(_TURNS):
        began = time.process_time()
        write_pairs(r1, r2, work / "mapped.bam", reference=reference, contigs=contigs, sample_id="T0")
        ours.append(time.process_time() - began)
        if program:
            before = _children()
            subprocess.run(
                [program, "-t", "1", "-ax", "sr", str(reference), str(r1), str(r2)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            )  # fmt: skip
            theirs.append(_children() - before)
    (work / "mapped.bam").unlink()
    found = {"mapping": round(min(ours), 2)}
    if theirs:
        found |= {"minimap2": round(min(theirs), 2), "ratio": round(min(ours) / min(theirs), 2)}
    return found


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system
