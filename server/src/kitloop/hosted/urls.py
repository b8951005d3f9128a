"""The pages for end-users: each link's own address, and the page that it opens."""

from django.urls import path

from kitloop.hosted.kit_form import kit_form
from kitloop.hosted.opening import opening

urlpatterns = [
    path("forms/kit", opening("kit")),
    path("forms/kit/<uuid:link_id>", kit_form, name="hosted-kit-form"),
]
