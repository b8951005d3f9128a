"""A panel of chromosome size: 3,202 people on 30 Mb, sites with at least two copies, simulated in pieces of 10 Mb laid end to end.

It is built once as it comes and once killed with SIGKILL half-way and resumed, whose bytes are compared; then checked; then one
person who isn't in it is analysed on it at 1x. `python -m bench.chromosome FOLDER MEGABASES PEOPLE` keeps everything in FOLDER.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from kitloop.local.processes import command
from numpy.typing import NDArray

LENGTH_BP, PIECE_BP, PEOPLE, SEED, LEAST_COPIES = 30_000_000, 10_000_000, 3_202, 11, 2
NAMES, COLUMNS = ("chr1",), ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]


def main(kept: Path | None = None, length_bp: int = LENGTH_BP, people: int = PEOPLE) -> None:
    with tempfile.TemporaryDirectory() as made:
        work = kept or Path(made)
        # In a process of its own: the memory of those that are started later counts from what this one has held.
        words = [sys.executable, "-m", "bench.chromosome", "sources", str(work), str(length_bp), str(people)]
        sites = int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        print(f"{length_bp / 1e6:g} Mb, {people:,} people, {sites:,} sites", flush=True)
        print(f"  built in one go       {measured(*build_words(work, 'whole'))}", flush=True)
        _killed_at_half(work)
        resumed = measured(*build_words(work, "resumed"))
        same = _checksums(work / "whole") == _checksums(work / "resumed")
        print(f"  resumed after a kill  {resumed}, the same bytes: {same}", flush=True)
        print(f"  checked               {measured('panel', 'check', str(work / 'whole'))}", flush=True)
        size = sum(path.stat().st_size for path in (work / "whole" / "panel").iterdir()) / 1e6
        print(f"  on the disk           {size:.0f} MB, {size / sites * 1e6:.0f} MB for a million sites", flush=True)
        files = {"r1": "R1.fastq.gz", "r2": "R2.fastq.gz", "truth": "truth.vcf", "bundle": "whole", "out": "run"}
        given = [f"--{option}={work / file}" for option, file in files.items()]
        print(f"  one person at 1x      {measured('run', '--sample-id', 'x', *given)}")
        result = json.loads((work / "run" / "result.json").read_text())
    for step in result["steps"]:
        print(f"    {step['name']:<14} {step['seconds']:7.2f} s   {step['peak_rss_mb']:6.0f} MB")
    print(f"    r² {result['accuracy']['r2']}, above 5 % {result['accuracy']['r2_maf_above_5_percent']}")


def write_sources(work: Path, length_bp: int, people: int, names: tuple[str, ...] = NAMES) -> int:
    """FASTA, map, people and the panel as BGZF VCF, site by site; reads and truth of one person more. How many sites it has."""
    import pysam
    from kitloop_genomics.benchmark.histories import history, people_of
    from kitloop_genomics.benchmark.reads import DEPTH_X
    from kitloop_genomics.demo.genome import fasta, other_alleles, sequence
    from kitloop_genomics.sandbox.fastq_text import fastq_texts, gzipped
    from kitloop_genomics.sandbox.sequencer import READ_BP, sequence_pairs

    rng = np.random.default_rng(SEED)
    labels = [key for key, count in people_of(history("americas").shares, people).items() for _ in range(count)]
    rows = "".join(f"p{number:04d}\t{label}\n" for number, label in enumerate(labels))
    (work / "people.tsv").write_text(f"person\tpopulation\n{rows}")
    (work / "map.tsv").write_text("chromosome\tposition\tcM\n")
    head = ["##fileformat=VCFv4.3", *(f"##contig=<ID={name},length={length_bp}>" for name in names)]
    head.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    genome: list[NDArray[np.uint8]] = []
    references = {}
    cells = np.full((people, 4), ord("\t"), np.uint8)
    cells[:, 1] = ord("|")
    sites = 0
    with pysam.BGZFile(str(work / "panel.vcf.gz"), "wb1", None) as panel, (work / "truth.vcf").open("w") as truth:
        panel.write("\n".join([*head, "\t".join([*COLUMNS, *(f"p{at:04d}" for at in range(people))])]).encode() + b"\n")
        truth.write("\n".join([*head, "\t".join([*COLUMNS, "x"])]) + "\n")
        for name in names:
            references[name] = reference = sequence(length_bp, rng)
            alt = other_alleles(reference, rng)
            persons = [reference.copy(), reference.copy()]
            genome += persons
            for at, in_panel, mine in _sites(work / "map.tsv", name, length_bp, people, rng):
                for side in np.flatnonzero(mine):
                    persons[side][at] = alt[at]
                if not LEAST_COPIES <= int(in_panel.sum()) <= 2 * people - LEAST_COPIES:
                    continue
                fixed = f"{name}\t{at + 1}\t.\t{chr(reference[at])}\t{chr(alt[at])}\t.\tPASS\t.\tGT\t"
                cells[:, 0], cells[:, 2] = in_panel[::2] + ord("0"), in_panel[1::2] + ord("0")
                panel.write(fixed.encode() + cells.tobytes()[:-1] + b"\n")
                truth.write(f"{fixed}{mine[0]}|{mine[1]}\n")
                sites += 1
    (work / "reference.fa").write_bytes(fasta(references, "simulated"))
    reads = sequence_pairs(genome, round(DEPTH_X * len(names) * length_bp / (2 * READ_BP)), rng)
    for mate, text in enumerate(fastq_texts(reads, "chromosome", rng), 1):
        (work / f"R{mate}.fastq.gz").write_bytes(gzipped(text))
    return sites


def _sites(
    map_file: Path, name: str, length_bp: int, people: int, rng: np.random.Generator
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Position (0-based), the panel's alleles and those of the person who isn't in it, place by place; the map on the way.

    The time of msprime grows with the square of the length, hence the pieces.
    """
    import msprime
    from kitloop_genomics.benchmark.histories import MUTATION_RATE, history, people_of
    from kitloop_genomics.demo.history import landscape

    past = history("americas")
    counts = people_of(past.shares, people)
    counts[[*counts][-1]] += 1  # the last person of the last population stays out
    rows, cm = [], 0.0
    for start in range(0, length_bp, PIECE_BP):
        shape = landscape(min(PIECE_BP, length_bp - start), rng)
        edges = zip(shape.edge[:-1], shape.centimorgans()[:-1], strict=True)
        rows += [f"{name}\t{start + int(edge) + 1}\t{cm + along:.8f}" for edge, along in edges]
        cm += float(shape.centimorgans()[-1])
        trees = msprime.sim_ancestry(
            samples=[msprime.SampleSet(count, population=key) for key, count in counts.items()],
            demography=past.demography,
            recombination_rate=msprime.RateMap(position=shape.edge, rate=shape.rate),
            random_seed=int(rng.integers(1, 2**31 - 2)),
        )
        model, seed = msprime.BinaryMutationModel(), int(rng.integers(1, 2**31 - 2))
        for variant in msprime.sim_mutations(trees, rate=MUTATION_RATE, model=model, random_seed=seed).variants(
            copy=False
        ):
            if len(variant.site.mutations) == 1:
                alleles = variant.genotypes.astype(np.uint8)
                yield start + int(variant.site.position), alleles[:-2], alleles[-2:]
    with map_file.open("a") as file:
        file.write("\n".join([*rows, f"{name}\t{length_bp}\t{cm:.8f}"]) + "\n")


def build_words(work: Path, name: str) -> list[str]:
    files = {"fasta": "reference.fa", "vcf": "panel.vcf.gz", "map": "map.tsv", "populations": "people.tsv", "out": name}
    given = [f"--{option}={work / file}" for option, file in files.items()]
    return ["panel", "build", "--build", "simulated", "--id", "chromosome", *given]


def _killed_at_half(work: Path) -> None:
    """Build until half as many files of haplotypes are there as the whole bundle has, then SIGKILL."""
    files = len(list((work / "whole" / "panel").iterdir()))
    made = work / ".resumed.building" / "bundle" / "panel"
    process = subprocess.Popen([command("kitloop-genomics"), *build_words(work, "resumed")], stderr=subprocess.DEVNULL)
    while process.poll() is None and (not made.is_dir() or len(list(made.iterdir())) < files / 2):
        time.sleep(0.2)
    process.kill()
    process.wait()


def measured(*words: str) -> str:
    """What it took, as the system counts."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [command("kitloop-genomics"), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(status, words)
    wall = time.perf_counter() - began
    return f"{used.ru_utime + used.ru_stime:.0f} CPU s, {wall:.0f} s, {used.ru_maxrss * 1024 / 1e6:.0f} MB"


def _checksums(bundle: Path) -> object:
    return json.loads((bundle / "manifest.json").read_text())["files"]


if __name__ == "__main__":
    if sys.argv[1] == "sources":
        print(write_sources(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), tuple(sys.argv[5:]) or NAMES))
    else:
        main(Path(sys.argv[1]), round(float(sys.argv[2]) * 1e6), int(sys.argv[3]))
