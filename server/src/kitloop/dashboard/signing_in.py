"""Log in, log out, and a forgotten password: Django's views, with our throttle and our words."""

from math import ceil
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy

from kitloop.accounts.guesses import RESET_LETTERS, SIGNING_IN, Limit, count_attempt, forget_attempts
from kitloop.accounts.models import User
from kitloop.accounts.second_factor import has_second_factor
from kitloop.base.requests import client_address
from kitloop.dashboard import second_step
from kitloop.dashboard.entry import enter, write
from kitloop.dashboard.password_forms import ForgottenForm, NewPasswordForm


class LogInForm(AuthenticationForm):
    # The field is called `username` by Django's views; people are asked for their e-mail.
    username = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    error_messages = {
        "invalid_login": "That e-mail and password don't go together. Check both, and mind upper and lower case.",
        # Somebody who left hears what a stranger hears.
        "inactive": "That e-mail and password don't go together. Check both, and mind upper and lower case.",
    }

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class Throttled:
    """Of a form view: counts each POST by the e-mail in it, and answers 429 with the time to wait."""

    limit: Limit
    email_field: str

    def post(self, request: HttpRequest, *args: str, **kwargs: Any) -> HttpResponse:
        wait = count_attempt(self.limit, **self._who(request))
        if wait is None:
            return super().post(request, *args, **kwargs)  # type: ignore[misc, no-any-return]
        form = self.get_form_class()(initial={self.email_field: request.POST.get(self.email_field, "")})  # type: ignore[attr-defined]
        context = self.get_context_data(form=form, wait_minutes=max(1, ceil(wait.total_seconds() / 60)))  # type: ignore[attr-defined]
        answer: HttpResponse = self.render_to_response(context, status=429)  # type: ignore[attr-defined]
        answer["Retry-After"] = str(ceil(wait.total_seconds()))
        return answer

    def _who(self, request: HttpRequest) -> dict[str, str]:
        return {"email": request.POST.get(self.email_field, ""), "address": client_address(request)}


class LogIn(Throttled, views.LoginView):
    template_name = "dashboard/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True
    limit, email_field = SIGNING_IN, "username"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**super().get_context_data(**more), "is_open": settings.KITLOOP_REGISTRATION == "open"}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right. With a second factor, that is half of it: nobody is logged in before the other half."""
        user = form.get_user()
        assert isinstance(user, User)
        if has_second_factor(user):
            second_step.begin(self.request, user, following=self.get_success_url())
            return redirect("dashboard:second-step")
        forget_attempts(self.limit, **self._who(self.request))
        enter(self.request, "login.post", user.caller(), user.id)
        write(self.request)
        return super().form_valid(form)


class LogOut(views.LogoutView):
    next_page = "dashboard:login"


class PasswordReset(Throttled, views.PasswordResetView):
    """Sends the letter where there is such a user, and answers the same where there is none."""

    template_name = "dashboard/password_reset.html"
    form_class = ForgottenForm
    success_url = reverse_lazy("dashboard:password-reset-sent")
    limit, email_field = RESET_LETTERS, "email"


class PasswordResetSent(views.PasswordResetDoneView):
    template_name = "dashboard/password_reset_sent.html"


class PasswordResetConfirm(views.PasswordResetConfirmView):
    template_name = "dashboard/password_reset_confirm.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("dashboard:password-reset-complete")

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            answer: HttpResponse = super().form_valid(form)
            enter(self.request, "user-password-reset-confirm.post", form.user.caller(), form.user.id)
            write(self.request)
        return answer


class PasswordResetComplete(views.PasswordResetCompleteView):
    template_name = "dashboard/password_reset_complete.html"
