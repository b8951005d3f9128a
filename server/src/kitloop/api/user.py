"""The caller's own user: profile, and the settings that a client keeps with it (contract §5.8)."""

import json
from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kitloop.accounts.models import User
from kitloop.accounts.organizations import change_user
from kitloop.api.operation import Operation, audited, caller_of
from kitloop.api.parsing import Metadata, Printable
from kitloop.api.routing import at
from kitloop.wire.people import user

CONFIG_BYTES = 64 * 1024


class ProfileSerializer(serializers.Serializer[dict[str, Any]]):
    name = Printable(max_length=254, allow_blank=True, required=False)


class UserView(Operation):
    """Your own user."""

    def get(self, request: Request) -> Response:
        """Read your own user."""
        return Response(user(me(request)))

    def put(self, request: Request) -> Response:
        """Change your name."""
        return self.patch(request)

    def patch(self, request: Request) -> Response:
        """Change your name."""
        parsed = ProfileSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        found = me(request)
        audited(request, found.id)
        return Response(user(change_user(found, **parsed.validated_data)))


class ConfigView(Operation):
    """What a client keeps with your user, between its visits. It means nothing to us."""

    def get(self, request: Request) -> Response:
        """Read the settings that a client keeps with your user."""
        return Response(me(request).config)

    def patch(self, request: Request) -> Response:
        """Change some of them: each key of the body replaces the one that was there, or removes it where it is null."""
        given = request.data
        if not isinstance(given, dict):
            raise ValidationError({"non_field_errors": ["Send an object: one key for each setting."]})
        given = Metadata().run_validation(dict(given.items()))
        with transaction.atomic():
            found = User.objects.select_for_update(no_key=True).get(pk=caller_of(request).user_id)
            kept = {key: value for key, value in {**found.config, **given}.items() if value is not None}
            if len(json.dumps(kept)) > CONFIG_BYTES:
                raise ValidationError(
                    {"non_field_errors": [f"Settings of more than {CONFIG_BYTES} bytes can't be kept."]}
                )
            found.config = kept
            found.save(update_fields=["config"])
        audited(request, found.id)
        return Response(kept)


def me(request: Request) -> User:
    """The caller's own row."""
    return User.objects.select_related("organization").get(pk=caller_of(request).user_id)


routes = [at("user", UserView, "user"), at("user-config", ConfigView, "user-config")]
