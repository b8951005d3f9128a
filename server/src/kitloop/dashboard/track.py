"""The journey of a kit as a track: what is done, what is now, what comes next. Pure; no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kitloop.dashboard.words import sentence, spoken
from kitloop.kits.journey import KIT_OUTCOMES, KIT_STAGES

State = Literal["done", "unseen", "now", "next", "later", "ended"]

SPOKEN: dict[State, str] = {
    "done": "done",
    "unseen": "passed, not reported",  # couriers miss scans
    "now": "now",
    "next": "next",
    "later": "to come",
    "ended": "ended here",
}


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    state: State
    at: datetime | None = None
    detail: str = ""

    @property
    def spoken(self) -> str:
        return SPOKEN[self.state]


@dataclass(frozen=True, slots=True)
class Track:
    """`text` says in a sentence what the picture shows."""

    steps: tuple[Step, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """The run of a kit's data: when it was opened, how and when it ended, if it has, and if not what it is doing."""

    opened: datetime
    state: str
    finished: datetime | None
    doing: str = ""


def track(kit_state: str, moves: Sequence[tuple[str, datetime]], analysis: Analysis | None) -> Track:
    """`moves`: the kit's history as (state, when), oldest first."""
    at = dict(moves)
    reached = max((KIT_STAGES.index(state) for state, _ in moves if state in KIT_STAGES), default=0)
    steps = [_kit_step(index, kit_state, reached, at) for index in range(len(KIT_STAGES))]
    if kit_state in KIT_OUTCOMES:
        # What it never reached is not still to come.
        steps = [*steps[: reached + 1], Step(sentence(kit_state), "ended", at.get(kit_state))]
        return Track(tuple(steps), f"This kit ended as {spoken(kit_state)} after {KIT_STAGES[reached]}.")
    steps += _analysis_steps(kit_state, analysis)
    return Track(tuple(steps), _in_words(steps))


def _kit_step(index: int, kit_state: str, reached: int, at: dict[str, datetime]) -> Step:
    stage = KIT_STAGES[index]
    label = sentence(stage)
    if index > reached:
        is_next = index == reached + 1 and kit_state not in KIT_OUTCOMES
        return Step(label, "next" if is_next else "later")
    if index == reached and stage == kit_state and stage != "sequenced":
        return Step(label, "now", at.get(stage))
    return Step(label, "done" if stage in at else "unseen", at.get(stage))


def _analysis_steps(kit_state: str, analysis: Analysis | None) -> list[Step]:
    if analysis is None:
        return [Step("Analysis", "next" if kit_state == "sequenced" else "later"), Step("Results", "later")]
    if analysis.state in {"queued", "running"}:
        doing = analysis.doing if analysis.state == "running" else "waiting for a worker"
        return [Step("Analysis", "now", analysis.opened, doing), Step("Results", "next")]
    done = Step("Analysis", "done", analysis.opened)
    if analysis.state == "succeeded":
        return [done, Step("Results", "done", analysis.finished)]
    return [done, Step("Failed QC" if analysis.state == "failed_qc" else "Failed", "ended", analysis.finished)]


def _in_words(steps: list[Step]) -> str:
    if steps[-1].state == "done":
        return f"All {len(steps)} steps are done."
    if steps[-1].state == "ended":
        return f"The analysis ended: {steps[-1].label.lower()}."
    now = next((i for i, step in enumerate(steps) if step.state == "now"), None)
    following = next((step.label.lower() for step in steps if step.state == "next"), "")
    if now is None:
        return f"Next: {following}."
    detail = f" ({steps[now].detail})" if steps[now].detail else ""
    said = f"Step {now + 1} of {len(steps)}: {steps[now].label.lower()}{detail}."
    return f"{said} Next: {following}." if following else said
