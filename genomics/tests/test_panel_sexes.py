"""Which sequences are X, Y and the mitochondrion, as `panel build` is told: kept in the bundle, or refused with the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pysam
import pysam.samtools
import pytest
from click.testing import CliRunner, Result
from kitloop_genomics.building.sources import Description
from kitloop_genomics.bundle.open import open_bundle
from kitloop_genomics.bundle.sex_chromosomes import HUMAN_PAR, SexChromosomes, stated
from kitloop_genomics.command import kitloop_genomics
from kitloop_genomics.errors import InputError
from kitloop_genomics.quality.sex import sex_of
from panel_sources import Small, small_panel


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_panel(tmp_path_factory.mktemp("small"), sites=40)


def _build(small: Small, out: Path, *more: str) -> Result:
    sources = small.sources
    words = ["panel", "build", "--fasta", sources.fasta, "--vcf", small.vcf, "--map", sources.maps[0], "--populations",
             sources.populations, "--build", "cattle-1", "--out", out, *more]  # fmt: skip
    return CliRunner().invoke(kitloop_genomics, [str(word) for word in words])


def test_a_species_of_other_names_is_built_from_the_command(small: Small, tmp_path: Path) -> None:
    done = _build(small, tmp_path / "b", "--x", "chr2", "--par", "1-5,000", "--par", "18001-20000")
    assert done.exit_code == 0, done.output
    found = open_bundle(tmp_path / "b").sex_chromosomes
    assert found == SexChromosomes("chr2", par=((1, 5_000), (18_001, 20_000)))


@pytest.mark.parametrize("check", [(), ("--check-only",)])
def test_a_name_that_the_fasta_has_not_got_is_refused_before_the_panel_is_read(
    small: Small, tmp_path: Path, check: tuple[str, ...]
) -> None:
    done = _build(small, tmp_path / "b", "--x", "chrX", *check)
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith("the sex chromosomes can't be used: the reference has no chrX. Give --x")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("text", ["7", "1-", "a-b", "-5", "5--7"])
def test_a_stretch_that_is_no_stretch_is_a_usage_error(small: Small, tmp_path: Path, text: str) -> None:
    done = _build(small, tmp_path / "b", "--x", "chr2", f"--par={text}")
    assert done.exit_code == 2
    assert "is not of the form FIRST-LAST" in done.output


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"x": "Z", "y": "Z"}, "one sequence is named twice"),
        ({"x": "Z", "par": [[1, 2_000]]}, "the stretch 1-2000 of par ends after Z, which has 1000 bp"),
        ({"x": "Z", "par": [[0, 5]]}, "the stretch 0-5 of par ends before it begins, or begins before 1"),
        ({"x": "Z", "par": [[9, 5]]}, "the stretch 9-5 of par ends before it begins"),
        ({"x": "Z", "par": [[50, 90], [1, 50]]}, "the stretches of par overlap at 50"),
        ({"y": "W", "par": [[1, 5]]}, "par is of X, and no x is named"),
        ({"mitochondrial": "chrM"}, "the reference has no chrM"),
        ({"z": "Z"}, "the field z is unknown"),
    ],
)
def test_what_does_not_fit_the_reference_is_refused_by_name(said: dict[str, Any], problem: str) -> None:
    description = Description("a", "1", "bird-1", "a bird", "CC0", sex_chromosomes=said)
    with pytest.raises(InputError) as refused:
        description.check_sequences({"1": 5_000, "Z": 1_000, "W": 500})
    assert problem in str(refused.value)


def test_a_human_build_of_unusual_names_keeps_its_pairing_regions() -> None:
    contigs = {"NC_000023.11": 156_040_895, "NC_000024.10": 57_227_415}
    said = {"x": "NC_000023.11", "y": "NC_000024.10"}
    assert stated(said, "GRCh38", contigs).par == HUMAN_PAR[38]
    assert stated({**said, "par": []}, "GRCh38", contigs).par == ()
    assert stated(said, "dog-4", contigs).par == ()


def test_sex_is_told_by_the_named_sequences_without_the_pairing_regions(tmp_path: Path) -> None:
    lengths = {"1": 100_000, "30": 50_000, "31": 20_000, "MT": 1_000}
    (tmp_path / "ref.fa").write_text("".join(f">{name}\n{'A' * length}\n" for name, length in lengths.items()))
    # Every 50 bp a read on the autosome and where X pairs with Y, every 100 bp one on the rest of X and on Y.
    places = {"1": range(0, 100_000, 50), "30": [*range(0, 20_000, 50), *range(20_000, 50_000, 100)],
              "31": range(0, 20_000, 100), "MT": range(900)}  # fmt: skip
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": length} for n, length in lengths.items()]}
    with pysam.AlignmentFile(str(tmp_path / "x.bam"), "wb", header=header) as out:
        for number, at in enumerate(places):
            for place in places[at]:
                record = pysam.AlignedSegment(out.header)
                record.query_name, record.query_sequence, record.flag = f"{at}:{place}", "A" * 10, 0
                record.reference_id, record.reference_start = number, place
                record.mapping_quality, record.cigarstring = 60, "10M"
                out.write(record)
    pysam.samtools.index(str(tmp_path / "x.bam"))
    found = sex_of(tmp_path / "x.bam", tmp_path / "ref.fa", lengths, SexChromosomes("30", "31", "MT", ((1, 20_000),)))
    assert found.karyotype == "XY"
    assert found.x_copies == pytest.approx(1.0)
    assert found.y_copies == pytest.approx(1.0)
    assert sex_of(tmp_path / "x.bam", tmp_path / "ref.fa", lengths, SexChromosomes()).karyotype == "undetermined"
