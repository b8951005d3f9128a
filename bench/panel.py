"""What `panel build` takes for 3,202 people: seconds, memory and bytes on the disk for a million sites, from BCF and from VCF.

`python -m bench.panel FOLDER` takes the panel of a folder of `kitloop-genomics simulate benchmark`; otherwise one is simulated.
Each build runs in a process of its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

COUNTED = 1_000_000  # sites that figures are for


def main(folder: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        vcf = write_sources(folder or _simulated(work), work)
        print("source             sites   CPU s   s a million   peak MB   MB on disk   MB a million   open ms")
        for path in (_as_bcf(vcf), vcf):
            words = [sys.executable, "-m", "bench.panel", "one", str(work), path.name]
            row = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
            each = COUNTED / row["sites"]
            print(
                f"{path.name:14} {row['sites']:9,} {row['seconds']:7.1f} {row['seconds'] * each:13.0f} {row['peak_mb']:9.0f} "
                f"{row['disk_mb']:12.1f} {row['disk_mb'] * each:14.0f} {row['open_ms']:9.1f}"
            )


def write_sources(folder: Path, work: Path) -> Path:
    """FASTA, map, people and the panel as BGZF VCF, out of a benchmark folder."""
    import pysam
    from kitloop_genomics.benchmark.folder import open_benchmark

    benchmark = open_benchmark(folder)
    people = [f"p{number:04d}" for number in range(benchmark.haplotypes // 2)]
    with np.load(folder / "all.npz") as stored:
        population = stored["rpop"]
    sequence = np.frombuffer(b"ACGT", np.uint8)[
        np.random.default_rng(1).integers(0, 4, int(benchmark.position[-1]) + 1)
    ]
    sequence[benchmark.position] = benchmark.ref
    (work / "reference.fa").write_bytes(b">chr1\n" + sequence.tobytes() + b"\n")
    rows = [line.split() for line in (folder / "map.gmap").read_text().splitlines()[1:]]
    (work / "map.tsv").write_text("chromosome\tposition\tcM\n" + "".join(f"chr1\t{row[0]}\t{row[2]}\n" for row in rows))
    labels = zip(people, population.tolist(), strict=True)
    (work / "people.tsv").write_text("person\tpopulation\n" + "".join(f"{one}\tpop{where}\n" for one, where in labels))
    path = work / "panel.vcf.gz"
    head = ["##fileformat=VCFv4.3", f"##contig=<ID=chr1,length={len(sequence)}>"]
    head += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    head.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *people]))
    with pysam.BGZFile(str(path), "wb", None) as stream:
        stream.write(("\n".join(head) + "\n").encode())
        for at, position in enumerate(benchmark.position.tolist()):
            alleles = np.unpackbits(benchmark.packed[at], count=benchmark.haplotypes) + ord("0")
            cells = np.full((len(people), 4), ord("\t"), np.uint8)
            cells[:, 0], cells[:, 1], cells[:, 2] = alleles[0::2], ord("|"), alleles[1::2]
            fixed = (
                f"chr1\t{position + 1}\trs{at}\t{chr(benchmark.ref[at])}\t{chr(benchmark.alt[at])}\t.\tPASS\t.\tGT\t"
            )
            stream.write(fixed.encode() + cells.tobytes()[:-1] + b"\n")
    return path


def _simulated(work: Path) -> Path:
    from kitloop_genomics.benchmark.simulation import simulate_benchmark

    return simulate_benchmark(work / "benchmark", seed=3, targets=4, depths=("0.4",))


def _as_bcf(vcf: Path) -> Path:
    import pysam

    path = vcf.with_name("panel.bcf")
    with pysam.VariantFile(str(vcf)) as source, pysam.VariantFile(str(path), "wb", header=source.header) as target:
        for record in source:
            target.write(record)
    return path


def _one(work: Path, name: str) -> dict[str, float]:
    from kitloop_genomics.building.build import build_bundle
    from kitloop_genomics.building.sources import Description, PanelSources
    from kitloop_genomics.bundle.open import open_bundle
    from kitloop_genomics.progress import peak_rss_mb

    sources = PanelSources(work / "reference.fa", (work / name,), (work / "map.tsv",), work / "people.tsv")
    began = time.process_time()
    built = build_bundle(work / f"{name}.bundle", sources, Description("bench", "1", "bench", "simulated", "none"))
    seconds = time.process_time() - began
    peak_mb = peak_rss_mb()
    disk = sum(path.stat().st_size for path in (built.path / "panel").iterdir())
    began = time.perf_counter()
    open_bundle(built.path)
    opened = time.perf_counter() - began
    return {
        "sites": built.sites, "seconds": seconds, "peak_mb": peak_mb, "disk_mb": disk / 1e6, "open_ms": opened * 1e3,
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(_one(Path(sys.argv[2]), sys.argv[3])))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
