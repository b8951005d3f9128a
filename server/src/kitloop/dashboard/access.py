"""The gate of every page: signed in, and a role that may. Views get the caller and start each read with it.

What a page reads of samples, and what it changes, is in the audit log: the view names it (`entry.enter`), the gate writes it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import PERMISSIONS, Permission
from kitloop.dashboard.entry import write

View = Callable[..., HttpResponseBase]

WORDS = {
    Permission.PROJECT_VIEW: "see projects and samples",
    Permission.SAMPLE_KIT_CREATE: "see who a kit goes to",
    Permission.PROJECT_EDIT: "change projects and webhooks",
    Permission.ORGANIZATION_MANAGE: "manage people",
}


class RoleMayNot(PermissionDenied):
    """The role of who asks may not do this. The page for it says which roles may."""

    def __init__(self, role: str, permission: Permission) -> None:
        self.role, self.permission = role, permission
        super().__init__(f"The role {role} may not {WORDS[permission]}.")

    @property
    def roles_that_may(self) -> list[str]:
        return [role for role, permissions in PERMISSIONS.items() if self.permission in permissions]


def require(caller: Caller, permission: Permission) -> None:
    if not caller.may(permission):
        raise RoleMayNot(caller.role, permission)


def page(*methods: str, may: Permission | None = None) -> Callable[[View], View]:
    """Makes `view(request, caller, **ids)` a page: for these methods, never cached, after login, for roles with `may`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, **ids: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                # A form can't be sent again by a redirect: whoever has to log in first starts from the front page.
                return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
            caller = request.user.caller()
            if may is not None:
                require(caller, may)
            if request.method != "POST":
                response = view(request, caller, **ids)
                if response.status_code < 400:
                    write(request)
                return response
            with transaction.atomic():  # a change and its entry are one
                response = view(request, caller, **ids)
                if 300 <= response.status_code < 400:  # done; a form that is shown again has changed nothing
                    write(request)
            return response

        return never_cache(require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])(gated))

    return decorate
