"""What operations answer instead when they are not carried out (contract §6): which statuses, and with what bodies."""

from typing import Any

from kitloop.api.description.corrections import Schema
from kitloop.base.errors import KeyInFlight, KeyReused

_RETRY: Schema = {"description": "Seconds to wait.", "schema": {"type": "integer"}}

SHAPES: dict[str, Schema] = {
    "FieldProblems": {
        "description": "What is wrong with each field, in sentences; a field that is an object or a list nests the same.",
        "type": "object",
        "additionalProperties": {},
    },
    "Problems": {
        "description": "What is wrong, in sentences.",
        "type": "array",
        "items": {"type": "string"},
    },
    "Refusal": {
        "type": "object",
        "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
        "required": ["detail"],
    },
    "NotFound": {
        "type": "object",
        "properties": {"detail": {"type": "string", "enum": ["Not found."]}},
        "required": ["detail"],
    },
    "Maintenance": {
        "type": "object",
        "properties": {
            "maintenance": {"type": "boolean"},
            "maintenance_eta": {"type": "string", "nullable": True},
            "maintenance_message": {"type": "string"},
        },
        "required": ["maintenance", "maintenance_eta", "maintenance_message"],
    },
}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _response(description: str, *shapes: str, shown: Any, **headers: Schema) -> dict[str, Any]:
    schema = _ref(shapes[0]) if len(shapes) == 1 else {"anyOf": [_ref(name) for name in shapes]}
    content = {"application/json": {"schema": schema, "example": shown}}
    found: dict[str, Any] = {"description": description, "content": content}
    return {**found, "headers": {name.replace("_", "-"): each for name, each in headers.items()}} if headers else found


RESPONSES: dict[str, dict[str, Any]] = {
    "400": _response(
        "The request is not right; nothing was changed.",
        "FieldProblems",
        "Problems",
        shown={"recipient_email": ["Enter a valid email address."]},
    ),
    "401": _response(
        "No key or token, or one that does not open.",
        "Refusal",
        "FieldProblems",
        shown={"detail": "Authentication credentials were not provided."},
        WWW_Authenticate={"schema": {"type": "string"}, "description": 'Bearer realm="api"'},
    ),
    "403": _response(
        "The caller's role does not permit it, or the organization has not this feature.",
        "Refusal",
        shown={"detail": "You do not have permission to perform this action."},
    ),
    "404": _response(
        "There is no such thing in the caller's organization.", "NotFound", shown={"detail": "Not found."}
    ),
    "409": _response(
        "A request with this key is being carried out.",
        "Refusal",
        shown={"detail": str(KeyInFlight()), "code": KeyInFlight.code},
        Retry_After=_RETRY,
    ),
    "413": _response(
        "The body is larger than is read.", "Refusal", shown={"detail": "The request's body is too large."}
    ),
    "415": _response(
        "The body is of a kind that is not read.",
        "Refusal",
        shown={"detail": 'Unsupported media type "text/plain" in request.'},
    ),
    "422": _response(
        "The key was used for another request before.",
        "Refusal",
        shown={"detail": str(KeyReused()), "code": KeyReused.code},
    ),
    "429": _response(
        "Too many requests in this minute.",
        "Refusal",
        shown={"detail": "Request was throttled. Expected available in 37 seconds."},
        Retry_After=_RETRY,
    ),
    "503": _response(
        "Maintenance, or the database is away for a moment.",
        "Maintenance",
        "Refusal",
        shown={
            "maintenance": True,
            "maintenance_eta": "2026-01-01T17:00:00",
            "maintenance_message": "New disks. Back at five.",
        },
        Retry_After=_RETRY,
    ),
}

# By method and the route's name.
IDEMPOTENT = ["409", "422"]
ALSO: dict[tuple[str, str], list[str]] = {
    ("POST", "sample-kit"): IDEMPOTENT,
    ("POST", "sample-kit-form"): IDEMPOTENT,
    ("POST", "array-data-upload-form"): IDEMPOTENT,
    ("PATCH", "invitations-token"): ["400"],  # it is for somebody else, or over
    ("DELETE", "mfa-disable"): ["400"],  # there is none
    ("GET", "files-sha256"): ["400"],  # a file without a checksum
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
        ("GET", "mfa-status"),
        ("POST", "mfa-setup"),
        ("POST", "mfa-validate"),
        ("DELETE", "mfa-disable"),
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
