"""The API's address book. Every path answers with and without a final slash, without redirects (contract §3)."""

from typing import Any

from django.urls import URLPattern, re_path

from kitloop.api import lab_protocol, results, sample_kit, samples, subscriptions

ID = r"(?P<{}>[^/]+)"


def at(path: str, view: Any, name: str) -> URLPattern:
    found: URLPattern = re_path(rf"^{path}/?$", view.as_view(), name=name)
    return found


v2 = [
    at("sample-kit", sample_kit.SampleKitView, "sample-kit"),
    at(f"samples/{ID.format('sample_id')}", samples.SampleView, "samples"),
    at(f"project-samples/{ID.format('project_id')}", samples.ProjectSamplesView, "project-samples"),
    at(f"sample-statuses/{ID.format('sample_id')}", samples.SampleStatusesView, "sample-statuses"),
    at(f"sample-metadata/{ID.format('sample_id')}", samples.SampleMetadataView, "sample-metadata"),
    at(
        f"sample-quality-controls/{ID.format('sample_id')}",
        results.SampleQualityControlsView,
        "sample-quality-controls",
    ),
    at(f"sample-ancestry/{ID.format('sample_id')}", results.SampleAncestryView, "sample-ancestry"),
    at(f"sample-trait-scores/{ID.format('sample_id')}", results.SampleTraitScoresView, "sample-trait-scores"),
    at(
        f"project-subscriptions/{ID.format('project_id')}",
        subscriptions.ProjectSubscriptionsView,
        "project-subscriptions",
    ),
    at(
        f"project-subscription-details/{ID.format('subscription_id')}",
        subscriptions.SubscriptionView,
        "project-subscription-details",
    ),
    at(
        f"project-subscription-secret/{ID.format('subscription_id')}",
        subscriptions.SubscriptionSecretView,
        "project-subscription-secret",
    ),
    at(
        f"project-subscription-test/{ID.format('subscription_id')}",
        subscriptions.SubscriptionTestView,
        "project-subscription-test",
    ),
    at(
        "project-subscription-event-types",
        subscriptions.SubscriptionEventTypesView,
        "project-subscription-event-types",
    ),
    at(
        f"project-subscription-notifications/{ID.format('subscription_id')}",
        subscriptions.SubscriptionNotificationsView,
        "project-subscription-notifications",
    ),
    at(f"notifications/{ID.format('notification_id')}", subscriptions.NotificationView, "notifications"),
    at(r"files/(?P<file_id>[^/]+)\.sha256", results.ChecksumView, "file-sha256"),
]

kitloop_v1 = [
    at(f"samples/{ID.format('sample_id')}/journey", samples.JourneyView, "journey"),
    at(
        f"subscriptions/{ID.format('subscription_id')}/enable",
        subscriptions.EnableSubscriptionView,
        "subscription-enable",
    ),
]

lab_v1 = [
    at("events", lab_protocol.LabEventsView, "lab-events"),
    at(f"kits/{ID.format('kit_id')}/uploads", lab_protocol.LabUploadsView, "lab-uploads"),
]
