"""The human sentence that stands in a status note. Ids and tracking numbers, no names or addresses."""

from datetime import datetime

from kitloop.kits.models import Kit

_SENTENCES = {
    "requested": "Kit requested.",
    "ordered": "The lab has the order and is packing the kit.",
    "shipped": "Kit shipped on {day}{tracking}.",
    "delivered": "Kit delivered on {day}.",
    "returning": "Kit on its way back to the lab since {day}{back}.",
    "received": "Kit received at the lab on {day}.",
    "sequencing": "Sequencing since {day}.",
    "sequenced": "Sequenced on {day}; the data is here.",
    "cancelled": "Kit cancelled.",
    "rejected_by_lab": "The lab can't fulfil this order ({reason}).",
    "undeliverable": "The kit could not be delivered ({reason}).",
    "lost": "The kit was lost on its way ({reason}).",
    "expired": "The kit was not sent back in time ({reason}).",
    "sample_rejected": "The lab could not use the sample ({reason}).",
}


def kit_note(kit: Kit, *, occurred: datetime, note: str = "") -> str:
    sentence = _SENTENCES[kit.state].format(
        day=f"{occurred.day} {occurred:%B %Y}",
        tracking=f", tracking {kit.outbound_tracking}" if kit.outbound_tracking else "",
        back=f", tracking {kit.return_tracking}" if kit.return_tracking else "",
        reason=kit.reason_code.replace("_", " ") or "no reason given",
    )
    return f"{sentence} {note}".strip()
