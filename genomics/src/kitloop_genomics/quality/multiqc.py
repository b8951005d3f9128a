"""Files that MultiQC finds and shows: custom content, recognised by names that end in `_mqc.json`.

Format: https://docs.seqera.io/multiqc/custom_content. MultiQC joins sections of one id over all folders that it is
given, one row per sample. It is not a dependency.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kitloop_genomics.quality.controls import ARRAY_CONTROL_TYPES, CONTROL_TYPES, Control
from kitloop_genomics.writing import write_json

GENERAL_FILE, CONTROLS_FILE = "kitloop_general_mqc.json", "kitloop_controls_mqc.json"
# Every file names all columns: MultiQC takes those of the file that it reads last, and samples of reads and of arrays may stand
# in one report.
_TYPES = {kind.key: kind for kind in (*ARRAY_CONTROL_TYPES, *CONTROL_TYPES)}
# Of the many controls, those that a reader of the first table wants; with how they are shown.
_GENERAL: dict[str, dict[str, Any]] = {
    "effective_coverage_min": {"format": "{:,.2f}", "suffix": " x", "scale": "GnBu"},
    "mapped_fraction_min": {"format": "{:.1%}", "scale": "RdYlGn"},
    "duplicates_fraction_max": {"format": "{:.1%}", "scale": "OrRd"},
    "fraction_contamination_max": {"format": "{:.1%}", "scale": "OrRd"},
    "expected_r2_min": {"format": "{:.3f}", "scale": "RdYlGn"},
    "sex_string": {"scale": False},
}


def write_multiqc(folder: Path, sample_id: str, verdict: str, controls: list[Control]) -> None:
    """Both files into `folder`."""
    write_json(folder / GENERAL_FILE, general_statistics(sample_id, controls))
    write_json(folder / CONTROLS_FILE, control_table(sample_id, verdict, controls))


def general_statistics(sample_id: str, controls: list[Control]) -> dict[str, Any]:
    """`kitloop_general_mqc.json`: columns for MultiQC's table of general statistics."""
    row = {control.type.key: _value(control) for control in controls if control.type.key in _GENERAL}
    return {
        "id": "kitloop_general",
        "plot_type": "generalstats",
        "headers": {key: {**_titled(key), **look} for key, look in _GENERAL.items()},
        "data": {sample_id: {key: value for key, value in row.items() if value is not None}},
    }


def control_table(sample_id: str, verdict: str, controls: list[Control]) -> dict[str, Any]:
    """`kitloop_controls_mqc.json`: a table of the verdict on every control, pass green, warn yellow, fail red."""
    colours = [{"pass": "#5cb85c"}, {"warn": "#f0ad4e"}, {"fail": "#d9534f"}, {"hold": "#5bc0de"}]
    rules = {name: [{"s_eq": name}] for colour in colours for name in colour}
    look = {"scale": False, "cond_formatting_rules": rules, "cond_formatting_colours": colours}
    headers = {"verdict": {"title": "Verdict", "description": "The worst of all controls", **look}}
    headers |= {key: {**_titled(key), **look} for key in _TYPES}
    row = {"verdict": verdict, **{control.type.key: control.verdict for control in controls}}
    return {
        "id": "kitloop_controls",
        "section_name": "Kitloop quality controls",
        "description": "The verdict of each control of the low-pass analysis.",
        "plot_type": "table",
        "pconfig": {"id": "kitloop_controls_table", "title": "Kitloop: quality controls", "no_violin": True},
        "headers": headers,
        "data": {sample_id: row},
    }


def _titled(key: str) -> dict[str, Any]:
    return {"title": _TYPES[key].name, "description": _TYPES[key].description}


def _value(control: Control) -> float | str | None:
    return control.value_string or None if control.type.type == "string" else control.value_measured
