"""Addresses: every path answers with and without a final slash, without redirects (contract §3)."""

import re
from typing import Any

from django.urls import URLPattern, re_path


def at(path: str, view: Any, name: str) -> URLPattern:
    """A route. `{sample_id}` in the path is one segment of the address; the name is the path's first word, as in the contract."""
    pattern = path.replace(".", r"\.").replace("{", "(?P<").replace("}", ">[^/]+)")
    found: URLPattern = re_path(rf"^{pattern}/?$", view.as_view(), name=name)
    return found


def address(route: URLPattern) -> str:
    """Where a route is, below its entrance, as the contract spells it: with a final slash where nothing is named in it (§3)."""
    text = (
        re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", str(route.pattern))
        .removeprefix("^")
        .removesuffix("/?$")
        .replace("\\.", ".")
    )
    return text if "{" in text else f"{text}/"


def methods(route: URLPattern) -> list[str]:
    """What a route serves, HEAD and OPTIONS apart."""
    view = route.callback.view_class  # type: ignore[attr-defined]
    return [each for each in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view, each.lower())]
