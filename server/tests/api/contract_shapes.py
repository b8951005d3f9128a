"""Holds an answer against a schema of the contract: OpenAPI's words made into JSON Schema's, and made strict.

Strict: every key that the contract names is there and no other, and a key that may be null is said to be. What is sent beside the
contract's keys, or left out of them, stands in `kitloop.api.description.corrections` or here.
"""

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker
from kitloop.api.description.contract import shapes, used_by

formats = FormatChecker(formats=())
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


@formats.checks("date-time")
def _is_moment(value: Any) -> bool:
    """As the contract spells one (§5): UTC with Z, microseconds whole, and only where they are not zero."""
    return not isinstance(value, str) or (bool(_MOMENT.fullmatch(value)) and not value.endswith(".000000Z"))


@formats.checks("date", raises=ValueError)
def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@formats.checks("uuid", raises=ValueError)
def _is_uuid(value: Any) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value  # lower case, with hyphens


@formats.checks("uri")
def _is_uri(value: Any) -> bool:
    return not isinstance(value, str) or bool(
        urlsplit(value).scheme and (urlsplit(value).netloc or urlsplit(value).path)
    )


@formats.checks("email")
def _is_email(value: Any) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[^@\s]+@[^@\s]+", value))


def problems(body: Any, schema: dict[str, Any]) -> list[str]:
    """What is wrong with a body, a line for each thing; nothing where it is as the contract has it."""
    whole = _strict(schema) | {"$defs": {name: _strict(shapes()[name]) for name in used_by(schema)}}
    Draft202012Validator.check_schema(whole)
    found = Draft202012Validator(whole, format_checker=formats).iter_errors(body)
    return sorted(f"{error.json_path}: {error.message}" for error in found)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    made = {key: _strict(value) for key, value in schema.items() if key not in {"properties", "required", "nullable"}}
    if "properties" in schema:
        answered = {key: each for key, each in schema["properties"].items() if not each.get("writeOnly")}
        made["properties"] = {key: _strict(each) for key, each in answered.items()}
        made["required"] = sorted(answered)
        made["additionalProperties"] = False
    return {"anyOf": [{"type": "null"}, made]} if schema.get("nullable") else made
