"""What each operation takes as its body, and the headers that some take: the serializers that its view parses with.

An operation that takes a body and is not here fails a test; so does one that is here and is not served.
"""

from typing import Any

from rest_framework.serializers import Serializer

from kitloop.api import (
    api_keys,
    forms,
    invitations,
    logins,
    mfa,
    organization,
    passwords,
    people,
    projects,
    registering,
    sample_changes,
    sample_kit,
    samples,
    subscriptions,
    user,
)
from kitloop.api.description.corrections import Schema

Body = type[Serializer[Any]]

# By method and the route's name. A PATCH may leave any field out.
BODIES: dict[tuple[str, str], Body] = {
    ("POST", "sample-kit"): sample_kit.SampleKitSerializer,
    ("POST", "sample-kit-form"): forms.SampleKitFormSerializer,
    ("POST", "array-data-upload-form"): forms.ArrayDataUploadFormSerializer,
    ("POST", "sample-consumer-report"): forms.SampleConsumerReportSerializer,
    ("POST", "sample-metadata"): samples.MetadataSerializer,
    ("POST", "project-hide-samples"): sample_changes.SampleIdsSerializer,
    ("POST", "project-unhide-samples"): sample_changes.SampleIdsSerializer,
    ("POST", "project-cancel-samples"): sample_changes.CancelledIdsSerializer,
    ("DELETE", "project-delete-samples"): sample_changes.SampleIdsSerializer,
    ("POST", "projects"): projects.ProjectSerializer,
    ("PATCH", "project-details"): projects.ProjectSerializer,
    ("POST", "projects-hide"): projects.ProjectIdsSerializer,
    ("POST", "projects-unhide"): projects.ProjectIdsSerializer,
    ("DELETE", "projects-delete"): projects.ProjectIdsSerializer,
    ("POST", "project-subscriptions"): subscriptions.SubscriptionSerializer,
    ("POST", "project-subscription-test"): subscriptions.TrialSerializer,
    ("PATCH", "organization"): organization.NameSerializer,
    ("POST", "organization-users"): people.GivenRoleSerializer,
    ("PATCH", "organization-users-details"): organization.UserSerializer,
    ("POST", "project-users"): people.GivenRoleSerializer,
    ("POST", "invitations"): invitations.InviteSerializer,
    ("PUT", "user"): user.ProfileSerializer,
    ("PATCH", "user"): user.ProfileSerializer,
    ("POST", "user-api-keys"): api_keys.NewKeySerializer,
    ("PATCH", "user-api-keys-details"): api_keys.ChangeKeySerializer,
    ("POST", "user-register"): registering.RegisterSerializer,
    ("POST", "user-activate"): registering.LinkSerializer,
    ("POST", "user-activate-resend"): registering.EmailSerializer,
    ("POST", "user-password-set"): passwords.NewPasswordSerializer,
    ("POST", "user-password-reset"): registering.EmailSerializer,
    ("POST", "user-password-reset-confirm"): passwords.ResetSerializer,
    ("POST", "user-change-email"): passwords.NewEmailSerializer,
    ("POST", "jwt-create"): logins.LogInSerializer,
    ("POST", "jwt-refresh"): logins.RefreshSerializer,
    ("POST", "jwt-verify"): logins.TokenSerializer,
    ("POST", "jwt-logout"): logins.RefreshSerializer,
    ("POST", "mfa-setup"): mfa.SetUpSerializer,
    ("POST", "mfa-validate"): mfa.ConfirmSerializer,
}

# Operations that change something and take no body; what is sent to them is not looked at.
WITHOUT: frozenset[tuple[str, str]] = frozenset(
    {
        ("DELETE", "invitations-details"),
        ("DELETE", "mfa-disable"),
        ("PATCH", "invitations-token"),
        ("DELETE", "project-roles"),
        ("DELETE", "project-subscription-details"),
        ("POST", "project-subscription-secret"),
        ("POST", "subscription-enable"),
    }
)

IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "At most 255 printable characters. The same request again with the same key answers the same, and orders nothing.",
    "schema": {"type": "string", "maxLength": 255},
}
HEADERS: dict[tuple[str, str], list[Schema]] = {
    ("POST", name): [IDEMPOTENCY_KEY] for name in ("sample-kit", "sample-kit-form", "array-data-upload-form")
}

# Any keys: a serializer can't say that.
ANY_KEYS: Schema = {"type": "object", "additionalProperties": {}}
FREE: dict[tuple[str, str], Schema] = {("PATCH", "user-config"): ANY_KEYS}
