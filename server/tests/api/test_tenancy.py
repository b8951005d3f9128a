"""Owner, analyst, viewer, member, stranger and no one against every route of the API, found from the address table."""

from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, make_lab
from django.test import Client
from kitloop.accounts.models import APIKey
from kitloop.api.urls import kitloop_v1, v2
from kitloop.base import clock
from kitloop.kits.models import Kit, Sample
from kitloop.runs.models import File, Run
from kitloop.webhooks.models import Attempt, Delivery, Subscription

from lab import ordered_kit

READERS = {"owner": 200, "analyst": 200, "viewer": 200, "member": 403, "stranger": 404, None: 401}
MANAGERS = {"owner": 200, "analyst": 403, "viewer": 403, "member": 403, "stranger": 404, None: 401}

# Each route: path, method, body, and what each of the cast gets. A route that is not here fails the first test.
CASES: dict[str, list[tuple[str, str, Any, dict[str | None, int]]]] = {
    "sample-kit": [
        (
            "sample-kit/",
            "post",
            "order",
            {"owner": 201, "analyst": 201, "viewer": 403, "member": 403, "stranger": 400, None: 401},
        )
    ],
    "samples": [("samples/{sample}", "get", None, READERS)],
    "project-samples": [("project-samples/{project}", "get", None, READERS)],
    "sample-statuses": [("sample-statuses/{sample}", "get", None, READERS)],
    "sample-metadata": [("sample-metadata/{sample}", "get", None, READERS)],
    "sample-quality-controls": [("sample-quality-controls/{sample}", "get", None, READERS)],
    "sample-ancestry": [("sample-ancestry/{sample}", "get", None, READERS)],
    "sample-trait-scores": [("sample-trait-scores/{sample}", "get", None, READERS)],
    "file-sha256": [("files/{file}.sha256", "get", None, READERS)],
    "journey": [("samples/{sample}/journey", "get", None, READERS)],
}
ELSEWHERE = "subscription"  # routes whose names say so are tried by the whole cast in tests/webhooks


def test_every_route_is_tried_by_the_whole_cast() -> None:
    names = {pattern.name for pattern in [*v2, *kitloop_v1]}
    webhooks = {name for name in names if name and (ELSEWHERE in name or "notification" in name)}
    assert names - webhooks == set(CASES)


@pytest.fixture
def ids(cast: Cast) -> dict[str, str]:
    kit = ordered_kit(cast, make_lab())
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now(), state="succeeded")
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id)
    file = File.objects.create(
        sample=kit.sample, run=run, file_type="qc", object_key="a/qc.json", size=1, sha256="0" * 64
    )
    return {"sample": str(kit.sample_id), "project": str(cast.project.id), "file": str(file.id)}


@pytest.mark.parametrize("route", sorted(CASES))
@pytest.mark.parametrize("who", ["owner", "analyst", "viewer", "member", "stranger", None])
def test_each_of_the_cast_gets_what_its_role_may(
    client: Client, cast: Cast, ids: dict[str, str], route: str, who: str | None
) -> None:
    for path, method, body, expected in CASES[route]:
        prefix = "/api/kitloop/v1/" if route == "journey" else "/api/v2/"
        before = counted()
        headers = getattr(cast, who).headers if who else {}
        sent = cast.order() if body == "order" else body
        answer = getattr(client, method)(
            prefix + path.format(**ids), sent, headers=headers, **({"content_type": "application/json"} if sent else {})
        )
        assert answer.status_code == expected[who], answer.content
        if answer.status_code >= 400:
            assert counted() == before
        if answer.status_code == 404:
            assert answer.content == b'{"detail":"Not found."}'


@pytest.mark.parametrize("route", [route for route in sorted(CASES) if route != "sample-kit"])
@pytest.mark.parametrize("id", [str(uuid4()), "nonsense", "..%2f..", "0", "null"])
def test_an_id_that_is_not_there_is_one_and_the_same_404(client: Client, cast: Cast, route: str, id: str) -> None:
    for path, _, _, _ in CASES[route]:
        prefix = "/api/kitloop/v1/" if route == "journey" else "/api/v2/"
        answer = client.get(prefix + path.format(sample=id, project=id, file=id), headers=cast.owner.headers)
        assert (answer.status_code, answer.content) == (404, b'{"detail":"Not found."}')


@pytest.mark.parametrize("path", ["/api/v2/nothing/", "/api/v2/", "/lab/v1/x", "/api/v2/explorer-data-credentials/"])
def test_an_unknown_path_is_json_too(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    assert answer["Content-Type"] == "application/json"


def counted() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Sample, Kit, File, APIKey, Subscription, Delivery, Attempt))
