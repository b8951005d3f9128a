"""What an end-user did or read, for the audit log: the entry names the sample, and no user. Whoever held the link it was."""

from uuid import UUID

from django.http import HttpRequest

from kitloop.events.audit import audit
from kitloop.kits.links import Link


def enter(request: HttpRequest, link: Link, action: str, *ids: UUID) -> None:
    """Writes the entry. For a change: inside its transaction."""
    audit(
        action,
        organization_id=link.sample.project.organization_id,
        user_id=None,
        subjects=[link.sample_id, *ids],
        request_id=getattr(request, "request_id", ""),
    )
