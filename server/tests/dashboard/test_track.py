"""The picture of a kit's journey, from its facts alone."""

from datetime import datetime, timedelta

import pytest
from dashboard_rows import WHEN
from kitloop.dashboard.track import Analysis, track
from kitloop.dashboard.words import distance, number
from kitloop.kits.journey import KIT_OUTCOMES, KIT_STAGES


def moves(*states: str) -> list[tuple[str, datetime]]:
    return [(state, WHEN + timedelta(days=at)) for at, state in enumerate(states)]


def states(kit_state: str, *history: str, analysis: Analysis | None = None) -> list[str]:
    return [f"{step.label}:{step.state}" for step in track(kit_state, moves(*history), analysis).steps]


def test_a_new_kit_stands_at_its_first_stop() -> None:
    assert states("requested", "requested")[:3] == ["Requested:now", "Ordered:next", "Shipped:later"]
    assert track("requested", moves("requested"), None).text == "Step 1 of 10: requested. Next: ordered."


def test_a_stage_that_nobody_reported_is_passed_and_says_so() -> None:
    found = states("returning", "requested", "ordered", "shipped", "returning")
    assert found[2:6] == ["Shipped:done", "Delivered:unseen", "Returning:now", "Received:next"]


@pytest.mark.parametrize("outcome", list(KIT_OUTCOMES))
def test_a_kit_that_ended_badly_has_nothing_still_to_come(outcome: str) -> None:
    found = track(outcome, moves("requested", "ordered", outcome), None)
    assert [step.state for step in found.steps] == ["done", "done", "ended"]
    assert found.text == f"This kit ended as {outcome.replace('_', ' ')} after ordered."


@pytest.mark.parametrize(
    ("analysis", "last_two"),
    [
        (None, ["Analysis:next", "Results:later"]),
        (Analysis(WHEN, "queued", None), ["Analysis:now", "Results:next"]),
        (Analysis(WHEN, "running", None), ["Analysis:now", "Results:next"]),
        (Analysis(WHEN, "succeeded", WHEN), ["Analysis:done", "Results:done"]),
        (Analysis(WHEN, "failed_qc", WHEN), ["Analysis:done", "Failed QC:ended"]),
        (Analysis(WHEN, "failed", WHEN), ["Analysis:done", "Failed:ended"]),
    ],
)
def test_after_sequencing_comes_the_analysis(analysis: Analysis | None, last_two: list[str]) -> None:
    found = states("sequenced", *KIT_STAGES, analysis=analysis)
    assert found[:8] == [f"{stage.capitalize()}:done" for stage in KIT_STAGES]
    assert found[8:] == last_two


def test_the_sentence_for_a_finished_journey() -> None:
    assert track("sequenced", moves(*KIT_STAGES), Analysis(WHEN, "succeeded", WHEN)).text == "All 10 steps are done."


@pytest.mark.parametrize(
    ("days", "said"), [(5, "in 5 days"), (1, "in 1 day"), (0.1, "today"), (-0.1, "today"), (-2, "2 days ago")]
)
def test_deadlines_in_words(days: float, said: str) -> None:
    assert distance(WHEN + timedelta(days=days), now=WHEN) == said


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, "", "—"),
        (8123456.0, "number", "8,123,456"),
        (0.9934, "percentage", "99.3 %"),
        (0.0, "number", "0"),
        (1.0234, "number", "1.02"),
        (12345.6, "number", "12,346"),
    ],
)
def test_numbers_as_people_read_them(value: float | None, kind: str, said: str) -> None:
    assert number(value, kind) == said


def test_an_analysis_under_way_says_what_it_is_doing() -> None:
    found = track("sequenced", moves(*KIT_STAGES), Analysis(WHEN, "running", None, "imputation, 3 of 22 chromosomes"))
    assert found.text == "Step 9 of 10: analysis (imputation, 3 of 22 chromosomes). Next: results."
    waiting = track("sequenced", moves(*KIT_STAGES), Analysis(WHEN, "queued", None))
    assert waiting.text == "Step 9 of 10: analysis (waiting for a worker). Next: results."
