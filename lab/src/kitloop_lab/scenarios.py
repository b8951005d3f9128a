"""What the sandbox can play: each scenario is a way through the journey and what goes wrong on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kitloop_lab.journey import STAGES, WHOLE_WAY, way_to


@dataclass(frozen=True, slots=True)
class Scenario:
    """`problem` is the simulator's word for bad reads. `tells` replaces what is told at a stage, in that order."""

    name: str
    says: str
    way: tuple[str, ...] = WHOLE_WAY
    reason_code: str = ""
    note: str = ""
    problem: str = ""
    pause_factor: float = 1.0
    wrong_checksum: bool = False
    refused: bool = False
    tells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def after(self, stage: str) -> str | None:
        """The stage that follows, None at the end of the way or off it (a cancelled order)."""
        place = self.way.index(stage) + 1 if stage in self.way else len(self.way)
        return self.way[place] if place < len(self.way) else None

    def told_at(self, stage: str) -> tuple[str, ...]:
        """The stages whose messages go out when this one is reached. The same name again is the same message again."""
        return self.tells.get(stage, (stage,) if STAGES[stage].tells else ())


_TABLE = (
    Scenario("happy", "All goes well."),
    Scenario(
        "disordered",
        "Messages come late, twice and out of order; the kit still ends as sequenced.",
        tells={
            "shipped": (),
            "delivered": ("delivered", "shipped"),
            "returning": (),
            "received": ("received", "received", "returning"),
            "sequenced": ("sequenced", "sequencing", "shipped"),
        },
    ),
    Scenario(
        "undeliverable",
        "The courier cannot deliver the kit.",
        way=way_to("shipped", "undeliverable"),
        reason_code="address_unknown",
        note="The carrier could not find the address and has the kit.",
    ),
    Scenario(
        "lost",
        "The kit is lost on its way back.",
        way=way_to("returning", "lost"),
        reason_code="lost_in_transit",
        note="The carrier has had no scan of the return parcel for 30 days.",
    ),
    Scenario(
        "low_dna",
        "The tube holds too little DNA: the sample is rejected.",
        way=way_to("received", "sample_rejected"),
        reason_code="low_dna",
        note="0.8 ng/µl after extraction; 5 ng/µl are needed.",
    ),
    Scenario("failed_qc", "Too few reads: the analysis has to say that the quality is too low.", problem="low-depth"),
    Scenario("truncated", "A FASTQ file that breaks off in the middle.", problem="truncated"),
    Scenario("mispaired", "R1 and R2 do not belong together.", problem="mispaired"),
    Scenario("empty", "FASTQ files without a read.", problem="empty"),
    Scenario("not_gzip", "A FASTQ file that is not gzip.", problem="not-gzip"),
    Scenario(
        "wrong_checksum",
        "One file's SHA-256 is declared wrong: the platform refuses it, and a person has to look.",
        wrong_checksum=True,
    ),
    Scenario("slow", "All goes well, at ten times the pause between stages.", pause_factor=10.0),
    Scenario(
        "rejected",
        "The lab refuses the order with 422.",
        reason_code="not_in_service_area",
        note="This lab does not ship to this recipient (a sandbox scenario).",
        refused=True,
    ),
)
SCENARIOS = {scenario.name: scenario for scenario in _TABLE}
