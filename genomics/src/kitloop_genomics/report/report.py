"""`report.json`: what pages and printed reports show, and why what isn't shown isn't; `schema.json` describes it.

It is for the eyes of the person whose sample it was: what is held back for review (`holds`, `identity`) is not in it.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from kitloop_genomics.quality.controls import Control
from kitloop_genomics.quality.reason import Reason

SCHEMA = "kitloop-report/1"
# What a page may say where something is not reported. The codes are those of `result.json`.
WHY = {
    "failed_qc": "The sample did not pass quality control.",
    "no_data": "The data cover none of the sites that this needs.",
    "outside_panel": "Part of the ancestry is of a population that the reference panel lacks, so this would mislead.",
    "low_match_rate": "Too few of the score's variants are in the reference panel.",
    "wrong_build": "The score is made for another genome build.",
    "too_uncertain": "The data leave too much open for a useful result.",
    "not_in_panel": "The variant is not in the reference panel.",
    "low_confidence": "The genotype could not be determined with enough confidence.",
    "sex_undetermined": "The variant is on a sex chromosome, and the data leave open how many of these there are.",
    "no_such_chromosome": "The variant is on a chromosome that this sample does not have.",
}


def report(
    *,
    versions: dict[str, Any],
    sample_id: str,
    source: str,
    reasons: list[Reason],
    controls: list[Control],
    metrics: dict[str, float],
    ancestry: dict[str, Any] | None,
    picture: dict[str, Any] | None,
    scores: list[dict[str, Any]],
    traits: list[dict[str, Any]],
) -> dict[str, Any]:
    """The content of `report.json`. ancestry, scores and traits are those of `result.json`, source `reads` or `array`.

    The same arguments give the same bytes: no time stands in it.
    """
    failed = bool(reasons)
    return {
        "schema": SCHEMA,
        "versions": versions,
        "sample_id": sample_id,
        "source": source,
        "status": "failed_qc" if failed else "succeeded",
        "reasons": [{"code": reason.code, "message": reason.message} for reason in reasons],
        "quality": {
            "verdict": _worst([_verdict(control) for control in controls], failed=failed),
            "controls": [_control(control) for control in controls],
            "metrics": metrics,
        },
        "ancestry": _ancestry(ancestry, picture, failed=failed),
        "scores": {"not_reported_because": _why("failed_qc") if failed else None,
                   "items": [] if failed else [_because(score) for score in scores]},
        "traits": {"not_reported_because": _why("failed_qc") if failed else None,
                   "items": [] if failed else [_because(trait) for trait in traits]},
    }  # fmt: skip


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the report."""
    found: dict[str, Any] = json.loads(files("kitloop_genomics.report").joinpath("schema.json").read_text("utf-8"))
    return found


def _why(code: str) -> dict[str, str]:
    return {"code": code, "message": WHY[code]}


def _because(item: dict[str, Any]) -> dict[str, Any]:
    code = item["not_reported_because"]
    return {**item, "not_reported_because": None if code is None else _why(code)}


def _ancestry(ancestry: dict[str, Any] | None, picture: dict[str, Any] | None, *, failed: bool) -> dict[str, Any]:
    code = "failed_qc" if failed else "no_data" if ancestry is None else None
    if ancestry is not None and ancestry["metadata"]["outside_panel"]:
        code = code or "outside_panel"
    shown = ancestry if ancestry is not None and code is None else None
    return {
        "reported": shown is not None,
        "not_reported_because": None if code is None else _why(code),
        "populations": shown["value"]["populations"] if shown else [],
        "interval_percent": 95,
        "method": shown["metadata"]["method"] if shown else None,
        "sites_used": shown["metadata"]["sites_used"] if shown else None,
        "picture": picture if shown else None,
    }


def _control(control: Control) -> dict[str, Any]:
    verdict = _verdict(control)
    return {
        "key": control.type.key,
        "name": control.type.name,
        "description": control.type.description,
        "display_type": control.type.display_type,
        "value": control.value_measured,
        "text": control.value_string,
        "side": control.type.limit,
        "fails_beyond": control.value_expected,
        "warns_beyond": control.value_warn,
        "verdict": verdict,
        "reason": control.reason if verdict in ("warn", "fail") else "",
    }


def _verdict(control: Control) -> str:
    """A hold is between the operator and the lab."""
    return "pass" if control.verdict == "hold" else control.verdict


def _worst(verdicts: list[str], *, failed: bool) -> str:
    return "fail" if failed or "fail" in verdicts else "warn" if "warn" in verdicts else "pass"
