"""What stands around every page: the organization, the sidebar, who is signed in."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from kitloop.accounts.models import User
from kitloop.accounts.roles import PERMISSIONS, Permission


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    organization: str
    user: str
    email: str
    role: str
    sections: tuple[Section, ...]


SECTIONS = (
    ("projects", "Projects", "dashboard:projects", Permission.PROJECT_VIEW),
    ("webhooks", "Webhooks", "dashboard:webhooks", Permission.PROJECT_VIEW),
    ("people", "People", "dashboard:people", Permission.ORGANIZATION_MANAGE),
    ("audit", "Audit", "dashboard:audit", Permission.ORGANIZATION_MANAGE),
    ("account", "Account", "dashboard:account", Permission.PROFILE_EDIT),
)


def shell(user: User, section: str) -> Shell:
    """The frame for this user; sections that the role can't open are not offered."""
    return Shell(
        organization=user.organization.name,
        user=user.name or user.email,
        email=user.email,
        role=user.role,
        sections=tuple(
            Section(key, label, reverse(name), key == section)
            for key, label, name, permission in SECTIONS
            if permission in PERMISSIONS[user.role]
        ),
    )


def show(
    request: HttpRequest, template: str, page: object, *, section: str, status: int = 200, **more: Any
) -> HttpResponse:
    """A page in its frame. `page` is a frozen page object; `more` is for forms."""
    assert isinstance(request.user, User)
    frame = shell(request.user, section)
    return render(request, f"dashboard/{template}", {"shell": frame, "page": page, **more}, status=status)
