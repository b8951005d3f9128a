"""The gate of every page: signed in, and a role that may. Views get the caller and start each read with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import PERMISSIONS, Permission

View = Callable[..., HttpResponseBase]

WORDS = {
    Permission.PROJECT_VIEW: "see projects and samples",
    Permission.SAMPLE_KIT_CREATE: "see who a kit goes to",
    Permission.PROJECT_EDIT: "change webhooks",
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
            return view(request, caller, **ids)

        return never_cache(require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])(gated))

    return decorate
