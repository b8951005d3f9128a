"""A new order, in one statement: the gate, eight tables' rows, and the job that passes it to a lab.

An order is the busiest write there is. Through the ORM it is nine round trips and most of the request's time; so it is spelt
out here, once, and prepared by PostgreSQL. One statement also is one transaction. `tests/journeys/test_ordering.py` holds it
against the models and the job.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kitloop_sdk.labs import Recipient
from psycopg.types.json import Jsonb

from kitloop.accounts.models import Caller
from kitloop.base.sealed import seal
from kitloop.base.statements import first_row
from kitloop.kits.search import search_text

NOTE = "Kit requested."
TASK, QUEUE = "labs.submit", "lab"

# Nothing is written where the project is not one that the organization may order kits for: every part selects from `project`.
# The job goes in by Procrastinate's own versioned function, as its Python side does it.
INSERT = """
WITH project AS (
    SELECT p.id, p.organization_id FROM projects_project p JOIN accounts_organization o ON o.id = p.organization_id
    WHERE p.id = %(project)s AND o.id = %(organization)s AND o.kit_ordering_enabled AND NOT o.account_on_hold
      AND NOT p.locked AND p.deleted IS NULL
    FOR KEY SHARE OF p -- whoever deletes the project, or chooses another analysis for it, is waited for and then seen
), sample AS (
    INSERT INTO kits_sample (id, project_id, client_id, metadata, test_mode, hidden, created, modified,
                             status, status_id, status_note, search_text)
    SELECT %(sample)s, id, '', %(metadata)s, %(test_mode)s, false, %(now)s, %(now)s,
           'kit_requested', %(status)s, %(note)s, %(search)s FROM project
), status AS (
    INSERT INTO kits_samplestatus (id, sample_id, status, note, created)
    SELECT %(status)s, %(sample)s, 'kit_requested', %(note)s, %(now)s FROM project
), kit AS (
    INSERT INTO kits_kit (id, sample_id, state, reason_code, lab_order_id, barcode, carrier, outbound_tracking,
                          return_tracking, created)
    SELECT %(kit)s, %(sample)s, 'requested', '', '', '', '', '', '', %(now)s FROM project
), move AS (
    INSERT INTO kits_kitmove (kit_id, state, note, occurred)
    SELECT %(kit)s, 'requested', %(note)s, %(now)s FROM project
), recipient AS (
    INSERT INTO kits_recipient (kit_id, sealed) SELECT %(kit)s, %(sealed)s FROM project
), event AS (
    INSERT INTO events_event (id, organization_id, project_id, sample_id, type, occurred, data)
    SELECT %(event)s, organization_id, id, %(sample)s, 'sample.kit_requested', %(now)s, '{}' FROM project
), audit AS (
    INSERT INTO events_auditentry (organization_id, user_id, api_key_id, action, subjects, request_id)
    SELECT organization_id, %(user)s, %(api_key)s, 'sample-kit.post', ARRAY[%(sample)s]::uuid[], %(request)s FROM project
)
SELECT procrastinate_defer_jobs_v1(
    ARRAY[ROW(%(queue)s, %(task)s, 0, NULL, NULL, %(arguments)s, NULL)::procrastinate_job_to_defer_v1]
) FROM project
"""


def write_order(
    caller: Caller,
    *,
    project_id: UUID,
    metadata: Any,
    test_mode: bool,
    recipient: Recipient,
    now: datetime,
    request_id: str,
) -> UUID | None:
    """The id of the new sample, or none where nothing was written: no such project here, a locked one, or ordering is off.

    Commits by itself, or with the transaction that is open.
    """
    sample, kit = uuid4(), uuid4()
    written = first_row(
        INSERT,
        {
            "sample": sample,
            "kit": kit,
            "status": uuid4(),
            "event": uuid4(),
            "organization": caller.organization_id,
            "user": caller.user_id,
            "api_key": caller.api_key_id,
            "request": request_id,
            "project": project_id,
            "metadata": None if metadata is None else Jsonb(metadata),
            "test_mode": test_mode,
            "search": search_text(project_id, "", metadata),
            "sealed": seal(asdict(recipient)),
            "note": NOTE,
            "now": now,
            "queue": QUEUE,
            "task": TASK,
            "arguments": Jsonb({"kit_id": str(kit)}),
        },
    )
    return sample if written else None
