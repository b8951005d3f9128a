"""Organizations, their people, roles and invitations as the wire has them (contract §5.8). Key order is part of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django_otp.plugins.otp_totp.models import TOTPDevice

from kitloop.accounts.invitations import status_of
from kitloop.accounts.keys import has_expired
from kitloop.accounts.models import APIKey, Invitation, Organization, User
from kitloop.accounts.roles import NOT_IN_PROJECTS, PERMISSIONS, PROJECT_ROLES, Permission
from kitloop.projects.models import ProjectRole
from kitloop.wire.times import iso


def organization(found: Organization, *, reader: User) -> dict[str, Any]:
    """The caller's organization. No data expires or is archived here: the days are 0, and never null (a client needs integers)."""
    return {
        "id": str(found.id),
        "name": found.name,
        "expire_uploads_period_days": 0,
        "archive_period_days": 0,
        "archive_restore_period_days": 0,
        "roles": {"organization": organization_role(reader)},
        "uploads_enabled": found.uploads_enabled,
        "delete_samples_enabled": found.delete_samples_enabled,
        "project_sharing_enabled": False,  # with another organization: not served here
        "account_on_hold": found.account_on_hold,
        "organization_type": found.organization_type,
    }


def user(found: User) -> dict[str, Any]:
    """The caller's own user. Uploads need the organization's switch and a role that may; Explorer is not served here."""
    return {
        "id": str(found.id),
        "email": found.email,
        "name": found.name,
        "uploads_enabled": found.organization.uploads_enabled and found.caller().may(Permission.UPLOAD_CREATE),
        "explorer_enabled": False,
        "created": iso(found.created),
        "is_support": False,
    }


def api_key(key: APIKey) -> dict[str, Any]:
    return {
        "revoked": key.revoked,
        "id": str(key.id),
        "name": key.name,
        "prefix": key.prefix,
        "expiry_date": key.expiry_date.isoformat() if key.expiry_date else None,
        "has_expired": has_expired(key),
        "ip_range": key.ip_range,
    }


def new_api_key(key: APIKey, *, text: str) -> dict[str, Any]:
    """The one answer that has the key itself."""
    return {
        "expiry_date": key.expiry_date.isoformat() if key.expiry_date else None,
        "id": str(key.id),
        "key": text,
        "name": key.name,
        "prefix": key.prefix,
        "ip_range": key.ip_range,
    }


def organization_users(users: list[User], *, project_id: UUID | None = None) -> list[dict[str, Any]]:
    """Items of organization-users/; of project-organization-users/ with that project, whose roles they then name too."""
    with_device, explicit = have_mfa(users), _explicit_roles(users, project_id)
    return [
        {
            "id": str(user.id),
            "email": user.email,
            "is_active": user.is_active,
            "has_mfa_device": user.id in with_device,
            "name": user.name,
            "roles": _roles(user, explicit.get(user.id)),
            "is_support": False,
        }
        for user in users
    ]


def project_users(users: list[User], *, project_id: UUID) -> list[dict[str, Any]]:
    explicit = _explicit_roles(users, project_id)
    return [
        {
            "id": str(user.id),
            "email": user.email,
            "is_active": user.is_active,
            "name": user.name,
            "roles": _roles(user, explicit.get(user.id)),
            "is_support": False,
        }
        for user in users
    ]


def have_mfa(users: list[User]) -> set[UUID]:
    """The ids of those who sign in with a second factor."""
    ids = [user.id for user in users]
    return set(TOTPDevice.objects.filter(user_id__in=ids, confirmed=True).values_list("user_id", flat=True))


def organization_role(user: User) -> dict[str, str]:
    return {"id": str(user.role_id), "name": user.role}


def project_role(found: ProjectRole) -> dict[str, str]:
    return {"id": str(found.id), "name": found.role}


def roles(applies_to: str) -> list[dict[str, Any]]:
    """Items of roles/{organization|project}: what each role may do there."""
    if applies_to == "organization":
        return [{"name": role, "permissions": sorted(held)} for role, held in PERMISSIONS.items()]
    return [{"name": role, "permissions": sorted(PERMISSIONS[role] - NOT_IN_PROJECTS)} for role in PROJECT_ROLES]


def invitation(found: Invitation) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "email": found.email,
        "last_status": _status(found),
        "expires": iso(found.expires),
        "role": found.role,
    }


def invitation_details(found: Invitation, *, token: str) -> dict[str, Any]:
    return {
        "token": token,
        "last_status": _status(found),
        "expires": iso(found.expires),
        "organization": {"id": str(found.organization.id), "name": found.organization.name},
        "role": found.role,
    }


def _status(found: Invitation) -> dict[str, Any]:
    """`actor`: who sent, accepted or revoked it; of one that expired, who had sent it."""
    status, actor = status_of(found), found.status_actor
    created: datetime = found.expires if status == "expired" else found.status_created
    return {
        "id": str(found.status_id),
        "status": status,
        "created": iso(created),
        "actor": {"id": str(actor.id), "name": actor.name} if actor else None,
    }


def _roles(user: User, explicit: ProjectRole | None) -> dict[str, Any]:
    found = {"organization": organization_role(user)}
    return found if explicit is None else {**found, "project": project_role(explicit)}


def _explicit_roles(users: list[User], project_id: UUID | None) -> dict[UUID, ProjectRole]:
    if project_id is None:
        return {}
    found = ProjectRole.objects.filter(project_id=project_id, user_id__in=[user.id for user in users])
    return {row.user_id: row for row in found}
