"""The API's description of itself: whole, true to the address table and the contract, and read without anybody else's help."""

import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from cast import Cast
from contract_shapes import problems
from django.test import Client
from drf_spectacular.validation import validate_schema
from kitloop.api.description import examples
from kitloop.api.description.bodies import BODIES, FREE, WITHOUT
from kitloop.api.description.contract import answer, operations, shapes
from kitloop.api.description.schema import document, routes
from kitloop.api.routing import methods
from kitloop.config.wsgi import application
from playwright.sync_api import sync_playwright
from test_tenancy import CASES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BY_NAME = {(method, str(route.name)): path for path, route in routes().items() for method in methods(route)}


def described(method: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][BY_NAME[method, name]][method.lower()]
    return found


def test_it_is_valid_openapi() -> None:
    validate_schema(document())


def test_every_route_and_method_is_described_once_and_nothing_else() -> None:
    told = {(method.upper(), path) for path, each in document()["paths"].items() for method in each}
    assert told == {(method, path) for path, route in routes().items() for method in methods(route)}
    without_slash = [path.rstrip("/") for path in document()["paths"]]
    assert len(without_slash) == len(set(without_slash))


def test_every_change_says_what_its_body_is_or_that_it_has_none() -> None:
    changes = {key for key in BY_NAME if key[0] != "GET"}
    assert set(BODIES) | set(FREE) | WITHOUT == changes
    assert len(BODIES) + len(FREE) + len(WITHOUT) == len(changes)


@pytest.mark.parametrize(("method", "name"), sorted(BY_NAME))
def test_every_operation_says_in_one_line_what_it_does(method: str, name: str) -> None:
    said = described(method, name)["summary"]
    assert 8 < len(said) <= 110
    assert said[0].isupper()
    assert not said.startswith(("GET", "POST", "PUT", "PATCH", "DELETE", "Contract"))
    assert "§" not in described(method, name)["description"]


def test_operations_are_named_as_in_the_contract_and_each_by_itself() -> None:
    names = [each["operationId"] for methods in document()["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names))
    for (method, path), each in operations().items():
        if path in document()["paths"] and method.lower() in document()["paths"][path]:
            assert document()["paths"][path][method.lower()]["operationId"] == each["operationId"].replace(".", "_")


# Fields of the contract's requests that are not taken, and why.
NOT_TAKEN = {
    ("PATCH", "user-api-keys-details"): {"id"},  # the address says which; it is the same schema as the answer's
    ("PATCH", "invitations-token"): {"organization", "role"},  # they are the invitation's, whatever the body says
}

STRICTER = {
    ("POST", "sample-metadata"): {"metadata"},  # an empty body would throw away what is there
}


@pytest.mark.parametrize(("method", "name"), sorted(key for key in BY_NAME if key[0] != "GET"))
def test_a_body_takes_the_contracts_fields_and_asks_for_no_more_than_it(method: str, name: str) -> None:
    said = operations().get((method, BY_NAME[method, name]), {}).get("requestBody")
    if said is None:
        return
    theirs = shapes()[said["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    fields = {field for field, each in theirs["properties"].items() if not each.get("readOnly")}
    ours = {} if (method, name) in WITHOUT else BODIES[method, name]().fields
    assert fields - set(ours) == NOT_TAKEN.get((method, name), set())
    if method != "PATCH":
        asked = {field for field, each in ours.items() if each.required} - STRICTER.get((method, name), set())
        assert asked <= set(theirs.get("required", []))
    for field in fields & set(ours):
        longest = theirs["properties"][field].get("maxLength")
        assert longest is None or (getattr(ours[field], "max_length", None) or longest) >= longest, field


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.route}")
def test_what_the_cast_gets_is_described(case: Any) -> None:
    """By role: 403 is described where somebody gets it, and nowhere else; a key is asked for where one is needed."""
    told = described(case.method.upper(), case.route)
    assert {str(status) for status in case.expected.values()} <= set(told["responses"])
    others = [each for each in CASES if (each.route, each.method) == (case.route, case.method)]
    assert ("403" in told["responses"]) == any(403 in each.expected.values() for each in others)
    assert bool(told["security"]) == (case.expected[None] == 401)


def test_the_guides_order_is_the_example_and_can_be_sent_as_it_stands(client: Client, cast: Cast) -> None:
    shown = described("POST", "sample-kit")["requestBody"]["content"]["application/json"]["examples"]
    for each in shown.values():
        order = {**each["value"], "project_id": str(cast.project.id)}
        sent = client.post("/api/v2/sample-kit/", order, content_type="application/json", headers=cast.analyst.headers)
        assert sent.status_code == 201


@pytest.mark.parametrize(("method", "name"), sorted(examples.ANSWERS))
def test_an_answer_that_is_shown_is_as_the_contract_has_it(method: str, name: str) -> None:
    expected = answer(method, BY_NAME[method, name])
    assert expected.schema is not None
    for shown in examples.ANSWERS[method, name].values():
        assert problems(shown["value"], expected.schema) == []


@pytest.mark.parametrize("path", ["/api/schema", "/api/schema/"])
def test_anybody_may_read_it_and_finds_the_server_that_was_asked(client: Client, path: str) -> None:
    found = client.get(path, headers={"Host": "localhost:8000", "Authorization": "Api-Key of.another.place"})
    assert (found.status_code, found["Content-Type"]) == (200, "application/json")
    assert found.json()["servers"] == [{"url": "http://localhost:8000"}]
    assert found.json()["paths"].keys() == document()["paths"].keys()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")
def test_the_page_is_drawn_under_our_content_policy_from_this_server_alone(url: str) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/api/docs")
        page.click("#operations-sample-sample_kit_create .opblock-summary", timeout=60_000)
        page.wait_for_selector("text=recipient_address_line1")
        assert page.locator(".opblock").count() == len(BY_NAME)
        assert "Jane Doe" in page.locator("#operations-sample-sample_kit_create").inner_text()
        browser.close()
    assert complaints == []
    assert [each for each in asked if not each.startswith((url, "data:"))] == []
