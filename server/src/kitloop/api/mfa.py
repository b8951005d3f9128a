"""The caller's second factor: set up, confirmed, asked after, turned off."""

from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.second_factor import WRONG, confirm, has_second_factor, set_up, turn_off
from kitloop.api.operation import Operation, audited
from kitloop.api.routing import at
from kitloop.api.user import me


class SetUpSerializer(serializers.Serializer[dict[str, Any]]):
    device_type = serializers.ChoiceField(choices=["generator", "yubikey"], write_only=True)

    def validate_device_type(self, kind: str) -> str:
        if kind != "generator":
            raise serializers.ValidationError("Yubikeys are not served here. Use an authenticator app: generator.")
        return kind


class ConfirmSerializer(serializers.Serializer[dict[str, Any]]):
    token = serializers.CharField(write_only=True)


class SetUpView(Operation):
    def post(self, request: Request) -> Response:
        """Get the key for an authenticator app. It counts from the moment that a token of the app is validated."""
        parsed = SetUpSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        user = me(request)
        found = set_up(user)
        audited(request, user.id)
        return Response({"secret": found.secret, "config_url": found.config_url}, status=201)


class ValidateView(Operation):
    is_atomic = False  # a wrong token counts

    def post(self, request: Request) -> Response:
        """Turn the second factor on with a token of the app. This answer alone has the backup tokens; each works once."""
        parsed = ConfirmSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        user = me(request)
        audited(request, user.id)
        with transaction.atomic():
            tokens = confirm(user, parsed.validated_data["token"])
            if tokens is not None:
                self._enter(request._request)
        if tokens is None:
            raise serializers.ValidationError({"token": [WRONG]})
        return Response({"backup_tokens": tokens}, status=201)


class StatusView(Operation):
    def get(self, request: Request) -> Response:
        """Ask whether your second factor is on."""
        return Response({"has_mfa_device": has_second_factor(me(request))})


class DisableView(Operation):
    http_method_names = ["delete"]  # `Allow` names the one that is there, and no OPTIONS (contract §1)

    def delete(self, request: Request) -> Response:
        """Turn your second factor off. Its backup tokens end with it."""
        user = me(request)
        turn_off(user)
        audited(request, user.id)
        return Response(status=204)


routes = [
    at("mfa-setup", SetUpView, "mfa-setup"),
    at("mfa-validate", ValidateView, "mfa-validate"),
    at("mfa-status", StatusView, "mfa-status"),
    at("mfa-disable", DisableView, "mfa-disable"),
]
