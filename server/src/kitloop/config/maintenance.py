"""While the maintenance switch is on, every entrance answers 503; only `/health` and what pages are drawn with go on."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from kitloop.api import errors as answers
from kitloop.base.maintenance import Switch
from kitloop.base.requests import Next
from kitloop.dashboard import errors as pages

GOES_ON = ("/health", "/static/")
switch = Switch(settings.DATA)


class Maintenance:
    """Before sessions and authentication: the database may be what is being worked on."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        found = switch.state()
        if found is None or request.path.startswith(GOES_ON):
            return self.get_response(request)
        return pages.maintenance(request, found) if pages.wanted(request) else answers.maintenance(found)
