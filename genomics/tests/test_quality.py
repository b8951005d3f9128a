"""Quality controls and the estimate of contamination."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pysam.samtools
import pytest
from kitloop_genomics.bundle.open import Bundle, read_thresholds
from kitloop_genomics.bundle.panel import PanelChromosome
from kitloop_genomics.bundle.sex_chromosomes import SexChromosomes
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import BundleError
from kitloop_genomics.imputation.model import Dosages, read_by
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.quality.certainty import CertaintyReader
from kitloop_genomics.quality.contamination import log_likelihoods
from kitloop_genomics.quality.controls import ARRAY_CONTROL_TYPES, CONTROL_TYPES, holds, judge, reasons, warnings
from kitloop_genomics.quality.library import read_stats
from kitloop_genomics.quality.limits import FAIL, WARN, Limits, limits
from kitloop_genomics.quality.multiqc import control_table, general_statistics
from kitloop_genomics.quality.sex import agrees, karyotype, sex_of
from kitloop_genomics.sandbox.reads import simulate_reads


def test_a_minimum_fails_below_and_a_maximum_above() -> None:
    allowed = Limits({"bases_min": 100.0, "hzy_max": 0.3}, {})
    for measured, status in (({"bases_min": 100}, "succeeded"), ({"bases_min": 99}, "failed")):
        (control,) = [row for row in judge(measured, allowed, {}) if row.type.key == "bases_min"]
        assert (control.status, control.value_expected) == (status, 100)
    for measured, status in (({"hzy_max": 0.3}, "succeeded"), ({"hzy_max": 0.31}, "failed")):
        (control,) = [row for row in judge(measured, allowed, {}) if row.type.key == "hzy_max"]
        assert control.status == status


def test_what_was_not_measured_or_has_no_threshold_is_skipped() -> None:
    statuses = {row.type.key: row.status for row in judge({"bases_min": 5}, Limits({"hzy_max": 0.3}, {}), {})}
    assert set(statuses) == {kind.key for kind in CONTROL_TYPES}
    assert set(statuses.values()) == {"skipped"}


def test_controls_with_one_cause_give_one_reason() -> None:
    measured = {"bases_min": 1, "bases_dedup_min": 1, "hzy_max": 0.9}
    found = reasons(judge(measured, Limits({"bases_min": 5, "bases_dedup_min": 5, "hzy_max": 0.3}, {}), {}))
    assert [reason.code for reason in found] == ["too_little_data", "unusual_heterozygosity"]
    assert all(reason.message.endswith(".") for reason in found)


def test_controls_have_the_shape_of_the_wire() -> None:
    found = judge({"format": False, "cc_min": 0.123456789}, Limits({"cc_min": 0.9}, {}), {"format": "fastq_empty" * 20})
    shown = {row["key"]: row for row in (control.as_json() for control in found)}
    assert set(shown["format"]) == {
        "key", "name", "type", "display_type", "description", "value_expected", "value_measured", "value_string",
        "status", "verdict", "value_warn", "reason",
    }  # fmt: skip
    assert shown["format"]["value_measured"] is None
    assert len(shown["format"]["value_string"]) == 128
    assert shown["cc_min"]["value_measured"] == 0.123457


@pytest.mark.parametrize(
    ("measured", "verdict", "status", "reason"),
    [
        (0.35, "pass", "succeeded", ""),
        (0.349, "warn", "succeeded", "0.349 is below 0.35, the least without a warning"),
        (0.08, "warn", "succeeded", "0.08 is below 0.35, the least without a warning"),
        (0.079, "fail", "failed", "0.079 is below 0.08, the least allowed"),
        (float("nan"), "fail", "failed", "nan is below 0.08, the least allowed"),
        (None, "skipped", "skipped", "not measured"),
    ],
)
def test_between_its_two_limits_a_control_warns(measured: float | None, verdict: str, status: str, reason: str) -> None:
    allowed = Limits({"effective_coverage_min": 0.08}, {"effective_coverage_min": 0.35})
    found = {row.type.key: row for row in judge({"effective_coverage_min": measured}, allowed, {})}
    control = found["effective_coverage_min"]
    assert (control.verdict, control.status, control.reason) == (verdict, status, reason)
    assert [row.code for row in warnings(list(found.values()))] == (
        ["too_little_coverage"] if verdict == "warn" else []
    )


def test_a_control_of_the_library_warns_and_never_fails() -> None:
    measured = {"insert_size_min": 1.0, "error_rate_max": 0.9, "gc_slope_max": 9.0}
    found = [row for row in judge(measured, Limits(FAIL, WARN), {}) if row.verdict != "skipped"]
    assert [(row.type.key, row.verdict, row.status) for row in found] == [
        (key, "warn", "succeeded") for key in ("insert_size_min", "error_rate_max", "gc_slope_max")
    ]
    assert reasons(found) == []


def test_a_discordant_sex_holds_and_does_not_fail() -> None:
    found = judge({"sex_string": False}, Limits({}, {}), {"sex_string": "XX"})
    assert (found[-1].type.key, found[-1].verdict, found[-1].status) == ("sex_string", "hold", "succeeded")
    assert ([row.code for row in holds(found)], reasons(found)) == (["sex_discordant"], [])


def test_the_bundles_limits_win_over_the_defaults_and_depth_goes_by_the_genome() -> None:
    found = limits({"quality_controls": {"cc_min": 0.5}, "quality_warnings": {"cc_min": 0.7}}, 3_000_000_000)
    assert (found.fail["cc_min"], found.warn["cc_min"]) == (0.5, 0.7)
    assert (found.fail["bases_min"], found.warn["bases_min"]) == (300_000_000, 1_200_000_000)
    assert found.fail["expected_r2_min"] == 0.85


@pytest.mark.parametrize(
    "content",
    [
        {"quality_controls": {}, "quality_warnings": {"cc_min": "high"}},
        {"quality_controls": {"cc_min": True}},
        {"quality_controls": {}, "quality_warnings": 5},
        {"quality_controls": {}, "sex": {"y_mappable": 0}},
        {"quality_controls": {}, "sex": {"x_mappable": 0.5}},
    ],
)
def test_limits_that_cannot_be_read_are_named_with_their_file(tmp_path: Path, content: dict) -> None:
    (tmp_path / "thresholds.json").write_text(json.dumps(content))
    with pytest.raises(BundleError, match=r"thresholds\.json: the thresholds can't be read .* Write \{"):
        read_thresholds(tmp_path / "thresholds.json")


def _chromosome(percent: int) -> PanelChromosome:
    """100,000 sites whose ALT is in so many of 100 haplotypes."""
    count, none = 100_000, np.zeros((100_000, 100), np.uint8)
    copies = np.full((count, 1), percent, np.uint16)
    return PanelChromosome(
        "chr1", np.arange(count), none[:, 0], none[:, 0], (".",) * count, none, np.zeros(count), copies
    )


def test_the_expected_accuracy_is_that_of_calibrated_posteriors() -> None:
    rng = np.random.default_rng(4)
    gp = rng.dirichlet([0.3, 0.3, 0.3], 200_000)
    truth = (rng.random(200_000)[:, None] > gp.cumsum(axis=1)).sum(axis=1)
    halves = [Dosages(half[:, 0], half, half[:, 0].astype(np.int8)) for half in np.split(gp.astype(np.float32), 2)]
    found = read_by(CertaintyReader(), [_chromosome(40)] * 2, halves).result()
    dosage = gp[:, 1] + 2 * gp[:, 2]
    assert found["expected_r2_min"] == pytest.approx(np.corrcoef(dosage, truth)[0, 1] ** 2, abs=0.005)
    assert found["cc_min"] == pytest.approx((gp.argmax(axis=1) == truth).mean(), abs=0.005)
    rare = read_by(CertaintyReader(), [_chromosome(1)] * 2, halves).result()
    assert (rare["expected_r2_min"], rare["cc_min"]) == (None, None)
    once = [replace(half, copies=np.ones(len(half.gp), np.uint8)) for half in halves]
    assert found["hzy_max"] == pytest.approx(1 / 3, abs=0.005)
    assert read_by(CertaintyReader(), [_chromosome(40)] * 2, once).result()["hzy_max"] == 0


def test_errors_and_the_pull_of_gc_are_read_from_samtools() -> None:
    rows = [
        f"GCD\t{gc}.0\t{share}\t0\t0\t{1 + (gc - 40) * 0.02:.3f}\t0\t0" for gc, share in ((30, 25), (40, 75), (50, 100))
    ]
    head = ["SN\tbases mapped (cigar):\t2000\t# more accurate", "SN\tmismatches:\t8\t# from NM fields"]
    found = read_stats("\n".join([*head, "GCD\t0.0\t0.1\t0\t0\t9.0\t0\t0", *rows]))
    assert found.error_rate == 0.004
    assert found.gc_slope == pytest.approx(0.2, abs=0.001)
    nothing = read_stats("SN\tbases mapped (cigar):\t0\t#\nSN\tmismatches:\t0\t#")
    assert (nothing.error_rate, nothing.gc_slope) == (None, None)


@pytest.mark.parametrize(
    ("x_copies", "y_copies", "expected"),
    [
        (2.0, 0.02, "XX"), (1.0, 0.95, "XY"), (1.05, 0.0, "X0"), (2.1, 1.0, "XXY"), (3.0, 0.0, "XXX"),
        (0.95, 2.1, "XYY"), (1.5, 0.0, "undetermined"), (1.0, 0.5, "undetermined"), (0.1, 1.0, "undetermined"),
    ],
)  # fmt: skip
def test_the_karyotype_is_the_nearest_or_none(x_copies: float, y_copies: float, expected: str) -> None:
    assert karyotype(x_copies, y_copies) == expected


def test_declared_and_found_sex_agree_or_not_or_stay_open() -> None:
    assert (agrees("XX", "XX"), agrees("XX", "X0"), agrees("XY", "XXY"), agrees("XX", "XY")) == (
        True,
        True,
        True,
        False,
    )
    assert agrees("XX", "undetermined") is None


SEX = SexChromosomes("chrX", "chrY")


def _bam(folder: Path, lengths: dict[str, int], reads: dict[str, int], mapq: int = 60) -> tuple[Path, Path]:
    """A BAM with that many reads on each sequence, and its reference, half of whose Y is unknown."""
    bases = {name: "N" * (length // 2) + "A" * (length - length // 2) if name == "chrY" else "A" * length
             for name, length in lengths.items()}  # fmt: skip
    (folder / "ref.fa").write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": length} for n, length in lengths.items()]}
    with pysam.AlignmentFile(str(folder / "x.bam"), "wb", header=header) as out:
        for at, name in enumerate(lengths):
            for number in range(reads[name]):
                record = pysam.AlignedSegment(out.header)
                record.query_name, record.query_sequence = f"{name}{number}", "A" * 50
                record.reference_id, record.reference_start = at, number * (lengths[name] - 50) // max(reads[name], 1)
                record.mapping_quality, record.cigarstring, record.flag = mapq, "50M", 0
                out.write(record)
    pysam.samtools.index(str(folder / "x.bam"))
    return folder / "x.bam", folder / "ref.fa"


def test_sex_is_told_from_the_depth_on_the_known_part_of_x_and_y(tmp_path: Path) -> None:
    lengths = {"chr1": 100_000, "chrX": 50_000, "chrY": 20_000, "chrM": 1_000}
    bam, reference = _bam(tmp_path, lengths, {"chr1": 2_000, "chrX": 510, "chrY": 95, "chrM": 900})
    found = sex_of(bam, reference, lengths, SEX)
    assert found.karyotype == "XY"
    assert found.x_copies == pytest.approx(1.02)
    assert found.y_copies == pytest.approx(0.95)
    assert sex_of(bam, reference, lengths, SEX, y_mappable=0.475).karyotype == "XYY"
    assert sex_of(bam, reference, {"chr1": 100_000}, SexChromosomes()).karyotype == "undetermined"


def test_reads_that_fit_in_several_places_do_not_count_for_the_sex(tmp_path: Path) -> None:
    lengths = {"1": 100_000, "X": 50_000, "Y": 20_000}
    bam, reference = _bam(tmp_path, lengths, {"1": 2_000, "X": 510, "Y": 95}, mapq=3)
    assert sex_of(bam, reference, lengths, SexChromosomes("X", "Y")).karyotype == "undetermined"


def test_multiqc_finds_a_column_and_a_verdict_of_each_sample() -> None:
    controls = judge({"mapped_fraction_min": 0.8, "sex_string": True}, Limits(FAIL, WARN), {"sex_string": "XX"})
    general = general_statistics("kit-1", controls)
    assert (general["plot_type"], general["data"]) == (
        "generalstats", {"kit-1": {"mapped_fraction_min": 0.8, "sex_string": "XX"}},
    )  # fmt: skip
    assert set(general["data"]["kit-1"]) < set(general["headers"])
    assert all(column["title"] and column["description"] for column in general["headers"].values())
    table = control_table("kit-1", "warn", controls)
    assert table["plot_type"] == "table"
    assert table["data"]["kit-1"]["mapped_fraction_min"] == "warn"
    assert set(table["data"]["kit-1"]) == {"verdict", *(row.type.key for row in controls)}


def test_reads_and_arrays_name_the_same_columns_because_multiqc_takes_the_last_ones() -> None:
    of_reads, of_array = (judge({}, Limits({}, {}), {}, kinds) for kinds in (CONTROL_TYPES, ARRAY_CONTROL_TYPES))
    for table in (lambda rows: general_statistics("a", rows), lambda rows: control_table("a", "pass", rows)):
        one, other = table(of_reads), table(of_array)
        assert one["headers"] == other["headers"]
        assert set(one["data"]["a"]) | set(other["data"]["a"]) <= set(one["headers"])


def plain_log_likelihood(site, is_alt, error, prior, frequency, share) -> float:  # type: ignore[no-untyped-def]
    total = 0.0
    for m in np.unique(site):
        p = frequency[m]
        strangers = [(1 - p) ** 2, 2 * p * (1 - p), p**2]
        chance = 0.0
        for own in range(3):
            for other in range(3):
                reads = 1.0
                for k in np.flatnonzero(site == m):
                    alt = (1 - share) * own / 2 + share * other / 2
                    shows_alt = alt * (1 - error[k]) + (1 - alt) * error[k]
                    reads *= shows_alt if is_alt[k] else 1 - shows_alt
                chance += prior[m, own] * strangers[other] * reads
        total += np.log(chance)
    return total


def test_the_contamination_likelihood_equals_the_plain_one() -> None:
    rng = np.random.default_rng(1)
    site = np.sort(rng.integers(0, 12, 30))
    is_alt = rng.integers(0, 2, 30).astype(np.uint8)
    error = rng.uniform(0.001, 0.1, 30)
    prior = rng.dirichlet([1, 1, 1], 12)
    frequency = rng.uniform(0.05, 0.95, 12)
    shares = np.array([0.0, 0.1, 0.5])
    stretch = np.arange(12) // 5
    found = log_likelihoods(site, is_alt, error, prior, frequency, shares, stretch, 4)
    expected = np.zeros((3, 4))  # nothing is seen of the last stretch
    for at in range(3):
        use = stretch[site] == at
        expected[:, at] = [
            plain_log_likelihood(site[use], is_alt[use], error[use], prior, frequency, share) for share in shares
        ]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_dna_of_a_second_person_of_the_same_population_is_noticed(demo: Demo, bundle: Bundle, tmp_path: Path) -> None:
    reads = simulate_reads(demo, "k2", tmp_path / "reads", depth=0.5, problem="contaminated")
    found = analyse(bundle, reads.r1, reads.r2, sample_id="k2", out=tmp_path / "out")
    assert found.status == "failed_qc"
    assert "contaminated" in [reason.code for reason in found.reasons]
    measured = {row.type.key: row.value_measured for row in found.quality_controls}["fraction_contamination_max"]
    assert measured is not None
    assert 0.06 < measured < 0.4
