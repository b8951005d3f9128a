"""An integrator's request for a link, and its end-user's browser."""

from typing import Any
from urllib.parse import urlsplit

from cast import ORDER, Cast
from django.test import Client

ADDRESS = {name: value for name, value in ORDER.items() if name.startswith("recipient_")}


def asked(client: Client, cast: Cast, path: str, who: str = "analyst", headers: Any = None, **body: Any) -> Any:
    sent = {**getattr(cast, who).headers, **(headers or {})}
    return client.post(f"/api/v2/{path}", body, content_type="application/json", headers=sent)


def kit_link(client: Client, cast: Cast, **body: Any) -> dict[str, str]:
    answer = asked(client, cast, "sample-kit-form/", project_id=str(cast.project.id), **body)
    assert answer.status_code == 201, answer.content
    found: dict[str, str] = answer.json()
    return found


def path_of(url: str) -> str:
    """What a browser asks of the host of an absolute URL."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def opened(client: Client, link: dict[str, str]) -> str:
    """Opens a link in this browser; the address of the page that it leads to."""
    answer = client.get(path_of(link["url"]))
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])
