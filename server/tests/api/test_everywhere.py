"""What holds for every operation: headers, JSON whatever is asked, methods, both forms of an address."""

import json
from typing import Any

import pytest
from cast import Cast
from django.test import Client
from kitloop.api.urls import kitloop_v1, v2

JSON = "application/json"


def test_answers_carry_the_recorded_headers(client: Client, cast: Cast) -> None:
    answer = client.get("/api/v2/projects/", headers=cast.viewer.headers)
    assert answer.status_code == 200
    said = {
        name: answer[name] for name in ("Content-Type", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")
    }
    assert said == {
        "Content-Type": JSON,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Permissions-Policy"].startswith("camera=(), encrypted-media=(), geolocation=()")
    assert answer["Content-Security-Policy"].startswith("default-src 'self';")
    assert set(answer["Vary"].lower().split(", ")) >= {"accept", "authorization", "origin"}
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_request_is_named_in_its_answer(client: Client, cast: Cast) -> None:
    assert client.get("/api/v2/x", headers={"X-Request-Id": "order-4711_abc"})["X-Request-Id"] == "order-4711_abc"
    made = client.get("/api/v2/x", headers={"X-Request-Id": "no spaces, please"})["X-Request-Id"]
    assert len(made) == 32


# Answered by 204 alone, without OPTIONS (contract §1).
BARE = {
    "projects-hide": "POST",
    "projects-unhide": "POST",
    "projects-delete": "DELETE",
    "project-hide-samples": "POST",
    "project-unhide-samples": "POST",
    "project-delete-samples": "DELETE",
}


@pytest.mark.parametrize("name", BARE)
def test_an_operation_that_answers_nothing_allows_its_one_method(client: Client, cast: Cast, name: str) -> None:
    path = f"/api/v2/{name}/{cast.project.id if name.startswith('project-') else ''}"
    refused = client.put(path, headers=cast.owner.headers)
    assert (refused.status_code, refused["Allow"]) == (405, BARE[name])
    options = client.options(path, headers=cast.owner.headers)
    assert (options.status_code, options["Allow"]) == (405, BARE[name])
    assert options.json() == {"detail": 'Method "OPTIONS" not allowed.'}


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*", "nonsense", "*/*", ""])
@pytest.mark.parametrize("query", ["", "?format=xml", "?format=api"])
def test_json_is_answered_whatever_is_accepted(client: Client, cast: Cast, accept: str, query: str) -> None:
    answer = client.get(f"/api/v2/projects/{query}", headers={**cast.viewer.headers, "Accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (200, JSON)
    assert answer.content.startswith(b'{"meta":{"count":1,"next":null,"previous":null},"results":[{"id":"')


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "body"),
    [
        ("get", "/api/v2/no-such-thing/", {}, 404, {"detail": "Not found."}),
        ("post", "/api/kitloop/v1/no-such-thing/", {}, 404, {"detail": "Not found."}),
        ("get", "/lab/v1/no-such-thing", {}, 404, {"detail": "Not found."}),
        ("put", "/api/v2/projects/", {}, 405, {"detail": 'Method "PUT" not allowed.'}),
        ("trace", "/api/v2/projects/", {}, 405, {"detail": 'Method "TRACE" not allowed.'}),
        ("post", "/api/v2/projects/", {"data": b"x", "content_type": "text/plain"}, 415,
         {"detail": 'Unsupported media type "text/plain" in request.'}),
        ("post", "/api/v2/projects/", {"data": b"{", "content_type": JSON}, 400,
         {"detail": "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}),
        ("post", "/api/v2/projects/", {"data": b"[" * 100_000, "content_type": JSON}, 400,
         {"detail": "JSON parse error - nested too deeply"}),
        ("get", "/api/v2/projects/", {"HTTP_HOST": "evil.example"}, 400,
         {"detail": "This host name is not served here. The operator names it in KITLOOP_ALLOWED_HOSTS."}),
    ],
)  # fmt: skip
def test_every_error_is_compact_json(
    client: Client, cast: Cast, method: str, path: str, options: dict[str, Any], status: int, body: Any
) -> None:
    answer = client.generic(
        method.upper(),
        path,
        options.get("data", b""),
        options.get("content_type", JSON),
        headers={**cast.owner.headers, "Accept": "text/html"},
        **{name: value for name, value in options.items() if name.startswith("HTTP_")},
    )
    assert (answer.status_code, answer["Content-Type"]) == (status, JSON)
    assert answer.json() == body
    assert answer.content == json.dumps(body, separators=(",", ":")).encode()


@pytest.mark.parametrize("path", ["/api/v2/projects/", "/api/kitloop/v1/audit/"])
def test_a_fault_of_ours_is_json_with_the_requests_name(cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("kitloop.api.projects.ProjectsView.get", broken)
    monkeypatch.setattr("kitloop.api.audit.AuditView.get", broken)
    client = Client(raise_request_exception=False)
    answer = client.get(path, headers={**cast.owner.headers, "Accept": "text/html", "X-Request-Id": "request-1"})
    assert answer.status_code == 500
    assert answer.content == b'{"detail":"Something went wrong on our side.","request_id":"request-1"}'


def test_head_answers_as_get_does_without_a_body(client: Client, cast: Cast) -> None:
    whole = client.get("/api/v2/projects/", headers=cast.viewer.headers)
    head = client.head("/api/v2/projects/", headers=cast.viewer.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head["Content-Type"] == whole["Content-Type"]


def test_options_name_the_methods_and_no_one_gets_them_without_a_key(client: Client, cast: Cast) -> None:
    answer = client.options("/api/v2/projects/", headers=cast.member.headers)
    assert (answer.status_code, answer["Allow"]) == (200, "GET, POST, HEAD, OPTIONS")
    assert answer.json() == {
        "methods": ["GET", "POST", "HEAD", "OPTIONS"],
        "parses": [JSON, "application/x-www-form-urlencoded", "multipart/form-data"],
    }
    assert client.options("/api/v2/projects/").status_code == 401


def test_both_slash_forms_answer_without_a_redirect(client: Client, cast: Cast) -> None:
    for pattern in [*v2, *kitloop_v1]:
        assert pattern.pattern.regex.pattern.endswith("/?$"), pattern.name  # type: ignore[union-attr]
    for path in ("/api/v2/projects", "/api/v2/projects/", f"/api/v2/projects/{cast.project.id}/"):
        assert client.get(path, headers=cast.viewer.headers).status_code == 200
