"""The page on which whoever comes makes an account, where the operator lets; and its "look in your mail"."""

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.guesses import ACTIVATION_LETTERS, REGISTERING, count_attempt
from kitloop.accounts.models import User
from kitloop.accounts.registering import register
from kitloop.base.requests import client_address
from kitloop.dashboard.people_form import printable
from kitloop.events.audit import audit


class RegisterForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    name = forms.CharField(
        max_length=254,
        label="Your name",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        validators=[printable],
    )
    organization_name = forms.CharField(
        max_length=254,
        label="Your organization",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        validators=[printable],
    )
    password = forms.CharField(
        strip=False,
        help_text="At least 10 characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        person = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
        validate_password(password, person)
        return password


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Answers the same whether somebody has an account with the address: the letter says it."""
    if settings.KITLOOP_REGISTRATION != "open":
        raise Http404
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            address = client_address(request)
            wait = count_attempt(REGISTERING, email="", address=address) or count_attempt(
                ACTIVATION_LETTERS, email=form.cleaned_data["email"], address=address
            )
            if wait is None:
                register(**form.cleaned_data)
                request_id = getattr(request, "request_id", "")
                audit("user-register.post", organization_id=None, user_id=None, request_id=request_id)
                return redirect("dashboard:registered")
        form.add_error(None, "Enough letters for now. Look in your mail, or try again in an hour.")
        return render(request, "dashboard/register.html", {"form": form}, status=429)
    return render(request, "dashboard/register.html", {"form": form})


@require_http_methods(["GET", "HEAD"])
def registered(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/registered.html")
