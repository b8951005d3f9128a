"""Sign up, log in, log out. The password pages are Django's own, in the shop's dress."""

from math import ceil

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kitloop_storefront.forms import LogInForm, SignUpForm
from kitloop_storefront.signing_in import TooManyTries, check_password
from kitloop_storefront.signing_in import sign_up as make_account


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("kits")
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        customer = make_account(values["email"], name=values["name"], password=values["password"])
        if customer:
            login(request, customer, backend="django.contrib.auth.backends.ModelBackend")
            return HttpResponseRedirect(_next(request, "order"))
        form.add_error("email", "There is an account with this address already.")
    return render(request, "shop/sign_up.html", {"form": form, "next": _wanted(request)}, status=_status(form))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("kits")
    form = LogInForm(request.POST or None)
    wait_seconds = 0
    if request.method == "POST" and form.is_valid():
        try:
            customer = check_password(request, email=form.cleaned_data["email"], password=form.cleaned_data["password"])
        except TooManyTries as error:
            wait_seconds = max(1, ceil(error.wait.total_seconds()))
            minutes = ceil(wait_seconds / 60)
            wait = "a minute" if minutes == 1 else f"{minutes} minutes"
            form.add_error(None, f"Too many tries. Please wait {wait}, or reset your password.")
        else:
            if customer:
                login(request, customer)
                return HttpResponseRedirect(
                    _next(request, "staff" if customer.is_staff else settings.LOGIN_REDIRECT_URL)
                )
            form.add_error(None, "E-mail and password do not go together. Please try again.")
    answer = render(request, "shop/log_in.html", {"form": form, "next": _wanted(request)}, status=_status(form))
    if wait_seconds:
        answer.status_code, answer["Retry-After"] = 429, str(wait_seconds)
    return answer


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _next(request: HttpRequest, otherwise: str) -> str:
    """Where the person was going, if that is one of our own pages."""
    wanted = _wanted(request)
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse(otherwise)


def _status(form: SignUpForm | LogInForm) -> int:
    return 422 if form.is_bound else 200


def _wanted(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next") or ""
