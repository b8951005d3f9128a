"""The stages of an order at the lab, as one table, and the ways through them. No database here."""

from dataclasses import dataclass
from itertools import pairwise

from kitloop_sdk.labs import EVENT_TYPES


@dataclass(frozen=True, slots=True)
class Stage:
    """`tells`: the platform hears of it as `kit.<name>`. `slow`: reaching it takes seconds of work or of network."""

    name: str
    says: str
    tells: bool = True
    slow: bool = False
    ends: bool = False

    @property
    def event_type(self) -> str:
        return f"kit.{self.name}"


_TABLE = (
    Stage("accepted", "Order taken", tells=False),
    Stage("packed", "Packed"),
    Stage("shipped", "Shipped to the recipient"),
    Stage("delivered", "Delivered"),
    Stage("returning", "On its way back"),
    Stage("received", "Received at the lab"),
    Stage("sequencing", "On the sequencer"),
    Stage("reads_written", "Reads written", tells=False, slow=True),
    Stage("uploaded", "Files uploaded", tells=False, slow=True),
    Stage("sequenced", "Sequenced", ends=True),
    Stage("undeliverable", "Undeliverable", ends=True),
    Stage("lost", "Lost on the way", ends=True),
    Stage("sample_rejected", "Sample rejected", ends=True),
    Stage("cancelled", "Cancelled", ends=True),
)
STAGES = {stage.name: stage for stage in _TABLE}
ENDS = frozenset(stage.name for stage in _TABLE if stage.ends)
IN_THE_HOUSE = ("accepted", "packed")
"""Stages at which an order can still be cancelled."""

WHOLE_WAY = tuple(stage.name for stage in _TABLE[: list(STAGES).index("sequenced") + 1])
BEFORE_SLOW_WORK = tuple(a for a, b in pairwise(WHOLE_WAY) if STAGES[b].slow)

assert all(stage.event_type in EVENT_TYPES for stage in _TABLE if stage.tells)


def way_to(last: str, ending: str) -> tuple[str, ...]:
    """The whole way up to `last`, and then another ending."""
    return (*WHOLE_WAY[: WHOLE_WAY.index(last) + 1], ending)
