"""What a page read or changed, for the audit log: its view names it, its gate writes it (dashboard.access).

Actions are called as the API calls them: whoever reads the log need not know by which entrance somebody came.
"""

from uuid import UUID

from django.http import HttpRequest

from kitloop.accounts.models import Caller
from kitloop.base.requests import subjects
from kitloop.events.audit import audit


def enter(request: HttpRequest, action: str, caller: Caller, *ids: UUID) -> None:
    """Names what this request does and to what. `action`: as the API names it, `organization-users.post`."""
    request.__dict__["audited_as"] = action, caller
    subjects(request).extend(ids)


def write(request: HttpRequest) -> None:
    """Writes the entry, if anything was named. For a change: inside its transaction."""
    if "audited_as" not in request.__dict__:
        return
    action, caller = request.__dict__["audited_as"]
    audit(
        action,
        organization_id=caller.organization_id,
        user_id=caller.user_id,
        subjects=subjects(request),
        request_id=getattr(request, "request_id", ""),
    )
