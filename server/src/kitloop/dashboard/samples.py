"""One sample: its page, who its kit goes to, and its files."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from kitloop.accounts.models import Caller
from kitloop.accounts.roles import Permission
from kitloop.base import objects
from kitloop.dashboard.access import page
from kitloop.dashboard.entry import enter
from kitloop.dashboard.recipient_page import recipient_page
from kitloop.dashboard.sample_page import sample_page
from kitloop.dashboard.shell import show
from kitloop.kits.holds import FOR_REVIEW, close_holds
from kitloop.kits.models import Sample
from kitloop.runs.models import File
from kitloop.wire.samples import file_name

SECTION = "projects"


@page("GET", may=Permission.PROJECT_VIEW)
def sample(request: HttpRequest, caller: Caller, sample_id: UUID) -> HttpResponse:
    found = _visible(request, caller, sample_id)
    return show(request, "sample.html", sample_page(found, caller), section=SECTION)


@page("GET", may=Permission.SAMPLE_KIT_CREATE)
def recipient(request: HttpRequest, caller: Caller, sample_id: UUID) -> HttpResponse:
    """Personal data: on a page of its own, opened on purpose, and each opening has its audit entry, with the kits that it showed."""
    shown = recipient_page(_visible(request, caller, sample_id))
    enter(request, "recipient.get", caller, *(kit.kit_id for kit in shown.kits))
    return show(request, "recipient.html", shown, section=SECTION)


@page("POST", may=Permission.PROJECT_EDIT)
def close_hold(request: HttpRequest, caller: Caller, sample_id: UUID, hold_id: int) -> HttpResponse:
    """Only what waits for somebody's look: every other hold is closed by what it waits for."""
    found = get_object_or_404(Sample.objects.visible_to(caller), pk=sample_id)
    hold = get_object_or_404(found.holds.filter(reason_code__in=FOR_REVIEW), pk=hold_id)
    close_holds(found, reason_code=hold.reason_code)
    enter(request, "hold-close.post", caller, found.id)
    messages.success(request, "The hold is closed.")
    return redirect("dashboard:sample", sample_id=found.id)


@page("GET", may=Permission.PROJECT_VIEW)
def download(request: HttpRequest, caller: Caller, file_id: UUID) -> HttpResponseBase:
    """On to a signed URL made at this moment: links on a page that was left open don't grow old."""
    file = get_object_or_404(File.objects.visible_to(caller), pk=file_id)
    enter(request, "files.get", caller, file.sample_id, file.id)
    return redirect(objects.signed_url(file.object_key, filename=file_name(file)))


def _visible(request: HttpRequest, caller: Caller, sample_id: UUID) -> Sample:
    found = get_object_or_404(Sample.objects.visible_to(caller).select_related("project"), pk=sample_id)
    enter(request, "samples.get", caller, found.id)
    return found
