"""Quality controls and the estimate of contamination."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.quality.contamination import log_likelihoods
from kitloop_genomics.quality.controls import CONTROL_TYPES, judge, reasons
from kitloop_genomics.sandbox.reads import simulate_reads


def test_a_minimum_fails_below_and_a_maximum_above() -> None:
    thresholds = {"bases_min": 100.0, "hzy_max": 0.3}
    for measured, status in (({"bases_min": 100}, "succeeded"), ({"bases_min": 99}, "failed")):
        (control,) = [row for row in judge(measured, thresholds, {}) if row.type.key == "bases_min"]
        assert (control.status, control.value_expected) == (status, 100)
    for measured, status in (({"hzy_max": 0.3}, "succeeded"), ({"hzy_max": 0.31}, "failed")):
        (control,) = [row for row in judge(measured, thresholds, {}) if row.type.key == "hzy_max"]
        assert control.status == status


def test_what_was_not_measured_or_has_no_threshold_is_skipped() -> None:
    statuses = {row.type.key: row.status for row in judge({"bases_min": 5}, {"hzy_max": 0.3}, {})}
    assert set(statuses) == {kind.key for kind in CONTROL_TYPES}
    assert set(statuses.values()) == {"skipped"}


def test_controls_with_one_cause_give_one_reason() -> None:
    measured = {"bases_min": 1, "bases_dedup_min": 1, "hzy_max": 0.9}
    found = reasons(judge(measured, {"bases_min": 5, "bases_dedup_min": 5, "hzy_max": 0.3}, {}))
    assert [reason.code for reason in found] == ["too_little_data", "unusual_heterozygosity"]
    assert all(reason.message.endswith(".") for reason in found)


def test_controls_have_the_shape_of_the_wire() -> None:
    found = judge({"format": False, "cc_min": 0.123456789}, {"cc_min": 0.9}, {"format": "fastq_empty" * 20})
    shown = {row["key"]: row for row in (control.as_json() for control in found)}
    assert set(shown["format"]) == {
        "key", "name", "type", "display_type", "description", "value_expected", "value_measured", "value_string",
        "status",
    }  # fmt: skip
    assert shown["format"]["value_measured"] is None
    assert len(shown["format"]["value_string"]) == 128
    assert shown["cc_min"]["value_measured"] == 0.123457


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
    found = log_likelihoods(site, is_alt, error, prior, frequency, shares)
    expected = [plain_log_likelihood(site, is_alt, error, prior, frequency, share) for share in shares]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


# The stranger of k2 is of the same population, the hardest case.
@pytest.mark.parametrize("person", ["kit-3", "k2"])
def test_a_second_persons_dna_is_noticed(demo: Demo, bundle: Bundle, tmp_path: Path, person: str) -> None:
    reads = simulate_reads(demo, person, tmp_path / "reads", problem="contaminated")
    found = analyse(bundle, reads.r1, reads.r2, sample_id=person, out=tmp_path / "out")
    assert found.status == "failed_qc"
    assert "contaminated" in [reason.code for reason in found.reasons]
    measured = {row.type.key: row.value_measured for row in found.quality_controls}["fraction_contamination_max"]
    assert measured is not None
    assert 0.06 < measured < 0.4
