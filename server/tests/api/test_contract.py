"""Every operation that is served is carried out in a true state, and its answer held against the contract's schema."""

import json
from pathlib import Path
from typing import Any

import pytest
from cases import CAST, Case, by_role
from cast import Cast, person
from contract_shapes import problems
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from finished import CACHE, demo_folder, finished_sample, simulated_reads
from kitloop.accounts.letters import link
from kitloop.accounts.models import User
from kitloop.accounts.second_factor import set_up
from kitloop.api.description.contract import answer
from kitloop.api.routing import address, methods
from kitloop.api.urls import v2
from kitloop.labs.models import Lab
from kitloop.runs.models import File
from second_factors import code
from test_tenancy import CASES, SUBJECTS

FILE_TYPE = {"$ref": "#/components/schemas/PaginatedFileTypeList"}
PASSWORD = "quite another password"
PATHS = {str(route.name): f"/api/v2/{address(route)}" for route in v2}


def _parts(user: User, kind: str) -> dict[str, str]:
    """What a letter's link has in it."""
    *_, uid, token = link(user, kind).split("/")
    return {"uid": uid, "token": token}


def _newcomer(cast: Cast) -> User:
    user = person(cast.organization, "uploader").user
    User.objects.filter(pk=user.pk).update(is_active=False, activated=None)
    return User.objects.get(pk=user.pk)


def _reset(cast: Cast, ids: dict[str, str]) -> dict[str, str]:
    viewer = User.objects.get(pk=cast.viewer.user.pk)
    return {**_parts(viewer, "password_reset"), "new_password": PASSWORD}


def _code(cast: Cast, ids: dict[str, str]) -> dict[str, str]:
    return {"token": code(set_up(cast.analyst.user).secret)}


ANYBODY = by_role(200, 200, 200, 200, 200, 200)
# What nobody may without a letter or an app; the tenancy's cases have it refused.
BY_LETTER = [
    Case("user-register", "post", "user-register/", ANYBODY, {"email": "ann@example.com", "password": PASSWORD}),
    Case("user-activate", "post", "user-activate/", ANYBODY, lambda cast, ids: _parts(_newcomer(cast), "activation")),
    Case("user-password-reset-confirm", "post", "user-password-reset-confirm/", ANYBODY, _reset),
    Case("mfa-validate", "post", "mfa-validate/", by_role(400, 201, 400, 400, 400), _code),
]
CARRIED_OUT = [
    case for case in [*CASES, *BY_LETTER] if case.route in PATHS and any(each < 300 for each in case.expected.values())
]


def test_each_operation_has_a_request_that_is_carried_out() -> None:
    served = {(str(route.name), method.lower()) for route in v2 for method in methods(route)}
    assert {(case.route, case.method) for case in CARRIED_OUT} == served


@pytest.mark.timeout(300)
def test_each_operation_answers_as_the_contract_has_it(
    client: Client, cast: Cast, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One finished sample for all of them, because an analysis takes seconds; what each changes is taken back."""
    settings.KITLOOP_REGISTRATION = "open"
    settings.KITLOOP_BUNDLE = demo_folder() / "bundle"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(CACHE / "numba"))
    reads = simulated_reads(tmp_path / "reads")
    ids = {name: id for subject in SUBJECTS for name, id in subject.ids(cast).items()}
    sample = finished_sample(cast, Lab.objects.get(is_sandbox=False), reads)
    finished = {
        "sample": str(sample.id),
        "file": str(File.objects.get(sample=sample, file_type="impute-vcf").id),
        "user": str(cast.viewer.user.id),  # who may see projects
    }
    wrong = {}
    for case in CARRIED_OUT:
        if found := _problems(client, case, cast, ids | finished if case.method == "get" else ids):
            wrong[f"{case.method} {case.path}"] = found
    assert wrong == {}


def _problems(client: Client, case: Case, cast: Cast, ids: dict[str, str]) -> list[str]:
    expected = answer(case.method.upper(), PATHS[case.route])
    with transaction.atomic():
        found = _sent(client, case, cast, ids)
        transaction.set_rollback(True)
    if found.status_code != expected.status:
        return [f"{found.status_code} instead of {expected.status}: {_content(found)[:200]!r}"]
    if expected.schema is None:
        return [] if not _content(found) else ["a body where there is none"]
    if found["Content-Type"] != expected.media_type:
        return [f"{found['Content-Type']} instead of {expected.media_type}"]
    if expected.media_type != "application/json":
        return [] if b"\n" in _content(found) else ["no line of text"]
    body = found.json()
    if "results" in body and not body["results"]:
        return ["an empty list, which shows nothing"]
    return problems(body, expected.schema)


def _sent(client: Client, case: Case, cast: Cast, ids: dict[str, str]) -> Any:
    """Sent by the first of the cast who may."""
    who = next(each for each in CAST if case.expected[each] < 300)
    body = case.body(cast, ids) if callable(case.body) else case.body
    return client.generic(
        case.method.upper(),
        f"/api/v2/{case.path.format(**ids)}",
        b"" if case.method == "get" else json.dumps(body or {}),
        content_type="application/json",
        headers=getattr(cast, who).headers if who else {},
    )


def _content(found: Any) -> bytes:
    return b"".join(found.streaming_content) if found.streaming else found.content


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"key": "qc", "description": ""}, []),
        ({"key": "qc"}, ["$.results[0]: 'description' is a required property"]),
        ({"key": None, "description": ""}, ["$.results[0].key: None is not of type 'string'"]),
        (
            {"key": "qc", "description": "", "note": ""},
            ["$.results[0]: Additional properties are not allowed ('note' was unexpected)"],
        ),
    ],
)
def test_an_answer_that_is_not_as_the_contract_has_it_is_told_apart(row: dict[str, Any], said: list[str]) -> None:
    body = {"meta": {"count": 1, "next": None, "previous": None}, "results": [row]}
    assert problems(body, FILE_TYPE) == said


@pytest.mark.parametrize(
    ("format", "right", "wrong"),
    [
        ("date-time", "2021-10-12T19:47:15.332776Z", "2021-10-12T19:47:15.332776+00:00"),
        ("date-time", "2024-07-25T15:05:20Z", "2024-07-25T15:05:20.000000Z"),
        ("date", "2024-07-25", "2024-7-25"),
        ("uuid", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "3FA85F64-5717-4562-B3FC-2C963F66AFA6"),
        ("uri", "https://shop.example/kits", "/kits"),
        ("email", "jane.doe@example.com", "jane.doe"),
    ],
)
def test_a_text_is_held_against_its_format(format: str, right: str, wrong: str) -> None:
    schema = {"type": "string", "format": format}
    assert (problems(right, schema), len(problems(wrong, schema))) == ([], 1)
