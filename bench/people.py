"""Simulated people who aren't in the panel, analysed at two depths and from arrays: genotypes, ancestry, and percentiles of 14 scores.

The demo has two scores; twelve of other sizes, drawn at random among its common sites, are put beside them, because few people and few
scores say little of how often a band of 90 % holds the truth.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

PEOPLE, SCORES = 20, 12
SOURCES = (("1x", {"depth": 1.0}), ("0.4x", {"depth": 0.4}), ("arrays", {"arrays": True}))


def main(people: int = PEOPLE, seed: str = "bench") -> None:
    from kitloop_genomics.demo.build import build_demo
    from kitloop_genomics.validation import validate

    with tempfile.TemporaryDirectory() as folder:
        demo = build_demo(Path(folder) / "demo")
        add_scores(demo.bundle)
        for name, how in SOURCES:
            found = validate(demo, people=people, seed=seed, **how)  # type: ignore[arg-type]
            rows = {"": found["accuracy"], ", sites that it lacks": found.get("accuracy_untyped")}
            for where, accuracy in rows.items():
                if accuracy is not None:
                    by = " ".join(f"{row['r2']:.3f}" for row in accuracy["by_maf"])
                    above = accuracy["r2_maf_above_5_percent"]
                    print(f"{name}{where}: r² by MAF {by}, above 5 % {above:.4f}, NRC {accuracy['nrc']:.4f}")
            rest = {
                key: value for key, value in found.items() if key.startswith(("ancestry", "score", "failed", "seconds"))
            }
            print(f"  {rest}", flush=True)


def add_scores(bundle: Path) -> None:
    """Twelve scoring files more, of 100 to 1,000 sites above 5 % with normal weights, into the bundle and its manifest."""
    from kitloop_genomics.bundle.manifest import read_manifest, write_manifest
    from kitloop_genomics.bundle.open import open_bundle

    opened = open_bundle(bundle)
    rng = np.random.default_rng(14)
    sites = []
    for chromosome in opened.panel.chromosomes:
        frequency = chromosome.alt_frequency
        alleles = zip(*chromosome.alleles(0, len(frequency)), strict=True)
        for position, (ref, alt), share in zip(chromosome.position.tolist(), alleles, frequency.tolist(), strict=True):
            # A/T and C/G read the same on both strands: some of them would be left out.
            if 0.05 < share < 0.95 and len(ref) == len(alt) == 1 and {ref, alt} not in ({"A", "T"}, {"C", "G"}):
                sites.append(f"{chromosome.name.removeprefix('chr')}\t{position}\t{alt}\t{ref}")
    head = f"#pgs_name=Drawn at random\n#genome_build={opened.manifest.build}\n"
    columns = "chr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
    for number in range(SCORES):
        chosen = np.sort(rng.choice(len(sites), int(rng.integers(100, 1_000)), replace=False)).tolist()
        rows = "".join(
            f"{sites[at]}\t{weight:.6f}\n" for at, weight in zip(chosen, rng.normal(0, 0.1, len(chosen)), strict=True)
        )
        name = f"DRAWN-{number + 1:02d}"
        (bundle / "scores" / f"{name}.txt").write_text(
            f"###PGS CATALOG SCORING FILE\n#format_version=2.0\n#pgs_id={name}\n{head}{columns}{rows}"
        )
    write_manifest(bundle, read_manifest(bundle))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
