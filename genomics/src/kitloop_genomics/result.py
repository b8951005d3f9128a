"""The result of an analysis: `result.json` and the JSON deliverables beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from kitloop_genomics.ancestry.estimate import REPLICATES, Ancestry
from kitloop_genomics.bundle.panel import Population
from kitloop_genomics.progress import Step
from kitloop_genomics.quality.controls import Control, warnings
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.scores.score import MATCH_RATE_FLOOR, Score, Unreported

SCHEMA = "kitloop-genomics/1"


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One file beside `result.json`; `file_type` as in the API, `path` relative, `size` in bytes."""

    file_type: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Companion:
    """A file beside `result.json` that isn't delivered: `name` says what it is, `path` is relative."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """A finished analysis. With status `failed_qc` ancestry is None, scores and traits are empty and reasons are not.

    bundle: `{"id", "version"}`.  ancestry, scores, accuracy: in the shape that they have in `result.json`.
    metrics: numbers by name, the unit in the name.  array: whose export it was and what became of its calls.
    companions: files for the operator and their tools, which are no deliverables.  identity, holds: who else it may be,
    and what somebody has to look at before the result is released; not for the person whose sample it is.
    """

    tool_version: str
    bundle: dict[str, str]
    sample_id: str
    status: Literal["succeeded", "failed_qc"]
    reasons: tuple[Reason, ...]
    quality_controls: tuple[Control, ...]
    ancestry: dict[str, Any] | None
    scores: tuple[dict[str, Any], ...]
    files: tuple[Deliverable, ...]
    metrics: dict[str, float]
    accuracy: dict[str, Any] | None
    steps: tuple[Step, ...]
    array: dict[str, Any] | None = None
    traits: tuple[dict[str, Any], ...] = ()
    companions: tuple[Companion, ...] = ()
    identity: dict[str, Any] | None = None
    holds: tuple[Reason, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The content of `result.json`. `accuracy` is there only with a truth, `array` only of an array export."""
        content = {
            "schema": SCHEMA,
            "tool_version": self.tool_version,
            "bundle": self.bundle,
            "sample_id": self.sample_id,
            "status": self.status,
            "reasons": [asdict(reason) for reason in self.reasons],
            "quality_controls": [control.as_json() for control in self.quality_controls],
            "warnings": [asdict(warning) for warning in warnings(list(self.quality_controls))],
            "holds": [asdict(hold) for hold in self.holds],
            "identity": self.identity,
            "ancestry": self.ancestry,
            "scores": list(self.scores),
            "traits": list(self.traits),
            "files": [asdict(file) for file in self.files],
            "companions": [asdict(file) for file in self.companions],
            "metrics": self.metrics,
            "accuracy": self.accuracy,
            "steps": [asdict(step) for step in self.steps],
        }
        if self.accuracy is None:
            del content["accuracy"]
        if self.array is not None:
            content["array"] = self.array
        return content


def quality_json(
    sample_id: str, why: list[Reason], controls: list[Control], metrics: dict[str, float]
) -> dict[str, Any]:
    """The content of `qc.json`. verdict: the worst of all controls, `pass`, `warn`, `hold` or `fail`."""
    verdicts = {control.verdict for control in controls} | ({"fail"} if why else set())
    return {
        "sample_id": sample_id,
        "status": "failed_qc" if why else "succeeded",
        "verdict": next((verdict for verdict in ("fail", "hold", "warn") if verdict in verdicts), "pass"),
        "reasons": [asdict(reason) for reason in why],
        "warnings": [asdict(warning) for warning in warnings(controls)],
        "quality_controls": [control.as_json() for control in controls],
        "metrics": metrics,
    }


def ancestry_json(ancestry: Ancestry, populations: tuple[Population, ...]) -> dict[str, Any]:
    """Proportions (0 to 1, summing to 1 up to rounding) with 95 % intervals.

    Populations that the data can't tell apart are one row, with the keys of both in `members`.
    """
    rows = []
    for group in ancestry.groups():
        together = [populations[at] for at in group]
        share = float(ancestry.share[group].sum())
        low, high = ancestry.low[group[0]], ancestry.high[group[0]]
        if len(group) > 1:
            low, high = np.percentile(ancestry.replicates[:, group].sum(axis=1), [2.5, 97.5])
        rows.append(
            {
                "key": "+".join(population.key for population in together),
                "name": " or ".join(population.name for population in together),
                "proportion": round(share, 4),
                "low": round(min(float(low), share), 4),
                "high": round(max(float(high), share), 4),
                "members": [population.key for population in together],
            }
        )
    return {
        "value": {"populations": rows},
        "metadata": {
            "method": "tracts of the panel's populations along the genome, from genotype likelihoods",
            "interval": f"95 %, {REPLICATES} draws of the tracts in {ancestry.windows} windows",
            "sites_used": ancestry.sites,
            "reference_populations": len(populations),
            "generations": round(ancestry.generations, 1),
            "outside_panel": False,
        },
    }


def score_json(found: Score | Unreported, settings: dict[str, Any]) -> dict[str, Any]:
    """One entry of `scores`. Unreported ones carry no value, percentile, risk or distribution."""
    file, matching = found.file, found.matching
    threshold = settings.get("risk_percentile_threshold")
    entry: dict[str, Any] = {
        "key": file.key,
        "name": file.name,
        "description": file.description,
        "reported": isinstance(found, Score),
        "not_reported_because": None,
        "value": None,
        "standard_error": None,
        "percentile": None,
        "percentile_low": None,
        "percentile_high": None,
        "match_rate": round(matching.rate, 4),
        "match_rate_min": MATCH_RATE_FLOOR,
        "variants_used": matching.used,
        "variants_total": matching.total,
        "variants_left_out": matching.left_out,
        "adjusted_for_ancestry": None,
        "unit": settings.get("unit", ""),
        "risk": None,
        "risk_percentile_threshold": threshold,
        "distribution": None,
    }
    if isinstance(found, Unreported):
        return {**entry, "not_reported_because": found.reason}
    entry |= {
        "value": round(found.value, 6),
        "standard_error": round(found.standard_error, 6),
        "percentile": round(found.percentile, 2),
        "percentile_low": round(found.percentile_low, 2),
        "percentile_high": round(found.percentile_high, 2),
        "adjusted_for_ancestry": found.adjusted,
        "distribution": found.distribution(),
    }
    if threshold is not None:
        entry["risk"] = "high_risk" if found.percentile >= threshold else "not_high_risk"
    return entry
