"""The report's data: complete, as its schema says, and silent about what is for the operator alone."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from conftest import Finished
from kitloop_genomics.bundle.open import Bundle
from kitloop_genomics.demo.build import Demo
from kitloop_genomics.pipeline import analyse
from kitloop_genomics.quality.controls import judge
from kitloop_genomics.quality.limits import FAIL, WARN, Limits
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.report.report import WHY, report, schema
from kitloop_genomics.sandbox.reads import simulate_reads

VERSIONS = {"tool": "1", "bundle": {"id": "a", "version": "2"}, "build": "b", "species": "s"}


def valid(content: dict) -> dict:
    """`content`, after the schema has looked at it."""
    jsonschema.Draft202012Validator(schema()).validate(content)
    return content


@pytest.fixture(scope="module")
def written(finished: Finished) -> dict:
    return valid(json.loads((finished.out / "report.json").read_text()))


def test_the_schema_is_one_and_leaves_nothing_open() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())

    def closed(part: object) -> bool:
        if isinstance(part, list):
            return all(map(closed, part))
        if not isinstance(part, dict):
            return True
        open_object = part.get("type") == "object" and "additionalProperties" not in part
        return not open_object and all(map(closed, part.values()))

    assert closed(schema())


def test_a_report_shows_what_the_result_found(written: dict, finished: Finished) -> None:
    result = finished.analysis.as_json()
    assert (written["status"], written["source"], written["sample_id"]) == ("succeeded", "reads", "kit-1")
    assert written["versions"]["tool"] == result["tool_version"]
    assert written["versions"]["bundle"] == result["bundle"]
    assert [row["key"] for row in written["quality"]["controls"]] == [row["key"] for row in result["quality_controls"]]
    assert written["ancestry"]["populations"] == result["ancestry"]["value"]["populations"]
    assert [row["percentile_low"] for row in written["scores"]["items"]] == [
        row["percentile_low"] for row in result["scores"]
    ]
    assert [row["outcome"] for row in written["traits"]["items"]] == [row["outcome"] for row in result["traits"]]


def test_its_picture_places_the_person_among_everyone_of_the_panel(written: dict) -> None:
    picture = written["ancestry"]["picture"]
    assert [(row["key"], len(row["people"])) for row in picture["populations"]] == [
        (key, 40) for key in ("aster", "birch", "cedar", "dune")
    ]
    assert 0.1 < sum(picture["variance_shares"]) < 0.6


def test_what_is_not_reported_says_why_in_words(written: dict) -> None:
    (missing,) = [row for row in written["traits"]["items"] if not row["reported"]]
    assert missing["not_reported_because"] == {"code": "not_in_panel", "message": WHY["not_in_panel"]}
    assert all(row["not_reported_because"] is None for row in written["scores"]["items"])


def test_a_failed_sample_has_a_report_without_results(short_demo: Demo, short_bundle: Bundle, tmp_path: Path) -> None:
    reads = simulate_reads(short_demo, "kit-1", tmp_path / "reads", problem="truncated")
    analyse(short_bundle, reads.r1, reads.r2, sample_id="kit-1", out=tmp_path / "out")
    content = valid(json.loads((tmp_path / "out" / "report.json").read_text()))
    assert (content["status"], content["quality"]["verdict"]) == ("failed_qc", "fail")
    assert [row["code"] for row in content["reasons"]] == ["fastq_truncated"]
    for part in ("ancestry", "scores", "traits"):
        assert content[part]["not_reported_because"]["code"] == "failed_qc"
    assert (content["ancestry"]["populations"], content["scores"]["items"], content["traits"]["items"]) == ([], [], [])


def test_a_hold_is_not_in_it() -> None:
    controls = judge({"sex_string": False}, Limits(FAIL, WARN), {"sex_string": "XX"})
    content = valid(
        report(
            versions=VERSIONS, sample_id="s", source="reads", reasons=[], controls=controls, metrics={},
            ancestry=None, picture=None, scores=[], traits=[],
        )
    )  # fmt: skip
    sex = content["quality"]["controls"][-1]
    assert (sex["text"], sex["verdict"], sex["reason"], content["quality"]["verdict"]) == ("XX", "pass", "", "pass")
    assert content["ancestry"]["not_reported_because"]["code"] == "no_data"


def test_ancestry_of_a_person_outside_the_panel_is_not_shown() -> None:
    rows = [{"key": "a", "name": "A", "proportion": 1.0, "low": 1.0, "high": 1.0, "members": ["a"]}]
    found = {"value": {"populations": rows}, "metadata": {"method": "m", "sites_used": 5, "outside_panel": True}}
    content = valid(
        report(
            versions=VERSIONS, sample_id="s", source="array", reasons=[], controls=[], metrics={}, ancestry=found,
            picture=None, scores=[], traits=[],
        )
    )  # fmt: skip
    assert content["ancestry"]["reported"] is False
    assert content["ancestry"]["not_reported_because"]["code"] == "outside_panel"
    assert content["ancestry"]["populations"] == []


def test_each_reason_that_the_result_knows_has_words() -> None:
    codes = schema()["properties"]["scores"]["properties"]["not_reported_because"]["oneOf"][1]["properties"]["code"][
        "enum"
    ]
    assert sorted(codes) == sorted(WHY)
    failed = report(
        versions=VERSIONS, sample_id="s", source="reads", reasons=[Reason("a", "A.")], controls=[], metrics={},
        ancestry=None, picture=None, scores=[], traits=[],
    )  # fmt: skip
    assert valid(failed)["reasons"] == [{"code": "a", "message": "A."}]
