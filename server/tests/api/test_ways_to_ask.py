"""What holds for every operation and not only for one: both slash forms, bodies in three kinds, an empty object, pages of 200."""

import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from cases import CAST, Case
from cast import Cast, make_capability
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import resolve
from kitloop.api.description.bodies import BODIES, FREE, WITHOUT
from kitloop.api.description.schema import document, routes
from kitloop.pipelines.models import Capability
from kitloop.pipelines.register import capability_id
from pytest_django import Settings
from test_tenancy import CASES, SUBJECTS

NAMES = {name for case in CASES for name in re.findall(r"{(\w+)}", case.path)}
CHANGES = [case for case in CASES if case.method != "get"]


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    return {name: id for subject in SUBJECTS for name, id in subject.ids(cast).items()}


def address_of(case: Case, ids: dict[str, str]) -> str:
    asked = case.path.format(**ids)
    return asked if asked.startswith("/") else f"/api/v2/{asked}"


def sent(client: Client, cast: Cast, case: Case, ids: dict[str, str], body: bytes | str, kind: str) -> Any:
    """The answer to the first of the cast who gets furthest; what it changes is taken back."""
    who = min(CAST, key=lambda each: case.expected[each])
    with transaction.atomic():
        found = client.generic(
            case.method.upper(),
            address_of(case, ids),
            body,
            content_type=kind,
            headers=getattr(cast, who).headers if who else {},
        )
        transaction.set_rollback(True)
    return found


def body_of(case: Case, cast: Cast, ids: dict[str, str]) -> dict[str, Any]:
    found = case.body(cast, ids) if callable(case.body) else case.body
    return dict(found or {})


def in_a_form(body: dict[str, Any]) -> dict[str, Any]:
    """As a form has it: lists by repetition, other JSON as its text."""
    as_text = {"metadata"}  # any JSON at all, lists too
    plain = {key: json.dumps(each) if key in as_text or isinstance(each, bool) else each for key, each in body.items()}
    return {key: each for key, each in plain.items() if each is not None}


def test_a_body_may_come_in_three_kinds_wherever_there_is_one(client: Client, cast: Cast, ids: dict[str, str]) -> None:
    differing = {}
    for case in CHANGES:
        form = in_a_form(body_of(case, cast, ids))
        kinds: dict[str, bytes | str] = {
            "application/json": json.dumps(body_of(case, cast, ids)),
            "application/x-www-form-urlencoded": urlencode(form, doseq=True),
            MULTIPART_CONTENT: encode_multipart(BOUNDARY, form),
        }
        found = {kind: sent(client, cast, case, ids, body, kind).status_code for kind, body in kinds.items()}
        if set(found.values()) != {min(case.expected.values())}:
            differing[f"{case.method} {case.path}"] = found
    assert differing == {}


def test_an_empty_object_is_carried_out_or_refused_as_described(
    client: Client, cast: Cast, ids: dict[str, str]
) -> None:
    for case in CHANGES:
        answer = sent(client, cast, case, ids, "{}", "application/json")
        key = case.method.upper(), case.route
        told = next(
            document()["paths"][path][case.method] for path, route in routes().items() if route.name == case.route
        )
        assert str(answer.status_code) in told["responses"], (case.path, answer.content)
        assert answer.status_code in {200, 201, 202, 204} or answer["Content-Type"] == "application/json"
        if key in WITHOUT:
            assert answer.status_code == min(case.expected.values()), case.path
        else:
            assert key in BODIES or key in FREE


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.route}")
def test_both_slash_forms_are_one_and_the_same_address(case: Case) -> None:
    path = address_of(case, dict.fromkeys(NAMES, "x")).partition("?")[0].rstrip("/")
    plain, slashed = resolve(path), resolve(f"{path}/")
    assert (plain.func, plain.kwargs) == (slashed.func, slashed.kwargs)
    assert plain.url_name == case.route


def test_a_page_has_at_most_200(client: Client, cast: Cast) -> None:
    pipeline = make_capability("tests/first").pipeline
    Capability.objects.bulk_create(
        Capability(id=capability_id(f"tests/{number}"), pipeline=pipeline, key=f"tests/{number}", name="Another")
        for number in range(2, 230)
    )
    count = Capability.objects.count()
    answer = client.get("/api/v2/pipeline-capabilities/?limit=1000", headers=cast.member.headers).json()
    assert (len(answer["results"]), answer["meta"]["count"]) == (200, count)
    assert answer["meta"]["next"] == "http://testserver/api/v2/pipeline-capabilities/?limit=200&offset=200"
    rest = client.get(answer["meta"]["next"], headers=cast.member.headers).json()
    assert len(rest["results"]) == count - 200
    assert rest["meta"]["previous"] == "http://testserver/api/v2/pipeline-capabilities/?limit=200"


@pytest.mark.parametrize(("address", "seconds"), [("https://kits.example.org", 63072000), ("http://127.0.0.1:8000", 0)])
def test_browsers_are_told_to_stay_with_https_where_we_are_reached_by_it(address: str, seconds: int) -> None:
    shown = "import kitloop.config.settings as found; print(found.SECURE_HSTS_SECONDS)"
    environment = {**os.environ, "KITLOOP_URL": address}
    done = subprocess.run([sys.executable, "-c", shown], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{seconds}\n"


def test_an_answer_by_https_says_so(cast: Cast, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 63072000
    for is_secure, said in ((True, "max-age=63072000"), (False, None)):
        answer = Client().get("/api/v2/projects/", headers=cast.viewer.headers, secure=is_secure)
        assert (answer.status_code, answer.get("Strict-Transport-Security")) == (200, said)
