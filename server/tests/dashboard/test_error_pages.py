"""Errors: pages for people, JSON for programs."""

import re

import pytest
from cast import Cast
from dashboard_rows import browser, finish, order, text
from django.test import Client
from kitloop.dashboard import projects


@pytest.mark.parametrize("path", ["/nope", "/projects/nonsense", "/samples/1"])
def test_a_person_gets_a_404_page(cast: Cast, path: str) -> None:
    for client in (Client(), browser(cast.owner)):
        answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 404
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert "There is nothing here" in text(answer)


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/api/v2/nope", "text/html"), ("/lab/v1/nope", "text/html"), ("/nope", "application/json")],
)
def test_a_program_gets_its_json(cast: Cast, path: str, accept: str) -> None:
    answer = Client().get(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.content == b'{"detail":"Not found."}'


@pytest.mark.parametrize(("path", "kind"), [("/projects", "text/html"), ("/api/v2/sample-kit/", "application/json")])
def test_our_own_faults_are_said_in_the_askers_language_with_a_number(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(projects, "_project_rows", broken)
    monkeypatch.setattr("kitloop.api.sample_kit.SampleKitView.post", broken)
    client = browser(cast.owner, raise_request_exception=False)
    if kind == "text/html":
        answer = client.get(path)
        assert "Something went wrong on our side" in text(answer)
    else:
        answer = client.post(path, cast.order(), content_type="application/json", headers=cast.owner.headers)
    assert answer.status_code == 500
    assert answer["Content-Type"].startswith(kind)
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "a fault of ours" not in answer.content.decode()


def test_no_page_needs_what_the_content_policy_forbids(cast: Cast) -> None:
    """Styles and scripts inside a page are blocked by the browser: what relies on them would look right in tests only."""
    sample = order(cast)
    finish(sample)
    client = browser(cast.owner)
    for path in (
        "/projects",
        f"/projects/{cast.project.id}",
        f"/samples/{sample.id}",
        "/account/api-keys",
        "/webhooks",
    ):
        answer = client.get(path)
        page = answer.content.decode()
        assert answer["Content-Security-Policy"].startswith("default-src 'self'")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", page)
        assert not re.search(r'(src|href)="(https?:)?//', page)
        assert page.count("<h1") == 1
        assert 'href="#main"' in page
