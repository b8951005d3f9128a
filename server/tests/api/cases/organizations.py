"""The organization, its people, their roles and invitations, and its usage."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from cast import Cast
from kitloop.accounts.models import Invitation
from kitloop.projects.models import ProjectRole

from cases import SIGNED_IN, Case, by_role

OWNERS = by_role(200, 403, 403, 403, 200)  # a stranger is an owner too, and has another list
OWNERS_HERE = by_role(200, 403, 403, 403, 404)

CASES = [
    Case("organization", "get", "organization/", SIGNED_IN),
    Case("organization", "patch", "organization/", OWNERS, {"name": "Renamed"}),
    Case("organization-users", "get", "organization-users/", OWNERS),
    Case(
        "organization-users", "post", "organization-users/", by_role(201, 403, 403, 403, 400),
        lambda cast, ids: {"user": ids["user"], "role": "analyst"},
    ),
    Case("organization-users-details", "patch", "organization-users/{user}", OWNERS_HERE, {"is_active": False}),
    Case("organization-roles", "get", "organization-roles/{role}", by_role(200, 403, 403, 200, 404)),
    Case("user-projects", "get", "user-projects/{user}", by_role(200, 403, 403, 200, 404)),
    Case("invitations", "get", "invitations/", OWNERS),
    Case(
        "invitations", "post", "invitations/", by_role(201, 403, 403, 403, 201), {"email": "new@example.com", "role": "viewer"}
    ),
    Case("invitations-details", "delete", "invitations/{invitation}", by_role(204, 403, 403, 403, 404)),
    Case("invitations-token", "get", "invitations-token/{token}", SIGNED_IN),
    Case("invitations-token", "patch", "invitations-token/{token}", by_role(400, 200, 400, 400, 400), {}),
    Case("roles", "get", "roles/{applies_to}", SIGNED_IN),
    Case("project-users", "get", "project-users/{project}", OWNERS_HERE),
    Case(
        "project-users", "post", "project-users/{project}", by_role(201, 403, 403, 403, 404),
        lambda cast, ids: {"user": ids["user"], "role": "manager"},
    ),
    Case("project-organization-users", "get", "project-organization-users/{project}", OWNERS_HERE),
    Case("project-roles", "get", "project-roles/{project_role}", by_role(200, 403, 200, 403, 404)),
    Case("project-roles", "delete", "project-roles/{project_role}", by_role(204, 403, 403, 403, 404)),
    Case("organization-monthly-usage-report", "get", "organization-monthly-usage-report/", by_role(200, 200, 200, 403, 200)),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    """The viewer, with a role in the project; the member; and an invitation for the analyst, who came another way."""
    token = uuid4().hex
    invitation = Invitation.objects.create(
        organization=cast.organization,
        email=cast.analyst.user.email,
        role="manager",
        hashed_token=sha256(token.encode()).hexdigest(),
        created_by=cast.owner.user,
        status_actor=cast.owner.user,
        expires=datetime.now(UTC) + timedelta(days=1),
    )
    explicit = ProjectRole.objects.create(project=cast.project, user=cast.viewer.user, role="viewer")
    return {
        "user": str(cast.member.user.id),
        "role": str(cast.member.user.role_id),
        "project_role": str(explicit.id),
        "invitation": str(invitation.id),
        "token": token,
        "applies_to": "organization",
    }
