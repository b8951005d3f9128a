"""The audit log as a page, for owners: who, when, what, in words."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from kitloop.accounts.models import Caller, User
from kitloop.accounts.roles import Permission
from kitloop.dashboard.access import page
from kitloop.dashboard.audit_words import in_words
from kitloop.dashboard.shell import show
from kitloop.events.audit import AuditEntry
from kitloop.kits.models import Sample
from kitloop.projects.models import Project

SECTION = "audit"
ROWS = 50
NAMED = 5  # subjects of one entry that are shown; a listing names every sample on its page


@dataclass(frozen=True, slots=True)
class Subject:
    id: UUID
    short_id: str
    kind: str  # sample, project, or other: only the first two have a page


@dataclass(frozen=True, slots=True)
class EntryRow:
    at: datetime
    who: str
    how: str
    what: str
    subjects: tuple[Subject, ...]
    more: int


@dataclass(frozen=True, slots=True)
class AuditPage:
    search: str
    is_no_id: bool
    entries: tuple[EntryRow, ...]
    newest: str
    older: str


@page("GET", may=Permission.ORGANIZATION_MANAGE)
def audit_log(request: HttpRequest, caller: Caller) -> HttpResponse:
    search = request.GET.get("search", "").strip()[:64]
    rows = AuditEntry.objects.of_organization(caller.organization_id)
    is_no_id = False
    if search:
        try:
            id = UUID(search)
        except ValueError:
            is_no_id = True
            rows = rows.none()
        else:
            rows = rows.filter(Q(subjects__contains=[id]) | Q(user_id=id))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(position__lt=int(before))
    found = list(rows.order_by("-position")[: ROWS + 1])
    shown = AuditPage(
        search=search,
        is_no_id=is_no_id,
        entries=_rows(caller, found[:ROWS]),
        newest=_query(search) if before else "",
        older=_query(search, before=found[ROWS - 1].position) if len(found) > ROWS else "",
    )
    return show(request, "audit.html", shown, section=SECTION)


def _query(search: str, **more: int) -> str:
    return "?" + urlencode({**({"search": search} if search else {}), **more})


def _rows(caller: Caller, entries: list[AuditEntry]) -> tuple[EntryRow, ...]:
    people = dict(User.objects.of(caller).values_list("id", "email"))
    ids = {id for entry in entries for id in entry.subjects}
    kinds = dict.fromkeys(Project.objects.of(caller).filter(pk__in=ids).values_list("pk", flat=True), "project")
    kinds |= dict.fromkeys(Sample.objects.of(caller).filter(pk__in=ids).values_list("pk", flat=True), "sample")
    return tuple(
        EntryRow(
            at=entry.at,
            who=people.get(entry.user_id, "somebody of another organization") if entry.user_id else "",
            how="with an API key" if entry.api_key_id else "",
            what=in_words(entry.action),
            subjects=tuple(Subject(id, str(id)[:8], kinds.get(id, "other")) for id in entry.subjects[:NAMED]),
            more=max(0, len(entry.subjects) - NAMED),
        )
        for entry in entries
    )
