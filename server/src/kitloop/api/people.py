"""What the operations on people share: finding one, searching, and the body that gives a role."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request

from kitloop.accounts.models import User
from kitloop.accounts.organizations import people_matching
from kitloop.accounts.roles import ROLES
from kitloop.api.operation import audited, caller_of
from kitloop.api.parsing import path_uuid


def user_of(request: Request, user_id: str) -> User:
    """The user of a path: 404 where it is not in the caller's organization."""
    found = get_object_or_404(User.objects.of(caller_of(request)), pk=path_uuid(user_id))
    audited(request, found.id)
    return found


def searched(request: Request, rows: QuerySet[User]) -> QuerySet[User]:
    """`search` in name and e-mail, or the whole id (contract §4); who has been here longest first."""
    return rows.filter(people_matching(request.query_params.get("search", ""))).order_by("created", "id")


class GivenRoleSerializer(serializers.Serializer[dict[str, Any]]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), pk_field=serializers.UUIDField())
    role = serializers.ChoiceField(choices=ROLES)


def given_role(request: Request, roles: Sequence[str]) -> tuple[User, str]:
    """The body {user, role}: a user of the caller's organization, and one of these roles."""
    parsed = GivenRoleSerializer(data=request.data)
    parsed.fields["user"].queryset = User.objects.of(caller_of(request))
    parsed.fields["role"].choices = roles
    parsed.is_valid(raise_exception=True)
    user: User = parsed.validated_data["user"]
    audited(request, user.id)
    return user, parsed.validated_data["role"]
