"""Links for the end-user: forms and reports."""

from cast import Cast, make_lab
from kitloop.accounts.models import Organization
from kitloop.base import clock
from kitloop.kits.models import Sample
from kitloop.runs.models import Run

from cases import Case, by_role
from lab import ordered_kit

CASES = [
    Case(
        "sample-kit-form", "post", "sample-kit-form/", by_role(201, 201, 403, 403, 400),
        lambda cast, ids: {"project_id": str(cast.project.id)},
    ),
    Case(
        "array-data-upload-form", "post", "array-data-upload-form/", by_role(201, 201, 403, 403, 400),
        lambda cast, ids: {"project_id": str(cast.project.id)},
    ),
    Case("sample-consumer-report", "post", "sample-consumer-report/{reported}", by_role(201, 201, 201, 403, 404)),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    """A sample with results, in organizations that hand out reports."""
    Organization.objects.update(consumer_reports_enabled=True)
    kit = ordered_kit(cast, make_lab(slug="lab-of-reports", is_sandbox=True))
    run = Run.objects.create(sample=kit.sample, kit=kit, inputs={}, created=clock.now(), state="succeeded")
    Sample.objects.filter(pk=kit.sample_id).update(run_id=run.id, status="succeeded")
    return {"reported": str(kit.sample_id)}
