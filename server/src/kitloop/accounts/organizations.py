"""An organization, the people in it, and the role of each (contract §7.2)."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kitloop.accounts.logins import end_logins
from kitloop.accounts.models import Caller, Organization, User
from kitloop.base.errors import FieldErrors


def rename_organization(caller: Caller, *, name: str) -> Organization:
    """The caller's organization under its new name."""
    with transaction.atomic():
        organization = locked_organization(caller.organization_id)
        organization.name = name
        organization.save(update_fields=["name"])
    return organization


def give_role(user: User, *, role: str) -> User:
    """The user with this role in the organization, from the next request on. The assignment keeps its id.

    Raises FieldErrors for `role` where the organization would be left without an active owner.
    """
    with transaction.atomic():
        locked_organization(user.organization_id)
        user.refresh_from_db()
        if role != "owner" and _is_last_owner(user):
            raise FieldErrors({"role": ["This is the last active owner of the organization. Make another one first."]})
        user.role = role
        user.save(update_fields=["role"])
    return user


def change_user(user: User, *, is_active: bool | None = None, name: str | None = None) -> User:
    """Changes what is given. A user who is not active is nobody: keys are refused meanwhile, logins by page or token end.

    Raises FieldErrors for `is_active` where the organization would be left without an active owner.
    """
    changes: dict[str, Any] = {"is_active": is_active, "name": name}
    with transaction.atomic():
        locked_organization(user.organization_id)
        user.refresh_from_db()
        if is_active is False and _is_last_owner(user):
            said = "This is the last active owner of the organization. Make another one first."
            raise FieldErrors({"is_active": [said]})
        given = [field for field, value in changes.items() if value is not None]
        for field in given:
            setattr(user, field, changes[field])
        if is_active is False:
            user.sessions_ended = timezone.now()
            end_logins(user)
        user.save(update_fields=[*given, "sessions_ended"])
    return user


def people_matching(search: str) -> Q:
    """Users whose name or e-mail holds this text, or whose id it is; all of them where it is empty."""
    search = search.replace("\x00", "").strip()
    try:
        by_id = Q(pk=UUID(search))
    except ValueError:
        by_id = Q()
    return Q(name__icontains=search) | Q(email__icontains=search) | by_id


def locked_organization(organization_id: UUID) -> Organization:
    """The organization's row, locked: who is in it, and as what, is changed by one transaction at a time."""
    return Organization.objects.select_for_update(no_key=True).get(pk=organization_id)


def _is_last_owner(user: User) -> bool:
    """Asked under the organization's lock: of two owners who deactivate each other at once, one hears no."""
    if user.role != "owner" or not user.is_active:
        return False
    others = User.objects.filter(organization_id=user.organization_id, role="owner", is_active=True)
    return not others.exclude(pk=user.pk).exists()
