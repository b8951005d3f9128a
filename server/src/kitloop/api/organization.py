"""The organization and the people in it (contract §5.8, §7.2)."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.models import User
from kitloop.accounts.organizations import change_user, give_role, rename_organization
from kitloop.accounts.roles import ROLES, Permission
from kitloop.api.operation import Operation, audited, caller_of, require
from kitloop.api.pagination import page
from kitloop.api.parsing import Printable, path_uuid
from kitloop.api.people import given_role, searched, user_of
from kitloop.api.projects import filtered, permitted
from kitloop.api.routing import at
from kitloop.wire.people import organization, organization_role, organization_users
from kitloop.wire.projects import project_rows


class NameSerializer(serializers.Serializer[dict[str, Any]]):
    name = Printable(max_length=254)


class UserSerializer(serializers.Serializer[dict[str, Any]]):
    is_active = serializers.BooleanField()
    name = Printable(max_length=254)


class OrganizationView(Operation):
    """Your organization."""

    def get(self, request: Request) -> Response:
        """Read your organization, with your role in it."""
        reader = User.objects.select_related("organization").get(pk=caller_of(request).user_id)
        return Response(organization(reader.organization, reader=reader))

    def patch(self, request: Request) -> Response:
        """Rename your organization."""
        caller = require(request, Permission.ORGANIZATION_MANAGE)
        parsed = NameSerializer(data=request.data, partial=True)
        parsed.is_valid(raise_exception=True)
        if parsed.validated_data:
            rename_organization(caller, **parsed.validated_data)
            audited(request, caller.organization_id)
        return self.get(request)


class OrganizationUsersView(Operation):
    """The people of your organization, for its owners."""

    def get(self, request: Request) -> Response:
        """List the users of your organization."""
        rows = User.objects.of(require(request, Permission.ORGANIZATION_MANAGE))
        return page(request, searched(request, rows), organization_users)

    def post(self, request: Request) -> Response:
        """Give a user of your organization this role. Refused for its last active owner."""
        require(request, Permission.ORGANIZATION_MANAGE)
        user, role = given_role(request, ROLES)
        return Response(organization_role(give_role(user, role=role)), status=201)


class OrganizationUserView(Operation):
    def patch(self, request: Request, user_id: str) -> Response:
        """Change a user's name, or whether the user is active: one who is not is refused everywhere, at once."""
        require(request, Permission.ORGANIZATION_MANAGE)
        user = user_of(request, user_id)
        parsed = UserSerializer(data=request.data, partial=True)
        parsed.is_valid(raise_exception=True)
        return Response(organization_users([change_user(user, **parsed.validated_data)])[0])


class OrganizationRoleView(Operation):
    def get(self, request: Request, role_id: str) -> Response:
        """Read the assignment of a role in your organization: your own or, for an owner, anybody's."""
        caller = caller_of(request)
        user = get_object_or_404(User.objects.of(caller), role_id=path_uuid(role_id))
        if user.id != caller.user_id:
            require(request, Permission.ORGANIZATION_MANAGE)
        return Response(organization_role(user))


class UserProjectsView(Operation):
    def get(self, request: Request, user_id: str) -> Response:
        """List the projects that a user may see: your own or, for an owner, anybody's."""
        user = user_of(request, user_id)
        if user.id != caller_of(request).user_id:
            require(request, Permission.ORGANIZATION_MANAGE)
        rows = filtered(request, permitted(request, user.caller())).select_related("organization")
        return page(request, rows, lambda found: project_rows(found, reader=user.id))


routes = [
    at("organization", OrganizationView, "organization"),
    at("organization-users", OrganizationUsersView, "organization-users"),
    at("organization-users/{user_id}", OrganizationUserView, "organization-users-details"),
    at("organization-roles/{role_id}", OrganizationRoleView, "organization-roles"),
    at("user-projects/{user_id}", UserProjectsView, "user-projects"),
]
