from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from kitloop_storefront.pages import accounts, customer, machines, staff

urlpatterns = [
    path("", customer.home, name="home"),
    path("privacy/", customer.privacy, name="privacy"),
    path("sign-up/", accounts.sign_up, name="sign-up"),
    path("log-in/", accounts.log_in, name="log-in"),
    path("log-out/", accounts.log_out, name="log-out"),
    path(
        "password/",
        auth.PasswordResetView.as_view(
            template_name="shop/password.html",
            email_template_name="shop/password_mail.txt",
            subject_template_name="shop/password_subject.txt",
        ),
        name="password_reset",
    ),
    path(
        "password/sent/",
        auth.PasswordResetDoneView.as_view(template_name="shop/password_sent.html"),
        name="password_reset_done",
    ),
    path(
        "password/<uidb64>/<token>/",
        auth.PasswordResetConfirmView.as_view(
            template_name="shop/password_new.html", success_url=reverse_lazy("kits"), post_reset_login=True
        ),
        name="password_reset_confirm",
    ),
    path("order/", customer.order, name="order"),
    path("kits/", customer.kits, name="kits"),
    path("kits/<slug:number>/", customer.kit, name="kit"),
    path("kits/<slug:number>/progress", customer.progress, name="progress"),
    path("kits/<slug:number>/address/", customer.correct, name="correct"),
    path("kits/<slug:number>/results/", customer.results, name="results"),
    path("kits/<slug:number>/files/<slug:file_type>", customer.file, name="file"),
    path("staff/", staff.staff, name="staff"),
    path("staff/orders/<slug:number>/try-again", staff.try_again, name="try-again"),
    path("webhooks/kitloop", machines.webhook, name="webhook"),
    path("health", machines.health, name="health"),
]
handler404 = "kitloop_storefront.pages.errors.not_found"
handler500 = "kitloop_storefront.pages.errors.broken"
handler403 = "kitloop_storefront.pages.errors.forbidden"
