"""Addresses: every path answers with and without a final slash, without redirects (contract §3)."""

from typing import Any

from django.urls import URLPattern, re_path


def at(path: str, view: Any, name: str) -> URLPattern:
    """A route. `{sample_id}` in the path is one segment of the address; the name is the path's first word, as in the contract."""
    pattern = path.replace(".", r"\.").replace("{", "(?P<").replace("}", ">[^/]+)")
    found: URLPattern = re_path(rf"^{pattern}/?$", view.as_view(), name=name)
    return found
