"""Accuracy over several held-out people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.errors import InputError
from kitloop_genomics.imputation.model import Dosages
from kitloop_genomics.imputation.vcf import write_vcf
from kitloop_genomics.validation import _read_dosages, validate


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


def test_what_was_delivered_is_read_back_with_one_phase_set_or_several(short_bundle: Bundle, tmp_path: Path) -> None:
    panel, rng = short_bundle.panel.chromosomes, np.random.default_rng(5)
    made = []
    for several, row in zip((False, True), panel, strict=True):
        gp = rng.dirichlet([0.2, 0.2, 0.2], len(row.position)).astype(np.float32)
        gt = gp.argmax(axis=1).astype(np.int8)
        phased = np.stack([gt > 0, gt > 1], axis=1).astype(np.uint8)
        sets = np.where(np.arange(len(gp)) < 10, 0, 10) if several else None
        made.append(Dosages(gp[:, 1] + 2 * gp[:, 2], gp, gt, phased, None, sets))
    write_vcf(tmp_path / "x.vcf.gz", panel, made, short_bundle.contigs, "x")
    for one, back in zip(made, _read_dosages(tmp_path / "x.vcf.gz", panel), strict=True):
        np.testing.assert_allclose(back.gp, one.gp, atol=6e-5)


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
