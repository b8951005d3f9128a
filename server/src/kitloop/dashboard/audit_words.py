"""What people did, in words: from the names of operations."""

_SAID = {
    "samples.get": "looked at a sample",
    "project-samples.get": "looked at a list of samples",
    "hold-close.post": "closed what a sample was held for",
    "recipient.get": "looked at who a kit goes to",
    "sample-kit.post": "ordered a kit",
    "journey.get": "looked at a kit’s journey",
    "sample-metadata.get": "read a sample’s metadata",
    "sample-metadata.post": "replaced a sample’s metadata",
    "sample-statuses.get": "read a sample’s history",
    "sample-quality-controls.get": "read a sample’s quality control",
    "sample-ancestry.get": "read a sample’s ancestry",
    "sample-trait-scores.get": "read a sample’s trait scores",
    "sample-genomic-variants.get": "read variants of a sample",
    "sample-consumer-report.post": "made a link to a sample’s report",
    "sample-consumer-report.read": "opened the report of a sample by its link",
    "sample-kit-form.post": "made a link to a kit form",
    "sample-kit-form.submit": "ordered a kit by the form behind a link",
    "array-data-upload-form.post": "made a link to a form for array data",
    "array-data-upload-form.submit": "uploaded array data by the form behind a link",
    "files.get": "asked for a file",
    "files-sha256.get": "read a file’s checksum",
    "objects.get": "downloaded a file by its link",
    "project-details.get": "looked at a project",
    "project-details.patch": "changed a project",
    "projects.post": "made a project",
    "password.post": "changed their password",
    "login.post": "logged in",
    "jwt-create.post": "logged in by the API",
    "jwt-logout.post": "logged out of the API",
    "mfa-setup.post": "began to set up two-step login",
    "mfa-validate.post": "turned two-step login on",
    "mfa-disable.delete": "turned two-step login off",
    "second-factor-off.post": "turned somebody’s two-step login off",
    "user-register.post": "made their account",
    "user-activate.post": "activated their account",
    "user-password-set.post": "changed their password",
    "user-password-reset-confirm.post": "set a forgotten password anew",
    "user-change-email.post": "asked for another e-mail address",
    "confirm-email.post": "confirmed another e-mail address",
    "user-api-keys.post": "made an API key",
    "user-api-keys-details.patch": "changed or revoked an API key",
    "subscription-enable.post": "enabled a webhook subscription",
    "project-subscription-test.post": "sent a test event",
    "project-subscription-secret.post": "made a new webhook secret",
    "project-subscriptions.post": "made a webhook subscription",
    "project-subscription-details.delete": "deleted a webhook subscription",
    "invitations.post": "invited somebody",
    "invitations-details.delete": "revoked an invitation",
    "organization-users.post": "changed somebody’s role",
}
_PAST = {
    "hide": "hid", "unhide": "showed again", "delete": "deleted", "cancel": "cancelled", "archive": "archived",
    "restore": "restored",
}  # fmt: skip
_METHODS = {"get": "read", "post": "used", "patch": "changed", "put": "changed", "delete": "deleted"}


def in_words(action: str) -> str:
    """A sentence without its subject: `project-hide-samples.post` is "hid project samples"."""
    if said := _SAID.get(action):
        return said
    name, _, method = action.rpartition(".")
    words = name.removesuffix("-details").split("-")
    verb = next((word for word in words if word in _PAST), None)
    if verb is not None:
        return f"{_PAST[verb]} {' '.join(word for word in words if word != verb)}"
    return f"{_METHODS.get(method, 'used')} {' '.join(words)}"
