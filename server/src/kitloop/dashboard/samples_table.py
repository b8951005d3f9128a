"""The samples of a project as a table that can be searched, filtered, sorted and paged by plain links."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import QueryDict

from kitloop.dashboard.words import Badge, badge
from kitloop.kits.filters import HIDDEN_FILTERS, SORTABLE, STATUS_FILTERS
from kitloop.kits.listing import Listing
from kitloop.kits.models import Sample

METADATA_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. Words that mean nothing here count as absent: an old bookmark still opens."""

    search: str = ""
    status: str = "all"
    hidden_status: str = "visible"
    sort_by: str = "modified"
    sort_order: str = "desc"
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        number = query.get("page", "")
        return cls(
            search=query.get("search", "").strip()[:200],
            status=_one_of(query.get("status"), STATUS_FILTERS, "all"),
            hidden_status=_one_of(query.get("hidden_status"), HIDDEN_FILTERS, "visible"),
            sort_by=_one_of(query.get("sort_by"), SORTABLE, "modified"),
            sort_order=_one_of(query.get("sort_order"), ("asc", "desc"), "desc"),
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1,
        )

    @property
    def query(self) -> str:
        """The query string that asks for this, with nothing in it that goes without saying."""
        plain = asdict(Filters())
        said = urlencode([(name, value) for name, value in asdict(self).items() if value != plain[name]])
        return f"?{said}" if said else "?"


def _one_of(value: str | None, choices: Any, default: str) -> str:
    return value if value in choices else default  # type: ignore[return-value] # None is in none of them


@dataclass(frozen=True, slots=True)
class SampleRow:
    id: UUID
    short_id: str
    client_id: str
    status: Badge
    note: str
    metadata: str
    test_mode: bool
    is_hidden: bool
    created: datetime
    modified: datetime


@dataclass(frozen=True, slots=True)
class Heading:
    label: str
    query: str
    aria_sort: str  # ascending, descending or none


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Table:
    filters: Filters
    is_filtered: bool
    clear: str
    statuses: tuple[Choice, ...]
    hidden_statuses: tuple[Choice, ...]
    headings: tuple[Heading, ...]
    rows: tuple[SampleRow, ...]
    count: int
    first: int
    last: int
    page: int
    pages: int
    previous: str
    following: str


HEADINGS = (
    ("Sample", "id", "asc"),
    ("Client id", "client_id", "asc"),
    ("Status", "status", "asc"),
    ("Metadata", "", ""),
    ("Ordered", "created", "desc"),
    ("Changed", "modified", "desc"),
)


def samples_table(rows: Listing, filters: Filters, size: int) -> Table:
    """One page of a listing; a page beyond the end is the last one."""
    pages = cast("Paginator[Sample]", Paginator(cast("Any", rows), size))
    found = pages.get_page(filters.page)
    filters = replace(filters, page=found.number)
    return Table(
        filters=filters,
        is_filtered=bool(filters.search) or filters.status != "all" or filters.hidden_status != "visible",
        clear=Filters(sort_by=filters.sort_by, sort_order=filters.sort_order).query,
        statuses=tuple(Choice(each, each.capitalize(), each == filters.status) for each in STATUS_FILTERS),
        hidden_statuses=tuple(
            Choice(each, label, each == filters.hidden_status)
            for each, label in (("visible", "Visible"), ("hidden", "Hidden"), ("all", "All"))
        ),
        headings=tuple(_heading(filters, *each) for each in HEADINGS),
        rows=tuple(_row(sample) for sample in found.object_list),
        count=found.paginator.count,
        first=found.start_index(),
        last=found.end_index(),
        page=found.number,
        pages=found.paginator.num_pages,
        previous=replace(filters, page=found.number - 1).query if found.has_previous() else "",
        following=replace(filters, page=found.number + 1).query if found.has_next() else "",
    )


def _heading(filters: Filters, label: str, by: str, first_order: str) -> Heading:
    if not by:
        return Heading(label, "", "none")
    if by != filters.sort_by:
        return Heading(label, replace(filters, sort_by=by, sort_order=first_order, page=1).query, "none")
    turned = "asc" if filters.sort_order == "desc" else "desc"
    now = "descending" if filters.sort_order == "desc" else "ascending"
    return Heading(label, replace(filters, sort_order=turned, page=1).query, now)


def _row(sample: Sample) -> SampleRow:
    return SampleRow(
        id=sample.id,
        short_id=str(sample.id)[:8],
        client_id=sample.client_id,
        status=badge(sample.status),
        note=sample.status_note,
        metadata=_glance(sample.metadata),
        test_mode=sample.test_mode,
        is_hidden=sample.hidden,
        created=sample.created,
        modified=sample.modified,
    )


def _glance(metadata: Any) -> str:
    """The start of the metadata on one line: enough to recognise an order by."""
    if metadata is None:
        return ""
    pairs = metadata.items() if isinstance(metadata, dict) else [("", metadata)]
    said = ", ".join(f"{key}: {value}" if key else str(value) for key, value in pairs)
    return said if len(said) <= METADATA_CHARACTERS else f"{said[:METADATA_CHARACTERS]}…"
