"""Who asks: an API key in `Authorization: Api-Key …`, or a token in `Authorization: Bearer …` (contract §2). Both are a Caller."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kitloop.accounts.keys import caller_of
from kitloop.accounts.logins import caller_of_token
from kitloop.accounts.models import Caller
from kitloop.base.requests import client_address

CHALLENGE = 'Bearer realm="api"'
_DEAD_TOKEN = {
    "detail": "Given token not valid for any token type",
    "code": "token_not_valid",
    "messages": [
        {"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"},
    ],
}


class ApiKeyAuthentication(BaseAuthentication):
    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        key = _credential(request, self.keyword)
        if key is None:
            return None
        caller = caller_of(key, address=client_address(request._request))
        if caller is None:
            raise AuthenticationFailed("Invalid API key.")
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class TokenAuthentication(BaseAuthentication):
    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        token = _credential(request, self.keyword)
        if token is None:
            return None
        caller = caller_of_token(token)
        if caller is None:
            raise AuthenticationFailed(_DEAD_TOKEN)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _credential(request: Request, keyword: str) -> str | None:
    scheme, _, found = request.headers.get("Authorization", "").partition(" ")
    return found.strip() if scheme.lower() == keyword.lower() else None


class IsCaller(BasePermission):
    """Signed in, one way or another."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Caller)
