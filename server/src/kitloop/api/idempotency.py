"""The `Idempotency-Key` of a request."""

from collections.abc import Callable
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from kitloop.api.operation import caller_of
from kitloop.base.idempotency import once, request_hash


def idempotently(
    request: Request, operation: str, given: dict[str, Any], do: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """The answer of `do`, and whether this request's Idempotency-Key has had it before. Without a key, it is done anew."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return do(), False
    if len(key) > 255 or not key.isprintable():
        raise ValidationError({"Idempotency-Key": ["Use at most 255 printable characters."]})
    return once(caller_of(request).organization_id, key, of=request_hash(operation, given), do=do)
