"""The filters of project-samples, which its statistics and histograms take too (contract §4)."""

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from kitloop.api.parsing import moment, one_of
from kitloop.kits.filters import HIDDEN_FILTERS, SORTABLE, STATUS_FILTERS
from kitloop.kits.listing import Listing
from kitloop.kits.models import Sample
from kitloop.kits.search import matching
from kitloop.projects.models import Project

# Nothing is archived here.
ARCHIVE_FILTERS: dict[str, Q] = {
    "all": Q(),
    "available": Q(),
    "archived": Q(pk__in=[]),
    "restore_requested": Q(pk__in=[]),
}


def sample_listing(request: Request, project: Project) -> Listing:
    """The samples of a project, which has come through the gate, as the query filters and orders them."""
    return Listing(
        project,
        filters=_counted_filters(request, "visible"),
        others=_other_filters(request, project),
        is_searched=bool(request.query_params.get("search", "").strip()),
        by=one_of(request, "sort_by", SORTABLE, "modified"),
        descending=one_of(request, "sort_order", ("asc", "desc"), "desc") == "desc",
    )


def filtered_samples(request: Request, project: Project, *, hidden_status: str = "visible") -> QuerySet[Sample]:
    """The same samples without an order. `hidden_status`: where the query says nothing."""
    return Sample.objects.filter(
        _counted_filters(request, hidden_status), _other_filters(request, project), project=project, deleted=None
    )


def _counted_filters(request: Request, hidden_status: str) -> Q:
    return (
        STATUS_FILTERS[one_of(request, "status", tuple(STATUS_FILTERS), "all")]
        & HIDDEN_FILTERS[one_of(request, "hidden_status", tuple(HIDDEN_FILTERS), hidden_status)]
    )


def _other_filters(request: Request, project: Project) -> Q:
    chosen = ARCHIVE_FILTERS[one_of(request, "archive_status", tuple(ARCHIVE_FILTERS), "all")]
    if search := request.query_params.get("search", "").strip():
        chosen &= matching(search, project.id)
    for name in ("created", "modified"):
        if after := moment(request, f"{name}_after"):
            chosen &= Q(**{f"{name}__gt": after})
        if before := moment(request, f"{name}_before"):
            chosen &= Q(**{f"{name}__lt": before})
    return chosen
