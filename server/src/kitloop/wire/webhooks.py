"""Webhook bodies (contract §7.1): ids and a status, nothing else. The bytes that are signed are the bytes that are sent."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from kitloop.wire.times import iso


def analysis_complete(
    *, event_id: UUID, occurred: datetime, project_id: UUID, samples: list[dict[str, Any]]
) -> dict[str, Any]:
    """One event of type analysis_complete_v2; each sample as `{"id", "client_id", "status"}`."""
    return {
        "event_id": str(event_id),
        "event_type": "analysis_complete_v2",
        "timestamp": iso(occurred),
        "payload": {
            "project": {"id": str(project_id)},
            "samples": [
                {"id": s["id"], "client_id": s["client_id"], "last_status": {"status": s["status"]}} for s in samples
            ],
        },
    }


def body(event: dict[str, Any]) -> bytes:
    return json.dumps([event], ensure_ascii=False, separators=(",", ":")).encode()
