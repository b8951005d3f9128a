from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, re_path

from kitloop_lab import pages, protocol

urlpatterns = [
    path("lab/v1/health", protocol.health),
    path("lab/v1/orders", protocol.take_order),
    path("lab/v1/orders/<uuid:kit_id>/cancel", protocol.cancel_order),
    re_path(r"^lab/", protocol.not_found),
    path("", pages.board, name="board"),
    path("kits/<uuid:kit_id>/", pages.kit, name="kit"),
    path("kits/<uuid:kit_id>/label/", pages.label, name="label"),
    path("kits/<uuid:kit_id>/send-again/", pages.send_again, name="send-again"),
    path("send-again/", pages.send_all_again, name="send-all-again"),
    path("login/", LoginView.as_view(template_name="lab/login.html", redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
handler400 = "kitloop_lab.pages.bad_request"
handler403 = "kitloop_lab.pages.forbidden"
handler404 = "kitloop_lab.pages.not_found"
handler500 = "kitloop_lab.pages.server_error"
