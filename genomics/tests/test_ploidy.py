"""X, Y and the mitochondrion: one copy is imputed as well as the exact model does, and none has two alleles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam
import pytest
from kitloop_genomics.benchmark.fragments import sequence
from kitloop_genomics.bundle.manifest import Manifest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.bundle.sex_chromosomes import SexChromosomes, sex_chromosomes
from kitloop_genomics.errors import BundleError
from kitloop_genomics.imputation.chunks import Stretch, impute_all, stretches
from kitloop_genomics.imputation.exact import Parameters, impute_exactly
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.quality.review import Expected
from kitloop_genomics.sandbox.fastq_text import fastq_texts, gzipped
from kitloop_genomics.sandbox.sequencer import sequence_pairs
from sexed import LENGTHS, PAR, SEX, Chromosome


def _r2(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1] ** 2)


def test_x_of_xy_people_is_imputed_as_exactly_as_its_model_allows(sexed_genome: dict[str, Chromosome]) -> None:
    x = sexed_genome["chrX"]
    cm = x.position / 1e6
    panel = PanelChromosome("chrX", x.position, x.bases[x.position - 1], x.alt, (".",) * len(cm), x.panel, cm)
    copies = SEX.copies("chrX", x.position, "XY")
    single = copies == 1
    ours, exact, truth = [], [], []
    rng = np.random.default_rng(3)
    for person in range(4):
        both = x.other[:, 2 * person : 2 * person + 2]
        twice = sequence(x.position - 1, both, LENGTHS["chrX"], 0.8, rng).likelihood
        once = sequence(x.position - 1, both[:, [0, 0]], LENGTHS["chrX"], 0.4, rng).likelihood
        seen = np.where(single[:, None], once, twice)
        (found,) = impute_all((panel,), [seen], sample=str(person), effective_population_size=5_000, copies=[copies])
        assert found.copies is not None
        assert (found.copies == copies).all()
        assert (found.gp[single, 2] == 0).all()
        assert found.dosage[single].max() <= 1
        assert found.gt[single].max() == 1
        np.testing.assert_allclose(found.gp.sum(axis=1), 1, atol=1e-5)
        inside = PanelChromosome(
            "chrX", x.position[single], panel.ref[single], x.alt[single], (".",) * int(single.sum()), x.panel[single], cm[single]
        )  # fmt: skip
        alone = np.ascontiguousarray(once[single][:, ::2])
        exact.append(impute_exactly(inside, alone, Parameters(effective_population_size=5_000.0, mismatch=1e-4)).dosage)
        ours.append(found.dosage[single])
        truth.append(both[single, 0])
        assert _r2(found.dosage[~single], both[~single].sum(axis=1)) > 0.8
    true, engine, oracle = (np.concatenate(one).astype(float) for one in (truth, ours, exact))
    assert _r2(oracle, true) > 0.9
    assert _r2(engine, true) > _r2(oracle, true) - 0.005
    assert _r2(engine, oracle) > 0.99


@pytest.mark.parametrize(
    ("karyotype", "x", "y"),
    [("XX", 2, 0), ("XY", 1, 1), ("X0", 1, 0), ("XXY", 2, 1), ("XXX", 2, 0), ("XYY", 1, 1), ("undetermined", 2, 0)],
)
def test_copies_follow_the_karyotype(karyotype: str, x: int, y: int) -> None:
    position = np.array([1, 40_000, 40_001, 180_000, 180_001])
    assert SEX.copies("chrX", position, karyotype).tolist() == [2, 2, x, x, 2]
    assert SEX.copies("chrY", position, karyotype).tolist() == [y] * 5
    assert SEX.copies("chrM", position, karyotype).tolist() == [1] * 5
    assert SEX.copies("chr1", position, karyotype).tolist() == [2] * 5


def _manifest(build: str, said: dict[str, object]) -> Manifest:
    return Manifest("reference-bundle", "a", "1", build, "human", "CC0", {}, sex_chromosomes=said)


def test_human_builds_know_where_x_pairs_with_y_and_others_say_so_in_the_manifest() -> None:
    contigs = dict.fromkeys(["chr1", "chrX", "chrY", "chrM"], 1_000)
    known = sex_chromosomes(Path("b"), _manifest("GRCh38", {}), contigs)
    assert known == SexChromosomes("chrX", "chrY", "chrM", ((10_001, 2_781_479), (155_701_383, 156_030_895)))
    assert sex_chromosomes(Path("b"), _manifest("dog-4", {}), dict.fromkeys(["1", "X", "MT"], 1_000)) == SexChromosomes(
        "X", None, "MT"
    )
    assert sex_chromosomes(Path("b"), _manifest("demo-1", {}), {"chr1": 1_000, "chr2": 1_000}) == SexChromosomes()
    said = {"x": "chr1", "par": [[5, 9]]}
    assert sex_chromosomes(Path("b"), _manifest("GRCh38", said), contigs) == SexChromosomes("chr1", par=((5, 9),))


@pytest.mark.parametrize(
    "said", [{"x": "chr7"}, {"x": "chrX", "par": [[9, 5]]}, {"x": "chrX", "par": [7]}, {"z": "chrX"}, {"par": 3}]
)
def test_a_manifest_that_makes_no_sense_of_them_is_refused_with_a_remedy(said: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json.*sex_chromosomes can't be used.*Write"):
        sex_chromosomes(Path("b"), _manifest("x", said), {"chrX": 1_000})


def test_a_chromosome_is_cut_where_the_number_of_copies_changes() -> None:
    found = stretches(np.array([2, 2, 1, 1, 1, 0, 2], np.uint8))
    assert found == [Stretch(0, 2, 2), Stretch(2, 5, 1), Stretch(5, 6, 0), Stretch(6, 7, 2)]


@pytest.mark.parametrize("sex", ["XY", "XX"])
def test_a_run_calls_as_many_alleles_as_the_person_has_chromosomes(
    sexed_genome: dict[str, Chromosome], sexed_bundle: Bundle, tmp_path: Path, sex: str
) -> None:
    sides = {"chr1": (0, 1), "chrX": (0, 1), "chrY": (), "chrM": (0,)}
    if sex == "XY":
        sides |= {"chrX": (0,), "chrY": (0,)}
    sequences = [sexed_genome[name].sequence(side) for name, haplotypes in sides.items() for side in haplotypes]
    rng = np.random.default_rng(4)
    reads = sequence_pairs(sequences, sum(map(len, sequences)) // 300, rng)
    texts = fastq_texts(reads, "0" * 64, rng)
    for mate, text in enumerate(texts, 1):
        (tmp_path / f"R{mate}.fastq.gz").write_bytes(gzipped(text))
    result = analyse(
        sexed_bundle, tmp_path / "R1.fastq.gz", tmp_path / "R2.fastq.gz", sample_id="kit", out=tmp_path / "out",
        expected=Expected(sex="XY" if sex == "XX" else "XX"),
    )  # fmt: skip
    assert result.status == "succeeded"
    sex_control = next(one for one in result.quality_controls if one.type.key == "sex_string")
    assert sex_control.value_string.startswith(sex)
    calls: dict[str, list[tuple[int, tuple[int | None, ...]]]] = {}
    sets: dict[str, set[tuple[int, int | None]]] = {}
    with pysam.VariantFile(str(tmp_path / "out" / "imputed.vcf.gz")) as file:
        for record in file:
            entry = record.samples[0]
            calls.setdefault(record.chrom, []).append((record.pos, entry["GT"]))
            if "PS" in record.format:
                stretch = sum(record.pos >= edge for edge in (PAR[0][1] + 1, PAR[1][0]))
                sets.setdefault(record.chrom, set()).add((stretch, entry["PS"]))
            if entry["GT"] != (None,):
                assert len(entry["GP"]) == len(entry["GT"]) + 1
                assert 0 <= entry["DS"][0] <= len(entry["GT"])
    assert {name: len(rows) for name, rows in calls.items()} == {
        name: len(one.position) for name, one in sexed_genome.items()
    }
    in_par = [gt for at, gt in calls["chrX"] if at <= PAR[0][1] or at >= PAR[1][0]]
    between = [gt for at, gt in calls["chrX"] if PAR[0][1] < at < PAR[1][0]]
    assert {len(gt) for gt in in_par} == {2}
    assert {len(gt) for gt in between} == {2 if sex == "XX" else 1}
    # How the two sides of one pairing region go on in the other isn't known of who has one copy between them.
    in_second = next(at for at, _ in calls["chrX"] if at >= PAR[1][0])
    assert sets == ({"chrX": {(0, calls["chrX"][0][0]), (1, None), (2, in_second)}} if sex == "XY" else {})
    assert {gt for _, gt in calls["chrM"]} <= {(0,), (1,)}
    assert {gt for _, gt in calls["chrY"]} <= ({(0,), (1,)} if sex == "XY" else {(None,)})
    for name in ("chrM", "chrY") if sex == "XY" else ("chrM",):
        truth = sexed_genome[name].other[:, 0]
        assert (np.array([gt[0] for _, gt in calls[name]]) == truth).mean() > 0.98
