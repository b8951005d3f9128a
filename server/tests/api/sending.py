"""A request of one of the cast's."""

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
