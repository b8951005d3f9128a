"""Reports for the end-user: links to a page with a sample's results (contract §7.5)."""

from kitloop.accounts.models import Organization
from kitloop.kits.errors import NoResults, ReportsOff
from kitloop.kits.links import Link, make_link
from kitloop.kits.models import Sample


def open_report(sample: Sample, *, expires_in_seconds: int) -> Link:
    """A new link to the sample's report. Raises ReportsOff, and NoResults where the sample has none to show."""
    organization = Organization.objects.get(projects=sample.project_id)
    if not organization.consumer_reports_enabled:
        raise ReportsOff("Consumer reports are not enabled for your organization. Ask whoever runs this platform.")
    if sample.status != "succeeded" or sample.run_id is None:
        raise NoResults(f"There is no report: the sample is {sample.status}, and only a succeeded one has results.")
    return make_link(sample.id, "report", expires_in_seconds=expires_in_seconds)
