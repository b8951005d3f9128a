"""The words that people read for each stage of a kit and each way it can end. One table, no database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """`kit_state` is the platform's word that reaches this stage; `coarse` stages are known without a journey too."""

    key: str
    kit_state: str
    title: str
    sentence: str
    coarse: bool = False


STAGES = (
    Stage("accepted", "", "Order received", "We have your order and are passing it on.", coarse=True),
    Stage("confirmed", "requested", "Order confirmed", "The lab will pack a kit for you soon.", coarse=True),
    Stage("ordered", "ordered", "Your kit is being packed", "It leaves the lab within a few days.", coarse=True),
    Stage("shipped", "shipped", "On its way to you", "The parcel fits through most letterboxes."),
    Stage(
        "delivered",
        "delivered",
        "Delivered: over to you",
        "Follow the leaflet in the box, then post the tube back in the prepaid parcel.",
    ),
    Stage("returning", "returning", "On its way back to the lab", "Thank you. There is nothing more for you to do."),
    Stage("received", "received", "Arrived at the lab", "Your tube was scanned in and is in safe hands."),
    Stage("sequencing", "sequencing", "Reading your DNA", "The sequencer is at work. This takes a few days."),
    Stage(
        "running", "sequenced", "Working out your results", "The raw reads are being turned into results.", coarse=True
    ),
    Stage("succeeded", "", "Your results are ready", "Have a look whenever you like.", coarse=True),
)

POSITION = {stage.key: index for index, stage in enumerate(STAGES)}
BY_KIT_STATE = {stage.kit_state: index for index, stage in enumerate(STAGES) if stage.kit_state}
BY_SAMPLE_STATUS = {
    "consumer_awaiting_kit_order": POSITION["accepted"],
    "kit_requested": POSITION["confirmed"],
    "kit_ordered": POSITION["ordered"],
    "scheduled": POSITION["running"],
    "running": POSITION["running"],
    "failed_qc": POSITION["running"],
    "succeeded": POSITION["succeeded"],
}

# How a kit can end before there are results, for the person who waits for it.
ENDINGS = {
    "cancelled": ("This kit was cancelled", "It will not be sent. You can order another one at any time."),
    "rejected_by_lab": (
        "The lab could not take this order",
        "We are looking into it and will send you another kit or write to you.",
    ),
    "undeliverable": (
        "The courier could not deliver your kit",
        "It is on its way back to us. We will write to you about the address before we send another one.",
    ),
    "lost": ("Your kit was lost in the post", "This is not your fault. We are arranging another kit, free of charge."),
    "expired": (
        "This kit is too old to be used",
        "Kits keep only for some time. Please do not post it any more; we will send you a fresh one.",
    ),
    "sample_rejected": (
        "The lab could not use this sample",
        "It happens, for example when there is too little saliva in the tube. We are arranging another kit.",
    ),
}

SAMPLE_ENDINGS = {
    "failed_qc": (
        "The sample did not give clear enough data",
        "We would rather show you nothing than something unsure. We will be in touch about a new kit, free of charge.",
    ),
    "failed": ("The analysis could not be finished", "Our team has been told and will write to you."),
    "cancelled": ENDINGS["cancelled"],
}

# Whose move a hold waits for, in the platform's words: its `customer` is this shop, the person is the `recipient`.
HOLD_OWNER_PERSON, HOLD_OWNER_SHOP = "recipient", "customer"
HOLD_WAIT = (
    "There is a small delay",
    "We have noticed a problem with your kit and are taking care of it. You do not need to do anything.",
)
HOLD_ACT = ("We need something from you", "Please get in touch with us, so that your kit can go on.")
