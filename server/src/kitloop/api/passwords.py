"""The caller's password and e-mail address, changed with the password in hand; and a password that was forgotten.

No answer holds a password, though the published schema has the request's fields in it.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.addresses import ask_for_new_email
from kitloop.accounts.guesses import RESET_LETTERS
from kitloop.accounts.passwords import check_password, forget_password, reset_password, set_password
from kitloop.api.guessing import counted, own_password
from kitloop.api.operation import OpenOperation, Operation, audited
from kitloop.api.registering import EmailSerializer, LinkSerializer
from kitloop.api.routing import at
from kitloop.api.user import me


class NewPasswordSerializer(serializers.Serializer[dict[str, Any]]):
    new_password = serializers.CharField(write_only=True, trim_whitespace=False, max_length=4096)
    current_password = serializers.CharField(write_only=True, trim_whitespace=False)


class NewEmailSerializer(serializers.Serializer[dict[str, Any]]):
    current_password = serializers.CharField(write_only=True, trim_whitespace=False)
    new_email = serializers.EmailField(max_length=254)


class ResetSerializer(LinkSerializer):
    new_password = serializers.CharField(write_only=True, trim_whitespace=False, max_length=4096)


class SetPasswordView(Operation):
    is_atomic = False  # a guess at the current password counts

    def post(self, request: Request) -> Response:
        """Set your password. Every login ends, this one too; API keys go on working."""
        parsed = NewPasswordSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given, user = parsed.validated_data, me(request)
        own_password(request, user, given["current_password"])
        check_password(given["new_password"], of=user, field="new_password")
        audited(request, user.id)
        with self.entered():
            set_password(user, given["new_password"])
        return Response({})


class ChangeEmailView(Operation):
    is_atomic = False  # a guess at the current password counts

    def post(self, request: Request) -> Response:
        """Ask for another e-mail address. It is changed when the link in the letter to it is followed."""
        parsed = NewEmailSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given, user = parsed.validated_data, me(request)
        own_password(request, user, given["current_password"])
        counted(request, RESET_LETTERS, email=user.email)
        audited(request, user.id)
        with self.entered():
            ask_for_new_email(user, given["new_email"])
        return Response({"new_email": given["new_email"].strip().lower()})


class ForgetPasswordView(OpenOperation):
    def post(self, request: Request) -> Response:
        """Have a letter sent with a link to set a new password. The answer is the same where nobody has the address."""
        parsed = EmailSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        counted(request, RESET_LETTERS, email=parsed.validated_data["email"])
        forget_password(parsed.validated_data["email"])
        return Response(parsed.validated_data)


class ResetPasswordView(OpenOperation):
    def post(self, request: Request) -> Response:
        """Set a new password by the two parts of the letter's link. Every login ends; API keys go on working."""
        parsed = ResetSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        user = reset_password(given["uid"], given["token"], password=given["new_password"])
        self.acts_for = user.caller()
        audited(request, user.id)
        return Response({"uid": given["uid"], "token": given["token"]})


routes = [
    at("user-password-set", SetPasswordView, "user-password-set"),
    at("user-change-email", ChangeEmailView, "user-change-email"),
    at("user-password-reset", ForgetPasswordView, "user-password-reset"),
    at("user-password-reset-confirm", ResetPasswordView, "user-password-reset-confirm"),
]
