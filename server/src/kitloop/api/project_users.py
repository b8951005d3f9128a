"""The people of one project and their roles there: for owners of the organization, and of the project (contract §7.2)."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.models import User
from kitloop.accounts.roles import PROJECT_ROLES, Permission
from kitloop.api.operation import Operation, audited, caller_of, project_of, require_in
from kitloop.api.pagination import page
from kitloop.api.parsing import path_uuid, yes_or_no
from kitloop.api.people import given_role, searched
from kitloop.api.routing import at
from kitloop.projects.models import ProjectRole
from kitloop.projects.roles import give_project_role, project_roles_of, take_project_role, users_of
from kitloop.wire.people import organization_users, project_role, project_users


class ProjectUsersView(Operation):
    """Who may see a project."""

    def get(self, request: Request, project_id: str) -> Response:
        """List who may see the project, by a role in the organization or in the project; or by the latter alone."""
        project = project_of(request, project_id, Permission.ORGANIZATION_MANAGE)
        rows = users_of(project, only_explicit=yes_or_no(request, "only_explicit_roles") or False)
        return page(request, searched(request, rows), lambda found: project_users(found, project_id=project.id))

    def post(self, request: Request, project_id: str) -> Response:
        """Give a user of your organization a role in this project. It adds to the role in the organization."""
        project = project_of(request, project_id, Permission.ORGANIZATION_MANAGE)
        user, role = given_role(request, PROJECT_ROLES)
        return Response(project_role(give_project_role(project, user, role=role)), status=201)


class ProjectOrganizationUsersView(Operation):
    def get(self, request: Request, project_id: str) -> Response:
        """List everybody of your organization, to choose from for this project."""
        project = project_of(request, project_id, Permission.ORGANIZATION_MANAGE)
        rows = searched(request, User.objects.of(caller_of(request)))
        return page(request, rows, lambda found: organization_users(found, project_id=project.id))


class ProjectRoleView(Operation):
    """The assignment of a role in a project."""

    def get(self, request: Request, role_id: str) -> Response:
        """Read the assignment of a role in a project: your own or, for an owner, anybody's."""
        role = self.found(request, role_id)
        if role.user_id != caller_of(request).user_id:
            require_in(request, role.project_id, Permission.ORGANIZATION_MANAGE)
        return Response(project_role(role))

    def delete(self, request: Request, role_id: str) -> Response:
        """Take the role back. What the user may do in the project is then the role in the organization."""
        role = self.found(request, role_id)
        require_in(request, role.project_id, Permission.ORGANIZATION_MANAGE)
        audited(request, role.id, role.project_id, role.user_id)
        take_project_role(role)
        return Response(status=204)

    def found(self, request: Request, role_id: str) -> ProjectRole:
        return get_object_or_404(project_roles_of(caller_of(request)), pk=path_uuid(role_id))


routes = [
    at("project-users/{project_id}", ProjectUsersView, "project-users"),
    at("project-organization-users/{project_id}", ProjectOrganizationUsersView, "project-organization-users"),
    at("project-roles/{role_id}", ProjectRoleView, "project-roles"),
]
