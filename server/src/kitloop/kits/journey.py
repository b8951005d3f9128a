"""The journey of a kit and of its sample: two small machines, as tables. No database here; `moves` writes.

A kit only moves forward. A message that comes late or twice is recorded by its receiver and changes nothing; one that skips
stages is believed, because couriers miss scans. A sample keeps its id through every kit that is sent for it.
"""

KIT_STAGES = ("requested", "ordered", "shipped", "delivered", "returning", "received", "sequencing", "sequenced")

# How a kit can end without data, and the stages from which that can be believed.
KIT_OUTCOMES: dict[str, tuple[str, ...]] = {
    "cancelled": KIT_STAGES[:2],
    "rejected_by_lab": KIT_STAGES[:2],
    "undeliverable": KIT_STAGES[:4],
    "lost": KIT_STAGES[:5],
    "expired": KIT_STAGES[:5],
    "sample_rejected": KIT_STAGES[:7],
}
KIT_STATES = KIT_STAGES + tuple(KIT_OUTCOMES)
KIT_ENDS = ("sequenced", *KIT_OUTCOMES)

SAMPLE_MOVES: dict[str, tuple[str, ...]] = {
    "consumer_awaiting_kit_order": ("kit_requested", "cancelled", "failed"),
    "kit_requested": ("kit_ordered", "cancelled", "failed"),
    "kit_ordered": ("running", "cancelled", "failed"),
    "consumer_awaiting_data": ("scheduled", "cancelled", "failed"),
    "scheduled": ("running", "cancelled", "failed"),
    "running": ("succeeded", "failed_qc", "cancelled", "failed"),
    "succeeded": (),
    "failed_qc": ("kit_requested",),  # only by a replacement kit
    "cancelled": (),
    "failed": (),
}
SAMPLE_STATES = tuple(SAMPLE_MOVES)
SAMPLE_FINAL = ("succeeded", "failed_qc", "cancelled", "failed")


def kit_may_move(current: str, wanted: str) -> bool:
    """Whether a kit in `current` moves on hearing `wanted`. False: late, repeated, or after the end."""
    if current in KIT_ENDS:
        return False
    if wanted in KIT_OUTCOMES:
        return current in KIT_OUTCOMES[wanted]
    return KIT_STAGES.index(wanted) > KIT_STAGES.index(current)


def sample_may_move(current: str, wanted: str) -> bool:
    return wanted in SAMPLE_MOVES[current]
