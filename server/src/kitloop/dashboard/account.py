"""The account: profile, password, API keys."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.keys import create_api_key, has_expired, revoke_api_key
from kitloop.accounts.models import APIKey, Caller, User
from kitloop.accounts.roles import PERMISSIONS, Permission
from kitloop.base.requests import client_address
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.key_form import NewKeyForm
from kitloop.dashboard.once import keep_once, take_once
from kitloop.dashboard.password_forms import OwnPasswordForm
from kitloop.dashboard.shell import show

SECTION = "account"
ABILITIES = {
    Permission.PROFILE_EDIT: "edit their own profile and API keys",
    Permission.UPLOAD_CREATE: "upload data",
    Permission.PROJECT_VIEW: "see all projects and download results",
    Permission.SAMPLE_ANALYZE: "run analyses",
    Permission.SAMPLE_KIT_CREATE: "order kits",
    Permission.PROJECT_EDIT: "create and edit projects and webhooks",
    Permission.ORGANIZATION_MANAGE: "invite and manage users",
}


@dataclass(frozen=True, slots=True)
class Profile:
    tab: str
    name: str
    email: str
    role: str
    organization: str
    since: datetime
    abilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: UUID
    name: str
    prefix: str
    created: datetime
    last_used: datetime | None
    expiry_date: date | None
    has_expired: bool
    ip_range: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    tab: str
    role: str
    organization_id: UUID
    keys: tuple[KeyRow, ...]


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret on the one page that shows it; none when it was shown already."""

    tab: str
    name: str
    secret: str | None


@dataclass(frozen=True, slots=True)
class OneKey:
    tab: str
    key: KeyRow | None


@page("GET")
def profile(request: HttpRequest, caller: Caller) -> HttpResponse:
    user = _user(request)
    found = Profile(
        tab="profile",
        name=user.name,
        email=user.email,
        role=user.role,
        organization=user.organization.name,
        since=user.created,
        abilities=tuple(said for permission, said in ABILITIES.items() if permission in PERMISSIONS[user.role]),
    )
    return show(request, "profile.html", found, section=SECTION)


@page("GET", "POST")
def password(request: HttpRequest, caller: Caller) -> HttpResponse:
    """A new password. Other sessions of this user end with it; this one goes on under a new id."""
    form = OwnPasswordForm(_user(request), request.POST or None, address=client_address(request))
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        enter(request, "password.post", caller, caller.user_id)
        messages.success(request, "Your password is changed. You are logged out everywhere else.")
        return redirect("dashboard:account")
    return show(request, "password_change.html", OneKey("profile", None), section=SECTION, form=form)


@page("GET")
def api_keys(request: HttpRequest, caller: Caller) -> HttpResponse:
    rows = APIKey.objects.visible_to(caller).order_by("-created", "id")
    found = Keys("keys", caller.role, caller.organization_id, tuple(_row(key) for key in rows))
    return show(request, "api_keys.html", found, section=SECTION)


@page("GET", "POST")
def new_api_key(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key, text = create_api_key(_user(request), **form.cleaned_data)
        keep_once(request, key.id, text)
        enter(request, "user-api-keys.post", caller, key.id)
        return redirect("dashboard:api-key-created", key_id=key.id)
    return show(request, "api_key_new.html", OneKey("keys", None), section=SECTION, form=form)


@page("GET")
def api_key_created(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    """The new key's full text, once; after that, the sentence that it can't be shown again."""
    key = get_object_or_404(APIKey.objects.visible_to(caller), pk=key_id)
    return show(
        request, "api_key_created.html", NewSecret("keys", key.name, take_once(request, key.id)), section=SECTION
    )


@page("GET", "POST")
def revoke_key(request: HttpRequest, caller: Caller, key_id: UUID) -> HttpResponse:
    key = get_object_or_404(APIKey.objects.visible_to(caller), pk=key_id)
    if request.method == "POST":
        revoke_api_key(key)
        enter(request, "user-api-keys-details.patch", caller, key.id)
        messages.success(request, f"The API key “{key.name}” ({key.prefix}…) is revoked. It opens nothing any more.")
        return redirect("dashboard:api-keys")
    return show(request, "api_key_revoke.html", OneKey("keys", _row(key)), section=SECTION)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the page's gate has seen to it
    return request.user


def _row(key: APIKey) -> KeyRow:
    return KeyRow(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        created=key.created,
        last_used=key.last_used,
        expiry_date=key.expiry_date,
        has_expired=has_expired(key),
        ip_range=tuple(key.ip_range or ()),
    )
