"""Simulate the sequencing of a synthetic person."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kitloop_genomics.demo.build import Demo, open_demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.sandbox.damage import packed
from kitloop_genomics.sandbox.fastq_text import fastq_texts
from kitloop_genomics.sandbox.person import Person, PersonChromosome, draw_person, generator
from kitloop_genomics.sandbox.problems import CONTAMINANT_SHARE, LOW_DEPTH_X, Problem
from kitloop_genomics.sandbox.sequencer import READ_BP, Reads, sequence_pairs
from kitloop_genomics.sandbox.truth import write_truth_json, write_truth_vcf
from kitloop_genomics.writing import folder_beside, writing

MAX_DEPTH_X = 60.0


@dataclass(frozen=True, slots=True)
class SimulatedReads:
    """The files of one simulated sequencing run. `pairs` counts read pairs, duplicates among them included."""

    r1: Path
    r2: Path
    truth_vcf: Path
    truth_json: Path
    pairs: int


def simulate_reads(
    demo: Demo | Path, seed: str, out: Path, *, depth: float = 1.0, problem: Problem | str | None = None
) -> SimulatedReads:
    """Sequence the synthetic person of `seed` (any text, say a kit id) at `depth` (mean coverage, x).

    Writes `R1.fastq.gz`, `R2.fastq.gz`, `truth.vcf.gz` with index and `truth.json` into `out`, each whole or not
    at all, replacing earlier ones. The same demo, seed, depth and problem give the same bytes. Raises `InputError`
    for a depth outside 0 to 60 or an unknown problem, `BundleError` for a demo that can't be used.
    """
    if not isinstance(demo, Demo):
        demo = open_demo(Path(demo))
    if not 0 < depth <= MAX_DEPTH_X:
        raise InputError(f"depth must be above 0 and at most {MAX_DEPTH_X:g}, not {depth:g}")
    try:
        problem = Problem(problem) if problem is not None else None
    except ValueError:
        raise InputError(f"unknown problem '{problem}': choose from {', '.join(Problem)}") from None
    if problem is Problem.LOW_DEPTH:
        depth = LOW_DEPTH_X
    reference = read_reference(demo.bundle / "reference.fa")
    lengths = {name: len(bases) for name, bases in reference.items()}
    person = draw_person(demo, seed, lengths)
    pairs = round(depth * sum(lengths.values()) / (2 * READ_BP))
    rng = generator("reads", seed)
    strangers = round(pairs * CONTAMINANT_SHARE) if problem is Problem.CONTAMINATED else 0
    reads = sequence_pairs(genome_of(person, reference), pairs - strangers, rng)
    if strangers:
        stranger = draw_person(demo, f"{seed}:contaminant", lengths)
        reads = _mixed(reads, sequence_pairs(genome_of(stranger, reference), strangers, rng), rng)
    texts = fastq_texts(reads, hashlib.sha256(seed.encode()).hexdigest(), rng)
    facts: dict[str, object] = {
        "seed": seed, "depth_x": depth, "problem": problem, "read_pairs": pairs, "duplicate_pairs": reads.duplicates,
        "contaminant_share": CONTAMINANT_SHARE if strangers else 0.0,
    }  # fmt: skip
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with folder_beside(out / "reads") as work:
        for name, content in zip(("R1.fastq.gz", "R2.fastq.gz"), packed(texts, problem), strict=True):
            with writing(out / name):
                (work / name).write_bytes(content)
        write_truth_vcf(work, person, lengths)
        write_truth_json(work, person, facts)
        for path in sorted(work.iterdir()):
            os.replace(path, out / path.name)
    return SimulatedReads(out / "R1.fastq.gz", out / "R2.fastq.gz", out / "truth.vcf.gz", out / "truth.json", pairs)


def read_reference(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Each sequence of a FASTA file as ASCII bases."""
    sequences = {}
    for block in path.read_bytes().split(b">")[1:]:
        header, _, body = block.partition(b"\n")
        sequences[header.split()[0].decode()] = np.frombuffer(body.replace(b"\n", b""), np.uint8)
    return sequences


def genome_of(person: Person, reference: dict[str, NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """The person's sequence: two arrays of ASCII bases per chromosome."""
    genome = []
    for row in person.chromosomes:
        for side in range(2):
            sequence = reference[row.name].copy()
            carried = row.haplotypes[:, side] == 1
            snp = carried.copy()
            snp[list(row.others)] = False
            sequence[row.position[snp] - 1] = row.alt[snp]
            genome.append(_with_others(sequence, row, carried))
    return genome


def _with_others(sequence: NDArray[np.uint8], row: PersonChromosome, carried: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Insertions and deletions put in from the end on, so that the places before them stay."""
    for site in sorted(row.others, reverse=True):
        if carried[site]:
            ref, alt = row.others[site]
            at = int(row.position[site]) - 1
            middle = np.frombuffer(alt.encode(), np.uint8)
            sequence = np.concatenate([sequence[:at], middle, sequence[at + len(ref) :]])
    return sequence


def _mixed(one: Reads, other: Reads, rng: np.random.Generator) -> Reads:
    order = rng.permutation(len(one.bases[0]) + len(other.bases[0]))

    def join(mine: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.concatenate([mine, theirs])[order]

    return Reads(
        (join(one.bases[0], other.bases[0]), join(one.bases[1], other.bases[1])),
        (join(one.qualities[0], other.qualities[0]), join(one.qualities[1], other.qualities[1])),
        one.duplicates + other.duplicates,
    )
