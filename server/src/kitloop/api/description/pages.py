"""Where the description is read: by programs at /api/schema/, by people at /api/docs/. Both come from here alone."""

from django.http import HttpResponse
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.api.operation import OpenOperation
from kitloop.api.routing import at


class SchemaView(OpenOperation):
    def get(self, request: Request) -> Response:
        """The API as OpenAPI 3, with the server that was asked as its server."""
        from kitloop.api.description.schema import document  # a second of imports, for the first who asks

        return Response({**document(), "servers": [{"url": request.build_absolute_uri("/").rstrip("/")}]})


class DocsView(OpenOperation):
    def get(self, request: Request) -> HttpResponse:
        """A page to read it on, and to try it."""
        return render(request._request, "api/docs.html")


routes = [at("schema", SchemaView, "schema"), at("docs", DocsView, "docs")]
