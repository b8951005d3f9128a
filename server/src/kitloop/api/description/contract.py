"""The contract's operations and shapes (openapi-facts.json, 151 of them), with what is known better (corrections.py)."""

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kitloop.api.description.corrections import ANSWERS, FIELDS, MEDIA_TYPES, Schema

FACTS = Path(__file__).with_name("openapi-facts.json")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers when it is carried out; `schema` is none where there is no body."""

    status: int
    schema: Schema | None
    media_type: str = JSON


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every operation of the contract, by its method and path."""
    paths: dict[str, dict[str, Any]] = _facts()["paths"]
    return {(method.upper(), path): each for path, methods in paths.items() for method, each in methods.items()}


@cache
def shapes() -> dict[str, Schema]:
    """Every schema of the contract, by its name, corrected."""
    found: dict[str, Schema] = deepcopy(_facts()["components"]["schemas"])
    for name, fields in FIELDS.items():
        known = found[name]["properties"]
        for field, schema in fields.items():
            is_answered_only = known.get(field, {}).get("readOnly", False)
            known[field] = {**schema, "readOnly": True} if is_answered_only else schema
    return found


def answer(method: str, path: str) -> Answer:
    """What the contract's server answers to an operation of `operations`."""
    if (method, path) in ANSWERS:
        status, schema = ANSWERS[method, path]
        return Answer(status, schema)
    ((code, said),) = operations()[method, path]["responses"].items()
    if media_type := MEDIA_TYPES.get((method, path)):
        return Answer(int(code), {"type": "string"}, media_type)
    content = said.get("content")
    return Answer(int(code), content[JSON]["schema"] if content else None)


def used_by(schema: Any) -> set[str]:
    """The names of the contract's shapes that a schema is made of, through all of them."""
    found: set[str] = set()
    waiting = _named_in(schema)
    while waiting:
        name = waiting.pop()
        if name in shapes() and name not in found:
            found.add(name)
            waiting |= _named_in(shapes()[name])
    return found


def _named_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {name for each in schema for name in _named_in(each)}
    if not isinstance(schema, dict):
        return set()
    named = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return named | {name for each in schema.values() for name in _named_in(each)}


@cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FACTS.read_text())
    return found
