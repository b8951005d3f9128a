"""The page behind an invitation's link: name and password, and the account is there."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.invitations import InvitationOver, accept_invitation, find_invitation, join_organization
from kitloop.accounts.models import Invitation, User
from kitloop.accounts.unactivated import unactivated
from kitloop.base.errors import FieldErrors
from kitloop.dashboard.entry import enter, write
from kitloop.dashboard.people_form import JoinForm


@dataclass(frozen=True, slots=True)
class Joining:
    organization: str
    role: str
    email: str
    expects: str  # what the page offers: `newcomer` a form, `self` a button, `login` a link, `elsewhere` nothing


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """For whoever has the letter. A link that is unknown, used, revoked or too old hears one and the same."""
    invitation = find_invitation(token)
    if invitation is None:
        return _closed(request)
    expects = _expected(request, invitation)
    form = JoinForm(invitation, request.POST or None)
    try:
        if request.method == "POST" and expects == "self":
            return _accept(request, invitation)
        if request.method == "POST" and expects == "newcomer" and form.is_valid():
            return _join(request, invitation, form)
    except InvitationOver:  # while the form was being filled in
        return _closed(request)
    except FieldErrors as error:
        form.add_error(None, [said for each in error.fields.values() for said in each])
    shown = Joining(invitation.organization.name, invitation.role, invitation.email, expects)
    return render(request, "dashboard/join.html", {"page": shown, "form": form})


def _join(request: HttpRequest, invitation: Invitation, form: JoinForm) -> HttpResponse:
    with transaction.atomic():
        user = join_organization(invitation, **form.cleaned_data)
        enter(request, "user-register.post", user.caller(), user.id, invitation.id)
        write(request)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, f"Welcome to {invitation.organization.name}.")
    return redirect("dashboard:front")


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    assert isinstance(request.user, User)
    with transaction.atomic():
        accept_invitation(invitation, request.user)
        enter(request, "invitations-token.patch", request.user.caller(), invitation.id, request.user.id)
        write(request)
    messages.success(request, f"You are {invitation.role} of {invitation.organization.name} now.")
    return redirect("dashboard:front")


def _expected(request: HttpRequest, invitation: Invitation) -> str:
    found = User.objects.filter(email=invitation.email).exclude(pk__in=unactivated()).first()
    if found is None:
        return "newcomer"
    if found.organization_id != invitation.organization_id:
        return "elsewhere"
    return "self" if request.user == found else "login"


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/join.html", {"page": None}, status=404)
