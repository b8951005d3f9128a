"""All 151 operations of the contract, each served, to come later, or never to come; and the table of them in the docs."""

import os
from pathlib import Path

import pytest
from kitloop.api.description.contract import operations
from kitloop.api.routing import address, methods
from kitloop.api.urls import v2

TABLE = Path(__file__).parents[3] / "docs" / "api" / "operations.md"
RENEW = 'KITLOOP_RENEW=1 make test ARGS="server -k table_of_operations"'

# By the beginning of the address; a method before it where the address has another that is served.
LATER = {
    "upload-credentials": "uploads",
    "uploads": "uploads",
    "sample-sheet": "uploads and sample sheets",
    "POST project-samples/": "uploads and sample sheets",
    "sample-manifests": "sample manifests",
    "project-sample-manifests": "sample manifests",
    "project-batch": "batches",
    "batches": "batches",
    "project-merge-vcfs": "merged VCFs",
    "project-share": "shares with another organization",
    "project-samples-import": "import and copy between projects",
    "project-samples-copy": "import and copy between projects",
    "project-restore-samples": "archive and restore",
    "sample-restore-group": "archive and restore",
    "sample-parentage": "parentage",
}
NEVER = {
    "explorer-": "Explorer: rented machines of one provider",
    "basespace-": "BaseSpace: another company's account",
    "s3-": "import from S3 by a role in one provider's account",
    "billing-portal": "billing portal: another company's account",
    "social-": "social sign-in: another company's account",
    "firstmile-": "FirstMile: another company's product",
}


def served() -> set[tuple[str, str]]:
    """What the address table answers: the word of nobody else counts."""
    return {(method, f"/api/v2/{address(route)}") for route in v2 for method in methods(route)}


def _found(words: dict[str, str], method: str, path: str) -> str | None:
    asked = path.removeprefix("/api/v2/")
    return next(
        (why for word, why in words.items() if f"{method} {asked}".startswith(word) or asked.startswith(word)), None
    )


def _standing(method: str, path: str) -> str:
    if (method, path) in served():
        return "served"
    if why := _found(LATER, method, path):
        return f"later: {why}"
    if why := _found(NEVER, method, path):
        return f"never: {why}"
    return "missing"


def test_every_operation_in_scope_is_served() -> None:
    assert len(operations()) == 151
    assert [each for each in operations() if _standing(*each) == "missing"] == []


def test_nothing_is_served_that_the_contract_does_not_have_or_that_is_said_to_come_later() -> None:
    assert served() - set(operations()) == set()
    assert [each for each in served() if _found(LATER, *each) or _found(NEVER, *each)] == []


@pytest.mark.parametrize("words", [LATER, NEVER])
def test_every_word_for_what_is_not_served_finds_an_operation(words: dict[str, str]) -> None:
    for word in words:
        assert any(_found({word: "x"}, *each) for each in operations()), word


def test_the_table_of_operations_in_the_docs_says_what_is() -> None:
    if os.environ.get("KITLOOP_RENEW"):
        TABLE.write_text(_table())
    assert TABLE.read_text() == _table(), f"docs/api/operations.md is stale. To renew it: {RENEW}"


def _table() -> str:
    standing = {each: _standing(*each) for each in operations()}
    words = [said.partition(":")[0] for said in standing.values()]
    counts = ", ".join(f"{words.count(word)} {word}" for word in ("served", "later", "never"))
    lines = [
        "# The operations of the contract\n",
        f"All {len(standing)} operations of the Gencove API v2: {counts}. What is not served answers a JSON 404.\n",
        f"Written by a test from the address table; `{RENEW}` renews it. What each takes and answers is at `/api/docs/`.\n",
        "| operation | here |\n|---|---|",
    ]
    for (method, path), said in sorted(standing.items(), key=lambda each: (each[0][1], each[0][0])):
        lines.append(f"| `{method} {path}` | {said} |")
    return "\n".join(lines) + "\n"
