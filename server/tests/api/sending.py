"""Requests of the cast's."""

from typing import Any

from cast import Cast
from django.test import Client


def sent(client: Client, cast: Cast, method: str, path: str, body: Any = None, who: str = "owner") -> Any:
    return client.generic(
        method,
        f"/api/v2/{path}",
        b"" if body is None else client._encode_json(body, "application/json"),  # type: ignore[attr-defined]
        content_type="application/json",
        headers=getattr(cast, who).headers,
    )


def ordered(client: Client, cast: Cast, key: str, **changes: Any) -> Any:
    """The answer to an order of a kit, made with any key."""
    headers = {"Authorization": f"Api-Key {key}"}
    return client.post("/api/v2/sample-kit/", cast.order(**changes), content_type="application/json", headers=headers)
