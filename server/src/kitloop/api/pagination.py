"""The envelope of every list (contract §4): limit and offset, 20 by default, at most 200, sorted query keys."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response

DEFAULT_LIMIT, MAX_LIMIT = 20, 200
MAX_OFFSET = 2**31 - 1


class Rows(Protocol):
    """A QuerySet, or what pages like one."""

    def count(self) -> int: ...

    def __getitem__(self, wanted: slice, /) -> Any: ...


def page(request: Request, rows: Rows, present: Callable[[list[Any]], list[dict[str, Any]]]) -> Response:
    """One page of `rows`, which must be ordered; `present` gets the page's rows at once, so that it can look up for all."""
    limit, offset = _asked(request, DEFAULT_LIMIT, MAX_LIMIT)
    count = rows.count()
    items = present(list(rows[offset : offset + limit])) if offset < count else []
    return _envelope(request, items, count=count, limit=limit, offset=offset)


def page_of_few(request: Request, items: Sequence[dict[str, Any]]) -> Response:
    """The same envelope around a list that is short and whole: all of it, where no limit is asked for (file-types/, §4)."""
    limit, offset = _asked(request, max(len(items), 1), MAX_LIMIT)
    return _envelope(request, list(items[offset : offset + limit]), count=len(items), limit=limit, offset=offset)


def _asked(request: Request, default: int, most: int) -> tuple[int, int]:
    limit = min(_number(request, "limit", default) or default, most)
    return limit, min(_number(request, "offset", 0), MAX_OFFSET)


def _envelope(request: Request, items: list[dict[str, Any]], *, count: int, limit: int, offset: int) -> Response:
    following = _url(request, limit, offset + limit) if offset + limit < count else None
    previous = _url(request, limit, max(0, offset - limit)) if offset > 0 else None
    return Response({"meta": {"count": count, "next": following, "previous": previous}, "results": items})


def _number(request: Request, name: str, default: int) -> int:
    """What can't be read as a number counts as absent, as in DRF's own pagination; a huge one as the largest that may be."""
    text = request.query_params.get(name, "").strip()
    if not (text.isascii() and text.isdigit()):
        return default
    return int(text) if len(text) < 10 else MAX_OFFSET


def _url(request: Request, limit: int, offset: int) -> str:
    query = [
        (key, value)
        for key, values in request.query_params.lists()
        for value in values
        if key not in {"limit", "offset"}
    ]
    query.append(("limit", str(limit)))
    if offset:
        query.append(("offset", str(offset)))
    return f"{request.build_absolute_uri(request.path)}?{urlencode(sorted(query))}"
