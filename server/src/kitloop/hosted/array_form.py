"""The form behind an array-data link: the person uploads an export, which is checked, kept and queued (contract §5.3)."""

from dataclasses import dataclass
from pathlib import Path

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.datastructures import MultiValueDict
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from kitloop.hosted.ending import over, sent_back
from kitloop.hosted.entry import enter
from kitloop.hosted.opening import behind, minutes_left
from kitloop.hosted.showing import show
from kitloop.kits.links import Link, finish_link
from kitloop.kits.moves import CannotMove
from kitloop.runs.arrays import MAX_BYTES, ExportRefused, NoRoom, NotLookedAt, inspect_export, take_export

_AROUND_BYTES = 64 << 10  # what a form puts around its file
_DRAINED_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class ArrayForm:
    organization: str
    minutes_left: int
    problems: tuple[tuple[str, str], ...]


class ExportForm(forms.Form):
    export = forms.FileField(
        label="Your export, a .zip file",
        allow_empty_file=True,  # which has a sentence of its own
        error_messages={"required": "Choose the .zip file first."},
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )


@csrf_exempt  # the check reads the whole body: it is made below, once it is known that the body is not too large
@behind("array", "GET", "HEAD", "POST")
def array_form(request: HttpRequest, link: Link) -> HttpResponse:
    """Safe to send twice: the first file that was taken is the sample's data."""
    if link.done is not None:
        return sent_back(request, link)
    if link.sample.is_deleted or link.sample.is_final:
        return over(request, "closed", link)
    if request.method != "POST":
        return _shown(request, link, ExportForm())
    if _length(request) > MAX_BYTES + _AROUND_BYTES:
        _drain(request)
        form = ExportForm(QueryDict(), MultiValueDict())
        form.errors.clear()
        form.add_error(
            "export", ValidationError("The file has more than 25 MB; no such export has. Is it the right file?")
        )
        return _shown(request, link, form, status=413)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _checked(request, link)


@csrf_protect
def _checked(request: HttpRequest, link: Link) -> HttpResponse:
    form = ExportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, link, form, status=422)
    file = form.cleaned_data["export"]
    assert isinstance(file, TemporaryUploadedFile)
    path = Path(file.temporary_file_path())
    try:
        inspect_export(path)
        with transaction.atomic():
            run = take_export(link.sample, path)
            finish_link(link)
            enter(request, link, "array-data-upload-form.submit", run.pk)
    except ExportRefused as refused:
        form.add_error("export", ValidationError(str(refused), code=refused.code))
        return _shown(request, link, form, status=422)
    except (NotLookedAt, NoRoom) as failed:
        form.add_error("export", ValidationError(str(failed), code=failed.code))
        return _shown(request, link, form, status=503)
    except CannotMove:
        return over(request, "closed", link)
    return sent_back(request, link)


def _shown(request: HttpRequest, link: Link, form: ExportForm, *, status: int = 200) -> HttpResponse:
    page = ArrayForm(
        organization=link.sample.project.organization.name,
        minutes_left=minutes_left(link),
        problems=tuple((form[name].id_for_label, str(form[name].label)) for name in form.fields if name in form.errors),
    )
    leads_to = (link.redirect_on_success, link.redirect_on_failure)
    return show(request, "array_form.html", page, status=status, leads_to=leads_to, form=form)


def _length(request: HttpRequest) -> int:
    text = request.headers.get("Content-Length") or "0"
    return int(text) if text.isdigit() else 0


def _drain(request: HttpRequest) -> None:
    """Reads what is still on its way: a browser shows our answer only once it has sent its file."""
    left = min(_length(request), _DRAINED_BYTES)
    while left > 0 and (block := request.read(min(left, 1 << 20))):
        left -= len(block)
