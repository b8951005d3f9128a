"""What a run has found so far: measurements for the quality controls, and results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from kitloop_genomics.accuracy import Compared
from kitloop_genomics.quality.controls import CONTROL_TYPES, Control, ControlType, judge, reasons
from kitloop_genomics.quality.limits import Limits
from kitloop_genomics.quality.reason import Reason
from kitloop_genomics.quality.review import Identity, Sex
from kitloop_genomics.quality.sex import UNDETERMINED, agrees


@dataclass(slots=True)
class Findings:
    """What a run has found so far; a run that fails quality control ends with part of it."""

    measured: dict[str, float | bool | None] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    problems: tuple[Reason, ...] = ()
    ancestry: dict[str, Any] | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)
    traits: list[dict[str, Any]] = field(default_factory=list)
    compared: Compared | None = None
    compared_untyped: Compared | None = None
    array: dict[str, Any] | None = None
    kinds: tuple[ControlType, ...] = CONTROL_TYPES
    karyotype: str = UNDETERMINED
    identity: Identity | None = None
    picture: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """What is known once the reads are aligned."""
        return {
            "measured": self.measured,
            "said": self.said,
            "metrics": self.metrics,
            "karyotype": self.karyotype,
            "problems": [asdict(problem) for problem in self.problems],
        }

    def take(self, content: dict[str, Any]) -> None:
        """The reverse of `as_json`."""
        self.measured, self.said, self.metrics = content["measured"], content["said"], content["metrics"]
        self.karyotype = content["karyotype"]
        self.problems = tuple(Reason(**problem) for problem in content["problems"])

    def take_sex(self, seen: str, declared: Sex | None) -> None:
        """What this sample's DNA shows counts; what was declared counts where that leaves it open."""
        self.said["sex_string"] = seen
        self.karyotype = (declared or UNDETERMINED) if seen == UNDETERMINED else seen
        fine = True if declared is None else agrees(declared, seen)
        self.measured["sex_string"] = None if seen == UNDETERMINED else fine

    def verdict(self, limits: Limits) -> tuple[list[Control], list[Reason]]:
        controls = judge(self.measured, limits, self.said, self.kinds)
        return controls, [*self.problems, *reasons(controls)]
