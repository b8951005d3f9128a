"""Requests that nobody wrote down: schemathesis makes them from our own description, and each answer must be one that it describes.

Each is carried out in the same true state and taken back. Four times of five a name of the request has a value that the tenancy's
cases give it: with random identifiers alone every answer would be a 404, and show nothing.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from cast import Cast
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.strategies import one_of
from kitloop.api.description.schema import V2, document, routes
from kitloop.config.wsgi import application
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_tenancy import CASES, SUBJECTS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(autouse=True)
def _connection_stays() -> Iterator[None]:
    """A request by WSGI looks after its connection; here that is the one of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.timeout(300)
def test_no_request_is_answered_by_a_fault_or_by_what_is_not_described(cast: Cast, settings: LazySettings) -> None:
    answered, wrong = asked(cast, settings, examples=4)
    assert wrong == {}
    assert sum(answered.values()) > 300
    assert sum(count for status, count in answered.items() if status < 300) > 60, answered


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nor_is_one_of_ten_thousand(cast: Cast, settings: LazySettings) -> None:
    answered, wrong = asked(cast, settings, examples=115)
    print(f"{sum(answered.values())} requests: {dict(sorted(answered.items()))}")
    assert wrong == {}
    assert sum(answered.values()) >= 10_000


def asked(cast: Cast, settings: LazySettings, *, examples: int) -> tuple[Counter[int], dict[str, str]]:
    """How many answers there were of each status; and for each operation, the first request that went wrong."""
    settings.KITLOOP_REQUESTS_PER_MINUTE = 0
    ids = {name: id for subject in SUBJECTS for name, id in subject.ids(cast).items()}
    answered: Counter[int] = Counter()
    wrong: dict[str, str] = {}
    for operation in _operations():
        known = _known(operation.method, operation.path, cast, ids)
        try:
            _each(operation, examples, lambda case, known=known: _ask(case, cast, known, answered))
        except (Exception, BaseExceptionGroup) as error:  # whatever it is, the other operations are asked too
            wrong[operation.label] = str(error)
    return answered, wrong


def _each(operation: Any, examples: int, ask: Callable[[Any], None]) -> None:
    @seed(20)
    @hypothesis_settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def all_of_them(case: Any) -> None:
        ask(case)

    all_of_them()


def _ask(case: Any, cast: Cast, known: dict[str, Any], answered: Counter[int]) -> None:
    chance = random.Random(repr((case.path_parameters, case.query, case.body)))  # the same again for the same request
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: known[name] for name in part if name in known and chance.random() < 0.8})
    who = chance.choice(["owner", "owner", "owner", "owner", "analyst", "viewer", "member", "stranger", None])
    with transaction.atomic():
        answer = case.call(headers=getattr(cast, who).headers if who else {})
        transaction.set_rollback(True)
    answered[answer.status_code] += 1
    case.validate_response(answer, checks=CHECKS)


def _known(method: str, path: str, cast: Cast, ids: dict[str, str]) -> dict[str, Any]:
    """What one can name in a request of this operation, as the tenancy's cases do, so that it is carried out."""
    name = str(routes()[path].name)
    found: dict[str, Any] = {}
    for case in CASES:
        if (case.route, case.method) == (name, method.lower()):
            asked = case.path.format(**ids)
            sent = case.body(cast, ids) if callable(case.body) else case.body or {}
            in_address = re.fullmatch(
                re.sub(r"{(\w+)}", r"(?P<\1>[^/?]+)", path) + "/?", f"/{V2}{asked.partition('?')[0]}"
            )
            found |= {
                **sent,
                **dict(parse_qsl(urlsplit(asked).query)),
                **(in_address.groupdict() if in_address else {}),
            }
    return found


def _operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict({**document(), "servers": [{"url": "http://localhost"}]})
    schema.app = application
    for found in schema.get_all_operations():
        yield found.ok()
