#!/usr/bin/env python3
"""Stands in for `kitloop-genomics simulate reads` where a test is about the lab: small files, drawn from the seed."""

import gzip
import json
import os
import random
import sys
import time
from pathlib import Path

arguments = dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True))
assert sys.argv[1:3] == ["simulate", "reads"], sys.argv
assert not [name for name in os.environ if name.startswith("KITLOOP_LAB_")], "the lab's settings leak"
time.sleep(float(os.environ.get("FAKE_GENOMICS_SECONDS", "0")))
if os.environ.get("FAKE_GENOMICS_FAILS"):
    sys.exit("the bundle is missing")
out = Path(arguments["--out"])
for mate in (1, 2):
    rng = random.Random(f"{arguments['--seed']}/{mate}")
    reads = "".join(
        f"@r{n}/{mate}\n{''.join(rng.choices('ACGT', k=100))}\n+\n{'I' * 100}\n" for n in range(100)
    ).encode()
    content = gzip.compress(reads, mtime=0)
    if arguments.get("--problem") == "empty":
        content = b""
    (out / f"R{mate}.fastq.gz").write_bytes(content)
(out / "truth.json").write_text(json.dumps({"problem": arguments.get("--problem", "")}))
(out / "truth.vcf.gz").write_bytes(b"")
