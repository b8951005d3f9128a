"""Who may do what: the contract's table (§7.2) as one table."""

from enum import StrEnum


class Permission(StrEnum):
    PROFILE_EDIT = "profile_edit"
    UPLOAD_CREATE = "upload_create"
    PROJECT_VIEW = "project_view"
    SAMPLE_ANALYZE = "project_samples_add"
    SAMPLE_KIT_CREATE = "sample_kit_create"
    PROJECT_EDIT = "project_edit"
    ORGANIZATION_MANAGE = "organization_manage"


_MEMBER = frozenset({Permission.PROFILE_EDIT})
_UPLOADER = _MEMBER | {Permission.UPLOAD_CREATE}
_VIEWER = _MEMBER | {Permission.PROJECT_VIEW}
_ANALYST = _UPLOADER | _VIEWER | {Permission.SAMPLE_ANALYZE, Permission.SAMPLE_KIT_CREATE}
_MANAGER = _ANALYST | {Permission.PROJECT_EDIT}
_OWNER = _MANAGER | {Permission.ORGANIZATION_MANAGE}

PERMISSIONS: dict[str, frozenset[Permission]] = {
    "member": _MEMBER,
    "uploader": _UPLOADER,
    "viewer": _VIEWER,
    "analyst": _ANALYST,
    "explorer": _ANALYST,  # what it may do beyond that, Explorer, is not served here
    "manager": _MANAGER,
    "owner": _OWNER,
}
ROLES = tuple(PERMISSIONS)
PROJECT_ROLES = ("viewer", "analyst", "manager", "owner")  # those that mean something in one project alone

NOT_IN_PROJECTS = frozenset({Permission.PROFILE_EDIT, Permission.UPLOAD_CREATE})  # held in the organization alone


def roles_that(permission: Permission) -> list[str]:
    """The roles that hold a permission."""
    return [role for role, held in PERMISSIONS.items() if permission in held]
