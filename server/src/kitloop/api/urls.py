"""The API's address book, by subject. A subject's own routes stand at the end of its module."""

from kitloop.api import (
    api_keys,
    audit,
    file_types,
    forms,
    invitations,
    lab_protocol,
    logins,
    organization,
    pipelines,
    project_reports,
    project_users,
    projects,
    results,
    roles,
    sample_changes,
    sample_kit,
    samples,
    subscriptions,
    usage,
    user,
    variants,
)

v2 = [
    *sample_kit.routes,
    *forms.routes,
    *samples.routes,
    *sample_changes.routes,
    *results.routes,
    *variants.routes,
    *projects.routes,
    *project_reports.routes,
    *file_types.routes,
    *pipelines.routes,
    *subscriptions.routes,
    *organization.routes,
    *invitations.routes,
    *roles.routes,
    *project_users.routes,
    *usage.routes,
    *user.routes,
    *api_keys.routes,
    *logins.routes,
]
kitloop_v1 = [*samples.own_routes, *subscriptions.own_routes, *audit.own_routes]
lab_v1 = lab_protocol.routes
