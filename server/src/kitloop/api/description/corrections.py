"""Where the contract's own schema is not what its server sends, and what the guide and Kitloop send beside it.

Each line has its source: a section of the contract's notes, the guide, or the words "ours". Everything else is taken as it stands.
"""

from typing import Any

Schema = dict[str, Any]

BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
TEXT_OR_NOTHING: Schema = {"type": "string", "nullable": True}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ANY_OBJECT: Schema = {"type": "object", "additionalProperties": {}}
OBJECT_OR_NOTHING: Schema = {**ANY_OBJECT, "nullable": True}
ROLES: Schema = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/UserRoleObject"}}
MODIFICATIONS: Schema = {"type": "array", "items": ANY_OBJECT}


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": sorted(fields)}


_PROJECT: dict[str, Schema] = {
    "modified": MOMENT,  # typed as any text; recorded as a time (§5)
    "sample_count": INTEGER,  # recorded as a number (§5)
    "hidden_sample_count": INTEGER,  # the same
    "roles": ROLES,  # recorded as an object (§5)
    "project_modifications": MODIFICATIONS,  # recorded as a list (§5.6)
    "pipeline_capabilities": {"type": "string", "format": "uuid", "nullable": True},  # ours: none while it is unset
}

# By the schema's name and the field's.
FIELDS: dict[str, dict[str, Schema]] = {
    "Project": _PROJECT,
    "ProjectDetail": _PROJECT,
    "SampleList": {"failed_qc": {"type": "array", "items": {"type": "string"}, "nullable": True}},  # §5, §5.5
    "SampleDetails": {"metadata": {"nullable": True}},  # the guide shows it
    "SampleFileNested": {"download_url": {"type": "string", "format": "uri", "nullable": True}},  # §5.4
    "TraitScore": {"details": ANY_OBJECT},  # ours: how the score was made, or why it is not reported
    "TraitScoreSelfNested": {"value": {"type": "number", "nullable": True}},  # ours: none where it is not reported
    "PipelineCapabilities": {
        "modifications_enabled": BOOLEAN,  # §5
        "supported_project_modifications": MODIFICATIONS,  # §5.8
        "species": TEXT_OR_NOTHING,  # §5.8
        "description_markdown": TEXT_OR_NOTHING,  # §5.8
        "datasets": OBJECT_OR_NOTHING,  # §5
        "steps": OBJECT_OR_NOTHING,  # §5
    },
    "QualityControlType": {"display_only_if_failed": BOOLEAN},  # §5
    "User": {"uploads_enabled": BOOLEAN, "explorer_enabled": BOOLEAN},  # §5
    "APIKey": {"has_expired": BOOLEAN},  # §2.1
    "InvitationStatus": {
        "actor": {"allOf": [{"$ref": "#/components/schemas/InvitationActor"}], "nullable": True}
    },  # ours
}

# By method and path: the status and the body that the server was recorded to answer (§5.9).
ANSWERS: dict[tuple[str, str], tuple[int, Schema]] = {
    ("POST", "/api/v2/project-cancel-samples/{project_id}"): (
        200,
        _object(message={"type": "string"}),
    ),
    # ours: no answer holds a password
    ("POST", "/api/v2/user-password-set/"): (200, {"type": "object"}),
    ("POST", "/api/v2/user-password-reset-confirm/"): (200, {"$ref": "#/components/schemas/Activation"}),
    ("POST", "/api/v2/user-change-email/"): (200, _object(new_email={"type": "string", "format": "email"})),
    # ours: the contract is silent on what is kept
    ("GET", "/api/v2/user-config/"): (200, ANY_OBJECT),
    ("PATCH", "/api/v2/user-config/"): (200, ANY_OBJECT),
}

# What is not JSON; the contract's schema is silent on these bodies (§5.8).
CSV, LINE_OF_TEXT = "text/csv", "text/html; charset=utf-8"
MEDIA_TYPES: dict[tuple[str, str], str] = {
    ("GET", "/api/v2/project-qc-report/{project_id}"): CSV,
    ("GET", "/api/v2/organization-monthly-usage-report/"): CSV,
    ("GET", "/api/v2/files/{file_id}.sha256"): LINE_OF_TEXT,
}
