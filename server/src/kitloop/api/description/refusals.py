"""What operations answer instead when they are not carried out (contract §6): which statuses, and with what bodies."""

from typing import Any

from kitloop.api.description.corrections import Schema

_DETAIL: Schema = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_SAID: Schema = {
    "type": "object",
    "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
    "required": ["detail"],
    "example": {"detail": "You do not have permission to perform this action."},
}
_RETRY: Schema = {"description": "Seconds to wait.", "schema": {"type": "integer"}}

SHAPES: dict[str, Schema] = {
    "FieldProblems": {
        "description": "What is wrong with each field, in sentences; a field that is an object or a list nests the same.",
        "type": "object",
        "additionalProperties": {},
        "example": {"recipient_email": ["Enter a valid email address."]},
    },
    "Problems": {
        "description": "What is wrong, in sentences.",
        "type": "array",
        "items": {"type": "string"},
        "example": ["Project does not exist or you do not have privileges to access it."],
    },
    "Refusal": _SAID,
    "NotFound": {
        "type": "object",
        "properties": {"detail": {"type": "string", "enum": ["Not found."]}},
        "required": ["detail"],
    },
    "Maintenance": {
        "type": "object",
        "properties": {
            "maintenance": {"type": "boolean"},
            "maintenance_eta": {"type": "string", "nullable": True, "example": "2026-01-01T17:00:00"},
            "maintenance_message": {"type": "string"},
        },
        "required": ["maintenance", "maintenance_eta", "maintenance_message"],
    },
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _response(description: str, schema: Schema, **headers: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": schema}}}
    return {**found, "headers": {name.replace("_", "-"): each for name, each in headers.items()}} if headers else found


RESPONSES: dict[str, dict[str, Any]] = {
    "400": _response(
        "The request is not right; nothing was changed.",
        {"anyOf": [_ref("FieldProblems"), _ref("Problems")]},
    ),
    "401": _response(
        "No key or token, or one that does not open.",
        {"anyOf": [_ref("Refusal"), _ref("FieldProblems")]},
        WWW_Authenticate={"schema": {"type": "string"}, "description": 'Bearer realm="api"'},
    ),
    "403": _response(
        "The caller's role does not permit it, or the organization has not this feature.", _ref("Refusal")
    ),
    "404": _response("There is no such thing in the caller's organization.", _ref("NotFound")),
    "409": _response("It is in the way of something that goes on at this moment.", _ref("Refusal"), Retry_After=_RETRY),
    "413": _response("The body is larger than is read.", _DETAIL),
    "415": _response("The body is of a kind that is not read.", _DETAIL),
    "422": _response("The key was used for another request before.", _ref("Refusal")),
    "429": _response("Too many requests in this minute.", _DETAIL, Retry_After=_RETRY),
    "503": _response(
        "Maintenance, or the database is away for a moment.",
        {"anyOf": [_ref("Maintenance"), _DETAIL]},
        Retry_After=_RETRY,
    ),
}

# By method and the route's name.
IDEMPOTENT = ["409", "422"]
ALSO: dict[tuple[str, str], list[str]] = {
    ("POST", "sample-kit"): IDEMPOTENT,
    ("POST", "sample-kit-form"): IDEMPOTENT,
    ("POST", "array-data-upload-form"): IDEMPOTENT,
    ("GET", "pipeline-latest"): ["404"],  # while no reference bundle is installed
    ("GET", "file-types"): ["404"],  # of a project that is not there
}

# Whoever is signed in may: about the caller itself, or the same for everybody.
FOR_ALL: frozenset[tuple[str, str]] = frozenset(
    {
        ("GET", "projects"),
        ("GET", "organization"),
        ("GET", "invitations-token"),
        ("PATCH", "invitations-token"),
        ("GET", "roles"),
        ("GET", "pipeline"),
        ("GET", "pipeline-details"),
        ("GET", "pipeline-latest"),
        ("GET", "pipeline-capabilities"),
        ("GET", "pipeline-capabilities-details"),
        ("GET", "project-subscription-event-types"),
        ("GET", "user"),
        ("PUT", "user"),
        ("PATCH", "user"),
        ("GET", "user-config"),
        ("PATCH", "user-config"),
        ("GET", "user-api-keys"),
        ("POST", "user-api-keys"),
        ("PATCH", "user-api-keys-details"),
        ("POST", "user-password-set"),
        ("POST", "user-change-email"),
    }
)


def refusals(
    method: str, name: str, *, is_open: bool, has_body: bool, has_query: bool, names_something: bool
) -> list[str]:
    """The statuses that an operation may answer beside its own."""
    found = ["401", "429", "503", *ALSO.get((method, name), [])]
    if not is_open and (method, name) not in FOR_ALL:
        found.append("403")
    if names_something:
        found.append("404")
    if has_body or has_query:
        found.append("400")
    if has_body:
        found += ["413", "415"]
    return sorted(set(found))
