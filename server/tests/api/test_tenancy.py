"""Owner, analyst, viewer, member, stranger and no one against every route and method, found from the address table."""

from functools import cache
from uuid import uuid4

import pytest
from cases import CAST, Case, Who, audit, forms, kits, organizations, people, projects, subscriptions
from cast import Cast, undone
from django.db import connection
from django.test import Client
from kitloop.api.urls import kitloop_v1, v2

SUBJECTS = [audit, forms, kits, organizations, people, projects, subscriptions]
CASES: list[Case] = [case for subject in SUBJECTS for case in subject.CASES]


def test_every_route_and_method_is_tried_by_the_whole_cast() -> None:
    served = {
        (pattern.name, method)
        for pattern in [*v2, *kitloop_v1]
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(pattern.callback.view_class, method)  # type: ignore[attr-defined]
    }
    assert served == {(case.route, case.method) for case in CASES}
    assert all(set(case.expected) == set(CAST) for case in CASES)


@pytest.fixture(scope="module")
def cast(shared_cast: Cast) -> Cast:
    return shared_cast


@pytest.fixture(scope="module")
def ids(cast: Cast) -> dict[str, str]:
    return {name: id for subject in SUBJECTS for name, id in subject.ids(cast).items()}


def _sent(client: Client, case: Case, path: str, cast: Cast, ids: dict[str, str], who: Who) -> tuple[int, bytes]:
    body = case.body(cast, ids) if callable(case.body) else case.body
    answer = client.generic(
        case.method.upper(),
        path if path.startswith("/") else f"/api/v2/{path}",
        b"" if body is None else client._encode_json(body, "application/json"),  # type: ignore[attr-defined]
        content_type="application/json",
        headers=getattr(cast, who).headers if who else {},
    )
    return answer.status_code, getattr(answer, "content", b"")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.route}")
def test_each_of_the_cast_gets_what_its_role_may(cast: Cast, ids: dict[str, str], case: Case) -> None:
    path = case.path.format(**ids)
    before = _everything()
    got: dict[Who, int] = {}
    for who in CAST:
        with undone():
            got[who], content = _sent(Client(), case, path, cast, ids, who)
            if got[who] >= 400:
                assert _everything() == before, who
            if got[who] == 404:
                assert content == b'{"detail":"Not found."}', who
    assert got == case.expected
    assert _everything() == before  # each began as the first did


@pytest.mark.parametrize(
    "case", [case for case in CASES if "{" in case.path], ids=lambda case: f"{case.method}-{case.route}"
)
def test_an_id_that_is_not_there_is_one_and_the_same_404(cast: Cast, ids: dict[str, str], case: Case) -> None:
    for id in (str(uuid4()), "nonsense", "..%2f..", "0", "null"):
        with undone():
            path = case.path.format(**dict.fromkeys(ids, id))
            assert _sent(Client(), case, path, cast, ids, "owner") == (404, b'{"detail":"Not found."}'), id


@pytest.mark.parametrize("path", ["/api/v2/nothing/", "/api/v2/", "/lab/v1/x", "/api/v2/explorer-data-credentials/"])
def test_an_unknown_path_is_json_too(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert answer["Content-Type"] == "application/json"


# What a refused request may write: when a key was last used, and how many tries and requests there were.
_MAY_CHANGE = {"accounts_apikey", "base_requestwindow", "accounts_attempts"}


@cache
def _of_every_table() -> str:
    """One query for all of them: fifty, twice for each refusal, would be most of these tests' time."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name not in _MAY_CHANGE]
    each = (f"""SELECT '{name}', md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM "{name}" t""" for name in names)
    return " UNION ALL ".join(each)


def _everything() -> dict[str, str]:
    """A digest of every row of every table."""
    with connection.cursor() as cursor:
        cursor.execute(_of_every_table())
        return dict(cursor.fetchall())
