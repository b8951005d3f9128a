"""What each role may do (contract §7.2)."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import Operation
from kitloop.api.pagination import page_of_few
from kitloop.api.routing import at
from kitloop.wire.people import roles


class RolesView(Operation):
    def get(self, request: Request, applies_to: str) -> Response:
        """List the roles that can be given in the organization, or in one project, with what they allow there."""
        if applies_to not in {"organization", "project"}:
            raise Http404
        return page_of_few(request, roles(applies_to))


routes = [at("roles/{applies_to}", RolesView, "roles")]
