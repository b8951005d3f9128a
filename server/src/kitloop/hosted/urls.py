"""The pages for end-users: each link's own address, and the page that it opens."""

from django.urls import path

from kitloop.hosted.array_form import array_form
from kitloop.hosted.kit_form import kit_form
from kitloop.hosted.opening import opening

urlpatterns = [
    path("forms/kit", opening("kit")),
    path("forms/kit/<uuid:link_id>", kit_form),
    path("forms/array-data", opening("array")),
    path("forms/array-data/<uuid:link_id>", array_form),
]
