"""Invitations on their pages: sent, listed, revoked."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.invitations import InvitationOver, invite, revoke_invitation, status_of
from kitloop.accounts.models import Caller, Invitation
from kitloop.accounts.roles import Permission
from kitloop.base.errors import FieldErrors
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.people_form import InvitationForm
from kitloop.dashboard.shell import show
from kitloop.dashboard.words import Badge

SECTION = "people"
ROWS = 25
TONES = {"pending": "busy", "accepted": "good", "expired": "off", "revoked": "off"}


@dataclass(frozen=True, slots=True)
class InvitationRow:
    id: UUID
    email: str
    role: str
    status: Badge
    is_pending: bool
    inviter: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    tab: str
    invitations: tuple[InvitationRow, ...]
    page: int
    pages: int
    previous: str
    following: str


@dataclass(frozen=True, slots=True)
class OneInvitation:
    tab: str
    invitation: InvitationRow | None


@page("GET", may=Permission.ORGANIZATION_MANAGE)
def invitations(request: HttpRequest, caller: Caller) -> HttpResponse:
    rows = Invitation.objects.visible_to(caller).select_related("created_by").order_by("-created", "id")
    found = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    shown = InvitationsPage(
        tab="invitations",
        invitations=tuple(_row(each) for each in found.object_list),
        page=found.number,
        pages=found.paginator.num_pages,
        previous=f"?page={found.number - 1}" if found.has_previous() else "",
        following=f"?page={found.number + 1}" if found.has_next() else "",
    )
    return show(request, "invitations.html", shown, section=SECTION)


@page("GET", "POST", may=Permission.ORGANIZATION_MANAGE)
def new_invitation(request: HttpRequest, caller: Caller) -> HttpResponse:
    form = InvitationForm(request.POST or None, initial={"role": "viewer"})
    if request.method == "POST" and form.is_valid():
        try:
            made = invite(caller, **form.cleaned_data)
        except FieldErrors as error:
            form.add_error("email", error.fields["email"])
        else:
            enter(request, "invitations.post", caller, made.id)
            messages.success(request, f"The invitation to {made.email} is on its way.")
            return redirect("dashboard:invitations")
    return show(request, "invitation_new.html", OneInvitation("invitations", None), section=SECTION, form=form)


@page("GET", "POST", may=Permission.ORGANIZATION_MANAGE)
def revoke(request: HttpRequest, caller: Caller, invitation_id: UUID) -> HttpResponse:
    rows = Invitation.objects.visible_to(caller).select_related("created_by")
    found = get_object_or_404(rows, pk=invitation_id)
    if request.method != "POST":
        return show(request, "invitation_revoke.html", OneInvitation("invitations", _row(found)), section=SECTION)
    try:
        revoke_invitation(found, by=caller)
    except InvitationOver as error:
        messages.error(request, str(error))
    else:
        enter(request, "invitations-details.delete", caller, found.id)
        messages.success(request, f"The invitation to {found.email} is revoked. Its link opens nothing any more.")
    return redirect("dashboard:invitations")


def _row(found: Invitation) -> InvitationRow:
    status = status_of(found)
    return InvitationRow(
        id=found.id,
        email=found.email,
        role=found.role,
        status=Badge(status, TONES[status]),
        is_pending=status == "pending",
        inviter=found.created_by.name or found.created_by.email,
        created=found.created,
        expires=found.expires,
    )
