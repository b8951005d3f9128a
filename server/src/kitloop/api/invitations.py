"""Invitations: sent and revoked by owners, read and accepted by whoever has the letter."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.invitations import accept_invitation, invitation_of, invite, revoke_invitation
from kitloop.accounts.models import Invitation, User
from kitloop.accounts.roles import ROLES, Permission
from kitloop.api.operation import Operation, audited, caller_of, require
from kitloop.api.pagination import page
from kitloop.api.parsing import one_of, path_uuid
from kitloop.api.routing import at
from kitloop.wire.people import invitation, invitation_details

STATUSES = ("accepted", "all", "expired", "pending", "revoked")


class InviteSerializer(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=ROLES, allow_blank=True, default="")


def _in_status(status: str) -> Q:
    is_late = Q(expires__lte=datetime.now(UTC))
    if status == "all":
        return Q()
    if status == "expired":
        return Q(status="pending") & is_late
    return Q(status=status) & ~is_late if status == "pending" else Q(status=status)


class InvitationsView(Operation):
    """The invitations into your organization, for its owners."""

    def get(self, request: Request) -> Response:
        """List invitations, newest first."""
        require(request, Permission.ORGANIZATION_MANAGE)
        rows = Invitation.objects.visible_to(caller_of(request)).select_related("status_actor")
        rows = rows.filter(_in_status(one_of(request, "status", STATUSES, "all"))).order_by("-created", "id")
        return page(request, rows, lambda found: [invitation(each) for each in found])

    def post(self, request: Request) -> Response:
        """Invite somebody by e-mail, as a member where no role is named."""
        caller = require(request, Permission.ORGANIZATION_MANAGE)
        parsed = InviteSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        found = invite(caller, email=given["email"], role=given["role"] or "member")
        audited(request, found.id)
        return Response(invitation(found), status=201)


class InvitationView(Operation):
    def delete(self, request: Request, invitation_id: str) -> Response:
        """Revoke an invitation: its link opens nothing any more."""
        caller = require(request, Permission.ORGANIZATION_MANAGE)
        found = get_object_or_404(Invitation.objects.visible_to(caller), pk=path_uuid(invitation_id))
        revoke_invitation(found, by=caller)
        audited(request, found.id)
        return Response(status=204)


class InvitationTokenView(Operation):
    """The invitation of a letter's link. Who has the token has the letter; no other gate stands before it."""

    def get(self, request: Request, token: str) -> Response:
        """Read an invitation by its token, also one that was accepted or revoked, or has expired."""
        return Response(invitation_details(self.found(token), token=token))

    def patch(self, request: Request, token: str) -> Response:
        """Accept an invitation as the user it is for. Organization and role are the invitation's, whatever the body says."""
        found = self.found(token)
        user = User.objects.get(pk=caller_of(request).user_id)
        accept_invitation(found, user)
        audited(request, found.id, user.id)
        return Response(invitation_details(found, token=token))

    def found(self, token: str) -> Invitation:
        found = invitation_of(token)
        if found is None:
            raise Http404
        return found


routes = [
    at("invitations", InvitationsView, "invitations"),
    at("invitations/{invitation_id}", InvitationView, "invitations-details"),
    at("invitations-token/{token}", InvitationTokenView, "invitations-token"),
]
