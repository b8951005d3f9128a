"""Accuracy over several held-out people."""

from __future__ import annotations

import pytest
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.validation import validate


def test_two_people_at_1x_are_imputed_well(short_demo: Demo) -> None:
    report = validate(short_demo, people=2)
    assert report["failed"] == []
    assert report["accuracy"]["r2_maf_above_5_percent"] > 0.95
    assert report["accuracy"]["r2"] > 0.93
    assert report["ancestry_error_mean"] < 0.06
    assert [row["maf_to"] for row in report["accuracy"]["by_maf"]] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]


def test_a_person_from_an_array_is_imputed_at_the_sites_that_it_lacks(short_demo: Demo) -> None:
    report = validate(short_demo, people=1, arrays=True)
    assert (report["failed"], report["depth_x"]) == ([], None)
    assert report["accuracy"]["r2_maf_above_5_percent"] > 0.93
    every, lacking = (sum(row["sites"] for row in report[key]["by_maf"]) for key in ("accuracy", "accuracy_untyped"))
    assert 0.03 < 1 - lacking / every < 0.2


def test_people_who_all_fail_are_reported_as_such(short_demo: Demo) -> None:
    with pytest.raises(InputError, match="none of the 1 people passed"):
        validate(short_demo, people=1, depth=0.05)


@pytest.mark.long
@pytest.mark.parametrize(("depth", "least"), [(0.4, 0.95), (1.0, 0.98), (4.0, 0.99)])
def test_ten_people_reach_the_promised_accuracy(demo: Demo, depth: float, least: float) -> None:
    report = validate(demo, people=10, depth=depth)
    assert report["failed"] == []
    assert report["accuracy"]["r2_maf_above_5_percent"] > least
    assert report["score_band_coverage"] >= 0.75
    assert report["ancestry_interval_coverage"] >= 0.8
