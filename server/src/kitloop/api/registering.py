"""Making an account: by oneself where the operator lets, by invitation in any case; and activating it."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.guesses import ACTIVATION_LETTERS, REGISTERING
from kitloop.accounts.registering import activate, register, register_invited, resend_activation
from kitloop.api.guessing import counted
from kitloop.api.operation import OpenOperation, audited
from kitloop.api.parsing import Printable
from kitloop.api.routing import at

CLOSED = "Accounts are made by invitation here. Ask an owner of your organization for one."


class RegisterSerializer(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(write_only=True, trim_whitespace=False, max_length=4096)
    name = Printable(max_length=254, required=False, allow_blank=True, default="")
    invitation_token = serializers.CharField(max_length=32, required=False, allow_blank=True, default="")
    organization_name = Printable(max_length=254, required=False, allow_blank=True, default="")


class LinkSerializer(serializers.Serializer[dict[str, Any]]):
    uid = serializers.CharField()
    token = serializers.CharField()


class EmailSerializer(serializers.Serializer[dict[str, Any]]):
    email = serializers.EmailField()


class RegisterView(OpenOperation):
    def post(self, request: Request) -> Response:
        """Make an account. By invitation it works at once; otherwise after its e-mail address is confirmed."""
        parsed = RegisterSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        given = parsed.validated_data
        token, organization_name = given["invitation_token"], given["organization_name"]
        person = {name: given[name] for name in ("email", "password", "name")}
        if token:
            user = register_invited(token, **person)
            self.acts_for, id, organization_name = user.caller(), user.id, user.organization.name
            audited(request, id)
        elif settings.KITLOOP_REGISTRATION == "open":
            counted(request, REGISTERING)
            counted(request, ACTIVATION_LETTERS, email=given["email"])
            id = register(**person, organization_name=organization_name)
        else:
            raise ValidationError({"invitation_token": [CLOSED]})
        return Response(
            {
                "email": given["email"].strip().lower(),
                "id": str(id),
                "name": given["name"],
                "invitation_token": token,
                "organization_name": organization_name,
            },
            status=201,
        )


class ActivateView(OpenOperation):
    def post(self, request: Request) -> Response:
        """Activate an account by the two parts of its letter's link."""
        parsed = LinkSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        user = activate(**parsed.validated_data)
        self.acts_for = user.caller()
        audited(request, user.id)
        return Response(parsed.validated_data)


class ResendActivationView(OpenOperation):
    def post(self, request: Request) -> Response:
        """Have the activation's letter sent again. The answer is the same where nobody waits for it."""
        parsed = EmailSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        counted(request, ACTIVATION_LETTERS, email=parsed.validated_data["email"])
        resend_activation(parsed.validated_data["email"])
        return Response(parsed.validated_data)


routes = [
    at("user-register", RegisterView, "user-register"),
    at("user-activate", ActivateView, "user-activate"),
    at("user-activate-resend", ResendActivationView, "user-activate-resend"),
]
