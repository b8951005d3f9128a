"""The pages for end-users: each link's own address, and the page that it opens."""

from django.urls import path

from kitloop.hosted.array_form import array_form
from kitloop.hosted.kit_form import kit_form
from kitloop.hosted.opening import opening
from kitloop.hosted.report import report

urlpatterns = [
    path("forms/kit", opening("kit")),
    path("forms/kit/<uuid:link_id>", kit_form),
    path("forms/array-data", opening("array")),
    path("forms/array-data/<uuid:link_id>", array_form),
    path("reports/view", opening("report")),
    path("reports/view/<uuid:link_id>", report),
]
