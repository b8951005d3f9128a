"""The full journey of a sample: Kitloop's own API, beyond the contract."""

from typing import Any

from kitloop.kits.holds import FOR_REVIEW
from kitloop.kits.models import Hold, Kit, KitMove, Sample
from kitloop.wire.times import iso


def journey(sample: Sample) -> dict[str, Any]:
    kits = sample.kits.prefetch_related("moves").order_by("created")
    return {
        "sample_id": str(sample.id),
        "status": sample.status,
        "note": sample.status_note,
        "kits": [_kit(kit) for kit in kits],
        "holds": [
            _hold(hold)
            for hold in sample.holds.filter(closed=None).exclude(reason_code__in=FOR_REVIEW).order_by("opened")
        ],
    }


def _kit(kit: Kit) -> dict[str, Any]:
    return {
        "id": str(kit.id),
        "state": kit.state,
        "reason_code": kit.reason_code,
        "test_mode": kit.sample.test_mode,
        "barcode": kit.barcode,
        "carrier": kit.carrier,
        "outbound_tracking": kit.outbound_tracking,
        "return_tracking": kit.return_tracking,
        "moves": [_move(move) for move in sorted(kit.moves.all(), key=lambda move: move.position)],
    }


def _move(move: KitMove) -> dict[str, Any]:
    return {"state": move.state, "at": iso(move.occurred), "note": move.note}


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "reason_code": hold.reason_code,
        "owner": hold.owner,
        "note": hold.note,
        "opened": iso(hold.opened),
        "deadline": iso(hold.deadline),
    }
