"""Who gets what on every route of the API. Each subject lists its own; `test_tenancy` tries them all, with the whole cast.

A route or method that is in the address table and not here fails a test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cast import Cast

Who = str | None
Expected = dict[Who, int]
CAST: tuple[Who, ...] = ("owner", "analyst", "viewer", "member", "stranger", None)


@dataclass(frozen=True, slots=True)
class Case:
    """One request, and the status that each of the cast gets. `{sample}` and the like in the path are ids of `Ids`."""

    route: str  # the name in the address table
    method: str
    path: str
    expected: Expected
    body: Callable[[Cast, dict[str, str]], Any] | dict[str, Any] | None = None


def by_role(owner: int, analyst: int, viewer: int, member: int, stranger: int, no_one: int = 401) -> Expected:
    return dict(zip(CAST, (owner, analyst, viewer, member, stranger, no_one), strict=True))


READERS = by_role(200, 200, 200, 403, 404)  # whoever may see projects
SIGNED_IN = by_role(200, 200, 200, 200, 200)  # about the caller itself, or the same for everybody


def managers(done: int) -> Expected:
    """Whoever may edit projects; `done` is the answer where it is carried out."""
    return by_role(done, 403, 403, 403, 404)
