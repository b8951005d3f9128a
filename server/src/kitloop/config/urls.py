"""All addresses of the platform, by entrance."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import include, path

from kitloop.api import errors as answers
from kitloop.api.description.pages import routes as description
from kitloop.api.urls import kitloop_v1, lab_v1, v2
from kitloop.base.requests import json_answer
from kitloop.config.maintenance import switch
from kitloop.dashboard import errors as pages
from kitloop.hosted.files import serve_object, take_file
from kitloop.hosted.payloads import serve_payload


def health(request: HttpRequest) -> JsonResponse:
    """200 under maintenance too: a balancer that took us out would answer in our place."""
    found = switch.state()
    if found is None:
        return json_answer({"status": "ok"})
    return json_answer({"status": "maintenance", "until": found.eta, "message": found.message})


urlpatterns = [
    path("api/v2/", include(v2)),
    path("api/kitloop/v1/", include(kitloop_v1)),
    path("api/", include(description)),
    path("lab/v1/", include(lab_v1)),
    path("objects/<path:key>", serve_object),
    path("uploads/<str:token>", take_file),
    path("payloads/<uuid:delivery_id>", serve_payload),
    path("", include("kitloop.hosted.urls")),
    path("health", health),
    path("", include("kitloop.dashboard.urls")),
]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    return pages.not_found(request) if pages.wanted(request) else answers.not_found(request)


def server_error(request: HttpRequest) -> HttpResponseBase:
    return pages.server_error(request) if pages.wanted(request) else answers.server_error(request)


handler400 = "kitloop.api.errors.bad_request"
handler403 = "kitloop.dashboard.errors.forbidden"
handler404 = "kitloop.config.urls.not_found"
handler500 = "kitloop.config.urls.server_error"
