"""The short form of `validation/`: bcftools, and minimap2 where it is installed, find what we find."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.sandbox.reads import SimulatedReads
from validation.alignment import compare_alignment
from validation.imputation import compare_imputation
from validation.likelihoods import compare_likelihoods
from validation.measured import Measured, measured


def _unexpected(found: list[Measured]) -> list[Measured]:
    return [one for one in found if not one.fine]


def test_likelihoods_are_those_of_bcftools(finished: Finished, bundle: Bundle, tmp_path: Path) -> None:
    found = compare_likelihoods(finished.out / "alignment.bam", bundle, tmp_path)
    assert len(found) == 4
    assert _unexpected(found) == []


def test_records_are_those_of_minimap2(short_bundle: Bundle, short_reads: SimulatedReads, tmp_path: Path) -> None:
    found = compare_alignment(short_reads.r1, short_reads.r2, short_bundle, tmp_path)
    assert len(found) == 9
    assert _unexpected(found) == []
    if shutil.which("minimap2"):
        assert None not in [one.value for one in found]


def test_a_figure_outside_its_expectation_is_not_fine_and_one_that_cannot_be_had_is() -> None:
    good, bad = measured("kernels and their plain versions", {"comparisons alike": 90, "comparisons not alike": 1})
    assert (good.fine, bad.fine) == (True, False)
    assert all(one.fine and one.value is None for one in compare_imputation(None))
    with pytest.raises(KeyError, match="unheard of"):
        measured("kernels and their plain versions", {"unheard of": 1})
