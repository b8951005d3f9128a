"""Reading what came: query parameters and JSON that PostgreSQL can keep."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from kitloop.base.text import unprintable

DEPTH = 64
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def path_uuid(text: str) -> UUID:
    """An id in a path. A malformed one is an object that does not exist (contract §6)."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def path_id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def yes_or_no(request: Request, name: str) -> bool | None:
    """A boolean of the query; none where it is absent."""
    text = request.query_params.get(name, "").strip().lower()
    if not text:
        return None
    if text not in {"true", "1", "false", "0"}:
        raise ValidationError({name: ["Must be a valid boolean."]})
    return text in {"true", "1"}


def one_of(request: Request, name: str, choices: Sequence[str], default: str) -> str:
    value = request.query_params.get(name) or default
    if value not in choices:
        raise ValidationError({name: [f'"{value}" is not a valid choice.']})
    return value


def moment(request: Request, name: str) -> datetime | None:
    """An ISO 8601 time of the query; one without a zone is UTC."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        found = parse_datetime(text.replace(" ", "+"))  # a plus sign that the client did not escape
    except ValueError:
        found = None
    if found is None:
        raise ValidationError({name: ["Enter a valid date/time."]})
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class StrictJSONParser(JSONParser):
    """JSON, refusing nesting that would exhaust the interpreter's stack."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class Printable(serializers.CharField):
    """Text that a label and a letter can carry: something to see, and no control or other invisible characters."""

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if said := unprintable(text):
            raise ValidationError(said)
        return text


class Metadata(serializers.JSONField):
    """Any JSON that the database can keep: no NUL, no lone surrogates, not nested deeper than 64."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        problem = _problem(value, DEPTH)
        if problem:
            raise ValidationError(problem)
        return value


def _problem(value: Any, depth: int) -> str | None:
    if depth == 0:
        return f"This value is nested deeper than {DEPTH} levels."
    if isinstance(value, str):
        return "Text must not contain null characters or unpaired surrogates." if _UNSTORABLE.search(value) else None
    if isinstance(value, dict):
        inner: list[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, list):
        inner = value
    else:
        return None
    return next((said for each in inner if (said := _problem(each, depth - 1))), None)
