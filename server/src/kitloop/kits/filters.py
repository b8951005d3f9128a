"""The words by which samples are filtered and sorted, for the API and the pages alike (contract §4)."""

from django.db.models import Q

# The filter's words against ours. Whether kit states count as `running` is not documented; here `running` is all that is
# under way, so that completed and running together are everything (contract §6.1).
STATUS_FILTERS: dict[str, Q] = {
    "all": Q(),
    "succeeded": Q(status="succeeded"),
    "failed": Q(status__in=["failed", "failed_qc"]),
    "completed": Q(status__in=["succeeded", "failed", "failed_qc"]),
    "running": ~Q(status__in=["succeeded", "failed", "failed_qc", "cancelled"]),
}
HIDDEN_FILTERS: dict[str, Q] = {"all": Q(), "hidden": Q(hidden=True), "visible": Q(hidden=False)}
SORTABLE = ("client_id", "created", "id", "modified", "status")
