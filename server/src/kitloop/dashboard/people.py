"""The people of the organization, for its owners: their roles, and who may still come in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.models import Caller, User
from kitloop.accounts.organizations import change_user, give_role, people_matching
from kitloop.accounts.roles import Permission
from kitloop.accounts.second_factor import NothingSetUp, turn_off
from kitloop.base.errors import FieldErrors
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.people_form import RoleForm
from kitloop.dashboard.shell import show
from kitloop.dashboard.words import Badge
from kitloop.projects.models import ProjectRole
from kitloop.wire.people import have_mfa

SECTION = "people"
ROWS = 25


@dataclass(frozen=True, slots=True)
class PersonRow:
    id: UUID
    name: str
    email: str
    role: str
    has_mfa: bool
    is_active: bool
    state: Badge
    since: datetime
    is_self: bool


@dataclass(frozen=True, slots=True)
class People:
    tab: str
    search: str
    people: tuple[PersonRow, ...]
    count: int
    page: int
    pages: int
    previous: str
    following: str


@dataclass(frozen=True, slots=True)
class PersonPage:
    tab: str
    person: PersonRow
    projects: tuple[tuple[str, str], ...]  # name of the project, the role there


@page("GET", may=Permission.ORGANIZATION_MANAGE)
def people(request: HttpRequest, caller: Caller) -> HttpResponse:
    search = request.GET.get("search", "").strip()
    rows = User.objects.of(caller).filter(people_matching(search)).order_by("created", "id")
    found = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    shown = People(
        tab="people",
        search=search,
        people=_rows(list(found.object_list), caller),
        count=found.paginator.count,
        page=found.number,
        pages=found.paginator.num_pages,
        previous=_query(search, found.number - 1) if found.has_previous() else "",
        following=_query(search, found.number + 1) if found.has_next() else "",
    )
    return show(request, "people.html", shown, section=SECTION)


@page("GET", "POST", may=Permission.ORGANIZATION_MANAGE)
def one_person(request: HttpRequest, caller: Caller, user_id: UUID) -> HttpResponse:
    """One person; a POST gives the role."""
    user = _user(caller, user_id)
    form = RoleForm(request.POST or None, initial={"role": user.role})
    if request.method == "POST" and form.is_valid():
        try:
            give_role(user, role=form.cleaned_data["role"])
        except FieldErrors as error:
            form.add_error("role", error.fields["role"])
        else:
            enter(request, "organization-users.post", caller, user.id)
            messages.success(request, f"{user.name or user.email} is {user.role} from now on.")
            # Who is no owner any more can't see this page.
            return redirect("dashboard:front" if user.id == caller.user_id else "dashboard:people")
    return _person(request, caller, user, "person.html", form=form)


@page("GET", "POST", may=Permission.ORGANIZATION_MANAGE)
def deactivate(request: HttpRequest, caller: Caller, user_id: UUID) -> HttpResponse:
    """Asks first; then the person is refused everywhere."""
    user = _user(caller, user_id)
    if request.method != "POST":
        return _person(request, caller, user, "person_deactivate.html")
    return _turn(request, caller, user, is_active=False)


@page("POST", may=Permission.ORGANIZATION_MANAGE)
def activate(request: HttpRequest, caller: Caller, user_id: UUID) -> HttpResponse:
    return _turn(request, caller, _user(caller, user_id), is_active=True)


@page("GET", "POST", may=Permission.ORGANIZATION_MANAGE)
def turn_second_factor_off(request: HttpRequest, caller: Caller, user_id: UUID) -> HttpResponse:
    """For who lost the app and the backup tokens: asks first; then their password alone is enough."""
    user = _user(caller, user_id)
    if request.method != "POST":
        return _person(request, caller, user, "person_second_factor_off.html")
    try:
        turn_off(user)
    except NothingSetUp as error:
        messages.error(request, str(error))
    else:
        enter(request, "second-factor-off.post", caller, user.id)
        messages.success(request, f"{user.name or user.email} logs in with the password alone from now on.")
    return redirect("dashboard:person", user_id=user.id)


def _turn(request: HttpRequest, caller: Caller, user: User, *, is_active: bool) -> HttpResponse:
    try:
        change_user(user, is_active=is_active)
    except FieldErrors as error:
        messages.error(request, " ".join(error.fields["is_active"]))
        return redirect("dashboard:person", user_id=user.id)
    enter(request, "organization-users-details.patch", caller, user.id)
    said = (
        "can log in again, and their API keys work"
        if is_active
        else "is logged out everywhere, and their API keys are refused"
    )
    messages.success(request, f"{user.name or user.email} {said}.")
    return redirect("dashboard:people")


def _person(request: HttpRequest, caller: Caller, user: User, template: str, **more: Any) -> HttpResponse:
    explicit = ProjectRole.objects.filter(user=user, project__deleted=None).select_related("project")
    (row,) = _rows([user], caller)
    projects = tuple((each.project.name, each.role) for each in explicit.order_by("created", "id"))
    return show(request, template, PersonPage("people", row, projects), section=SECTION, **more)


def _user(caller: Caller, user_id: UUID) -> User:
    return get_object_or_404(User.objects.of(caller), pk=user_id)


def _rows(users: list[User], caller: Caller) -> tuple[PersonRow, ...]:
    with_device = have_mfa(users)
    return tuple(
        PersonRow(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role,
            has_mfa=user.id in with_device,
            is_active=user.is_active,
            state=Badge("active", "good") if user.is_active else Badge("deactivated", "off"),
            since=user.created,
            is_self=user.id == caller.user_id,
        )
        for user in users
    )


def _query(search: str, number: int) -> str:
    return "?" + urlencode({**({"search": search} if search else {}), "page": number})
