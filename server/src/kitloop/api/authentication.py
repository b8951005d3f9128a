"""Who asks: an API key in `Authorization: Api-Key …` (contract §2.1)."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kitloop.accounts.keys import caller_of
from kitloop.accounts.models import Caller
from kitloop.base.requests import client_address


class ApiKeyAuthentication(BaseAuthentication):
    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # Tokens are not served yet; a client that sends one hears what a client with a dead token hears.
            dead = {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}
            said = "Given token not valid for any token type"
            raise AuthenticationFailed({"detail": said, "code": "token_not_valid", "messages": [dead]})
        if scheme.lower() != self.keyword.lower():
            return None
        caller = caller_of(key.strip(), address=client_address(request._request))
        if caller is None:
            raise AuthenticationFailed("Invalid API key.")
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class IsCaller(BasePermission):
    """Signed in, one way or another."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Caller)
