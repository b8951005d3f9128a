"""Simulated reads."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pysam
import pytest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.demo.history import landscape
from kitloop_genomics.errors import InputError
from kitloop_genomics.sandbox.person import draw_person
from kitloop_genomics.sandbox.problems import Problem
from kitloop_genomics.sandbox.reads import SimulatedReads, simulate_reads


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt") as stream:
        return stream.read().splitlines()


@pytest.mark.parametrize("problem", [None, *Problem])
def test_the_same_seed_gives_the_same_bytes(short_demo: Demo, tmp_path: Path, problem: Problem | None) -> None:
    one = simulate_reads(short_demo, "kit-9", tmp_path / "one", depth=0.2, problem=problem)
    two = simulate_reads(short_demo, "kit-9", tmp_path / "two", depth=0.2, problem=problem)
    names = sorted(path.name for path in one.r1.parent.iterdir())
    assert names == ["R1.fastq.gz", "R2.fastq.gz", "truth.json", "truth.vcf.gz", "truth.vcf.gz.tbi"]
    for name in names:
        assert (one.r1.parent / name).read_bytes() == (two.r1.parent / name).read_bytes()


def test_another_seed_gives_another_person(short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path) -> None:
    other = simulate_reads(short_demo, "kit-2", tmp_path)
    assert other.truth_vcf.read_bytes() != short_reads.truth_vcf.read_bytes()


def test_the_person_does_not_depend_on_the_depth(short_demo: Demo, short_reads: SimulatedReads, tmp_path: Path) -> None:
    shallow = simulate_reads(short_demo, "kit-1", tmp_path, depth=0.1)
    assert shallow.truth_vcf.read_bytes() == short_reads.truth_vcf.read_bytes()
    assert (shallow.pairs, short_reads.pairs) == (267, 2_667)


def test_reads_are_paired_150_bp_with_illumina_like_names(reads: SimulatedReads) -> None:
    one, two = _lines(reads.r1), _lines(reads.r2)
    assert reads.pairs == 13_333
    assert len(one) == len(two) == 4 * 13_333
    names = [line.split(" ")[0] for line in one[0::4]]
    assert names == [line.split(" ")[0] for line in two[0::4]]
    assert len(set(names)) == 13_333
    assert {len(name.split(":")) for name in names} == {7}
    assert {line.split(" ")[1] for line in one[0::4]} == {"1:N:0:ACGTTGCA"}
    assert {line.split(" ")[1] for line in two[0::4]} == {"2:N:0:ACGTTGCA"}
    assert {len(line) for line in one[1::4] + one[3::4] + two[1::4] + two[3::4]} == {150}
    assert set("".join(one[1::4])) <= set("ACGTN")


def test_errors_are_as_frequent_as_the_qualities_say() -> None:
    from kitloop_genomics.sandbox.sequencer import sequence_pairs

    genome = [np.full(5_000, ord("A"), np.uint8)]
    found = sequence_pairs(genome, 20_000, np.random.default_rng(1))
    forward = (found.bases[0] == ord("A")).mean(axis=1) > 0.5
    bases, quality = found.bases[0][forward], found.qualities[0][forward]
    for phred in (37, 25, 11):
        observed = (bases[quality == phred] != ord("A")).mean()
        assert observed == pytest.approx(10 ** (-phred / 10), rel=0.15)
    assert 0.002 < (bases[quality > 2] != ord("A")).mean() < 0.004


def test_inserts_and_duplicates_are_as_promised() -> None:
    from kitloop_genomics.sandbox.sequencer import sequence_pairs

    found = sequence_pairs([np.full(50_000, ord("A"), np.uint8)], 20_000, np.random.default_rng(3))
    assert 0.025 < found.duplicates / 20_000 < 0.035


def test_the_truth_is_the_persons_genotype_at_every_panel_site(
    demo: Demo, bundle: Bundle, reads: SimulatedReads
) -> None:
    person = draw_person(demo, "kit-1", bundle.contigs)
    expected = [
        (row.name, int(at), tuple(int(side) for side in pair))
        for row in person.chromosomes
        for at, pair in zip(row.position[row.in_panel], row.haplotypes[row.in_panel], strict=True)
    ]
    with pysam.VariantFile(str(reads.truth_vcf)) as file:
        found = [(record.chrom, record.pos, record.samples[0]["GT"]) for record in file]
        assert next(file.fetch("chr2", 0, 100_000)).chrom == "chr2"
    assert found == expected
    assert len(found) == bundle.panel.sites


def test_some_people_are_admixed_and_shares_sum_to_one(demo: Demo, bundle: Bundle) -> None:
    shares = np.array([draw_person(demo, f"person {at}", bundle.contigs).shares for at in range(40)])
    assert np.allclose(shares.sum(axis=1), 1)
    admixed = ((shares > 0.05).sum(axis=1) == 2).mean()
    assert 0.15 < admixed < 0.65
    assert (shares.max(axis=0) > 0.9).all()


def test_a_person_is_a_mosaic_of_held_out_haplotypes(demo: Demo, bundle: Bundle) -> None:
    person = draw_person(demo, "kit-1", bundle.contigs)
    with np.load(demo.people / "haplotypes.npz") as stored:
        row = person.chromosomes[0]
        held_out = np.unpackbits(stored["chr1.haplotypes"], axis=1)[:, :160]
    for side in range(2):
        # Greedily explain the haplotype by the longest exact matches: a mosaic needs only a few.
        at, pieces = 0, 0
        while at < len(row.position):
            agree = held_out[at:] == row.haplotypes[at:, side : side + 1]
            at += int(np.where(agree.all(axis=0), len(agree), agree.argmin(axis=0)).max())
            pieces += 1
        assert pieces < 15


def test_contaminated_reads_hold_two_people(short_demo: Demo, tmp_path: Path) -> None:
    simulated = simulate_reads(short_demo, "kit-1", tmp_path, problem="contaminated")
    assert simulated.pairs == 2_667
    truth = json.loads(simulated.truth_json.read_text())
    assert truth["contaminant_share"] == 0.3
    assert truth["problem"] == "contaminated"


def test_an_unknown_problem_or_depth_is_refused(demo: Demo, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose from low-depth, contaminated"):
        simulate_reads(demo, "kit-1", tmp_path, problem="gremlins")
    for depth in (0.0, -1.0, 61.0, float("nan")):
        with pytest.raises(InputError, match="depth must be"):
            simulate_reads(demo, "kit-1", tmp_path, depth=depth)
    assert list(tmp_path.iterdir()) == []


def test_the_simulator_loads_no_analysis_module(short_demo: Demo, tmp_path: Path) -> None:
    program = (
        "import sys; from kitloop_genomics import simulate_reads; from pathlib import Path;"
        f"simulate_reads(Path({str(short_demo.path)!r}), 'kit-1', Path({str(tmp_path)!r}), depth=0.1);"
        "print([name for name in ('numba', 'mappy', 'msprime', 'scipy', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_hotspots_that_touch_leave_no_stretch_without_length() -> None:
    shape = landscape(10_000_000, np.random.default_rng(5))  # the first seed where two do
    assert (np.diff(shape.edge) > 0).all()
    assert len(shape.rate) == len(shape.edge) - 1
    assert shape.centimorgans()[-1] == pytest.approx(12.8752)
