"""The other half of logging in, for who has a second factor: a code of the app, or a backup token.

Between the halves the session says whose password was right, and is still nobody's. It says so for ten minutes, and not past a
change of that password.
"""

import time
from math import ceil
from typing import Any

from django import forms
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.guesses import SIGNING_IN, count_attempt, forget_attempts
from kitloop.accounts.models import User
from kitloop.accounts.second_factor import WRONG, WRONG_BACKUP, passes
from kitloop.base.requests import client_address
from kitloop.dashboard.entry import enter, write

KEPT_SECONDS = 600
_KEY = "second_step"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        label="Code",
        help_text="The six digits that your authenticator app shows. Without the app: one of your backup tokens.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


def begin(request: HttpRequest, user: User, *, following: str) -> None:
    """Notes whose password was right, and where they are going."""
    request.session.cycle_key()
    request.session[_KEY] = [str(user.id), user.get_session_auth_hash(), int(time.time()), following]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    user, following = _begun(request)
    if user is None:
        return redirect("dashboard:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST":
        wait = count_attempt(SIGNING_IN, email=user.email, address=client_address(request))
        if wait is not None:
            minutes = max(1, ceil(wait.total_seconds() / 60))
            answer = _shown(request, CodeForm(), status=429, wait_minutes=minutes)
            answer["Retry-After"] = str(ceil(wait.total_seconds()))
            return answer
        if form.is_valid():
            code = str(form.cleaned_data["code"])
            is_of_app = code.replace(" ", "").isdigit()
            if passes(user, **{"otp_token" if is_of_app else "backup_token": code}):
                return _in(request, user, following)
            form.add_error("code", WRONG if is_of_app else WRONG_BACKUP)
    return _shown(request, form)


def _begun(request: HttpRequest) -> tuple[User | None, str]:
    user_id, auth_hash, began, following = request.session.get(_KEY) or ("", "", 0, "")
    if not user_id or time.time() - began > KEPT_SECONDS:
        return None, ""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not constant_time_compare(auth_hash, user.get_session_auth_hash()):
        return None, ""
    return user, following


def _in(request: HttpRequest, user: User, following: str) -> HttpResponse:
    del request.session[_KEY]
    forget_attempts(SIGNING_IN, email=user.email, address=client_address(request))
    enter(request, "login.post", user.caller(), user.id)
    write(request)
    login(request, user, backend=_BACKEND)
    return redirect(following)


def _shown(request: HttpRequest, form: CodeForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "dashboard/second_step.html", {"form": form, **more}, status=status)
