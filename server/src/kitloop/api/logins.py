"""Logging in by e-mail and password, and the tokens that come of it (contract §2.2)."""

from typing import Any

from django.contrib.auth import authenticate
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.guesses import SIGNING_IN
from kitloop.accounts.logins import log_in, log_out, refreshed, verify
from kitloop.accounts.models import User
from kitloop.accounts.second_factor import WRONG, WRONG_BACKUP, has_second_factor, passes
from kitloop.api.guessing import counted, forgotten
from kitloop.api.operation import OpenOperation
from kitloop.api.routing import at


class LogInSerializer(serializers.Serializer[dict[str, Any]]):
    otp_token = serializers.CharField(required=False, allow_blank=True, write_only=True)
    backup_token = serializers.CharField(required=False, allow_blank=True, write_only=True)
    email = serializers.CharField(write_only=True)
    password = serializers.CharField(write_only=True, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[dict[str, Any]]):
    refresh = serializers.CharField()


class TokenSerializer(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(write_only=True)


class LogInView(OpenOperation):
    """Logs in. The tries at one e-mail from one address are counted together with those at the dashboard's page."""

    is_atomic = False  # a guess counts, and so does a second factor that was used

    def post(self, request: Request) -> Response:
        """Exchange e-mail and password, and a one-time or backup token where the user has a second factor, for tokens."""
        parsed = LogInSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        counted(request, SIGNING_IN, email=given["email"])
        user = authenticate(request._request, username=given["email"], password=given["password"])
        if not isinstance(user, User):
            raise AuthenticationFailed("No active account found with the given credentials")
        if has_second_factor(user):
            _ask_for_it(user, given)
        self.acts_for = user.caller()
        with self.entered():
            tokens = log_in(user)
        forgotten(request, SIGNING_IN, email=given["email"])
        return Response({"refresh": tokens.refresh, "access": tokens.access})


def _ask_for_it(user: User, given: dict[str, Any]) -> None:
    """The second factor. A refusal has the field's name and no `detail`: that is how clients know what to ask for (contract §2.2)."""
    otp_token, backup_token = given.get("otp_token", ""), given.get("backup_token", "")
    if passes(user, otp_token=otp_token, backup_token=backup_token):
        return
    if otp_token:
        raise AuthenticationFailed({"otp_token": [WRONG]})
    if backup_token:
        raise AuthenticationFailed({"backup_token": [WRONG_BACKUP]})
    raise AuthenticationFailed(
        {"otp_token": ["Enter the code that your authenticator app shows, or send a backup_token."]}
    )


class RefreshView(OpenOperation):
    is_atomic = False  # it changes nothing

    def post(self, request: Request) -> Response:
        """Get a new access token for a refresh token, which stays as it is."""
        parsed = RefreshSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        return Response({"access": refreshed(parsed.validated_data["refresh"])})


class VerifyView(OpenOperation):
    is_atomic = False  # it changes nothing

    def post(self, request: Request) -> Response:
        """Ask whether a token, of either kind, is good at this moment."""
        parsed = TokenSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        verify(parsed.validated_data["token"])
        return Response({})


class LogOutView(OpenOperation):
    def post(self, request: Request) -> Response:
        """End the login of a refresh token. Its access tokens end with it."""
        parsed = RefreshSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        self.acts_for = log_out(parsed.validated_data["refresh"])
        return Response({"refresh": parsed.validated_data["refresh"]})


routes = [
    at("jwt-create", LogInView, "jwt-create"),
    at("jwt-refresh", RefreshView, "jwt-refresh"),
    at("jwt-verify", VerifyView, "jwt-verify"),
    at("jwt-logout", LogOutView, "jwt-logout"),
]
