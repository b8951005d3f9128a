"""Files for whoever holds a signed URL: objects going out, with ranges, and a lab's uploads coming in."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.db import OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kitloop.base import objects
from kitloop.base.requests import json_answer
from kitloop.events.audit import audit
from kitloop.labs.errors import UploadRefused
from kitloop.labs.uploads import take_upload, upload_of
from kitloop.runs.models import File

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")
_FILENAME = re.compile(r"\Aattachment; filename=([\w.\-]+)\Z")


@require_http_methods(["GET", "HEAD"])
def serve_object(request: HttpRequest, key: str) -> HttpResponseBase:
    """The bytes of an object; `Range: bytes=a-b` answers 206 with exactly that range (contract §8.3)."""
    if not objects.is_signed(key, request.GET.get("signature", "")):
        return json_answer({"detail": "This link is not valid, or has expired. Ask for a fresh one."}, status=403)
    path = objects.path_of(key)
    if not path.is_file():
        return json_answer({"detail": "Not found."}, status=404)
    try:
        file = File.objects.stored_as(key).select_related("sample__project").first()
        if file is not None and file.sample.is_deleted:  # since the link was made
            return json_answer({"detail": "Not found."}, status=404)
        if file is not None and request.method == "GET":
            _enter(request, file)
    except OperationalError:
        busy = {"detail": "The database does not answer at this moment. Try again in a few seconds."}
        return json_answer(busy, status=503, headers={"Retry-After": "2"})
    size = path.stat().st_size
    response = _ranged(path, size, request.headers.get("Range", ""))
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    response["Content-Type"] = "application/octet-stream"
    named = _FILENAME.match(request.GET.get("response-content-disposition", ""))
    response["Content-Disposition"] = f'attachment; filename="{named[1]}"' if named else "attachment"
    return response


def _enter(request: HttpRequest, file: File) -> None:
    """Handed out to whoever held the link: the entry names the sample and no user. A file in parts leaves an entry for each."""
    audit(
        "objects.get",
        organization_id=file.sample.project.organization_id,
        user_id=None,
        subjects=[file.sample_id, file.id],
        request_id=getattr(request, "request_id", ""),
    )


def _ranged(path: Path, size: int, asked: str) -> HttpResponseBase:
    found = _RANGE.match(asked.replace(" ", ""))
    if found is None or found.groups() == ("", "") or size == 0:
        # None, several ranges, or none that we read: the whole file is a right answer to each (RFC 9110 §14.2).
        whole = FileResponse(path.open("rb"))
        whole["Content-Length"] = str(size)
        return whole
    first, last = found.groups()
    if first == "":
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    if start > end or start >= size:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    part = StreamingHttpResponse(_blocks(path, start, end - start + 1), status=206)
    part["Content-Range"] = f"bytes {start}-{end}/{size}"
    part["Content-Length"] = str(end - start + 1)
    return part


def _blocks(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (block := file.read(min(objects.BLOCK_BYTES, length))):
            length -= len(block)
            yield block


@csrf_exempt  # the signed URL is the permission; there is no cookie to abuse
@require_http_methods(["PUT"])
def take_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """A lab's file (docs/lab-protocol.md): 201 kept, 422 not what was announced, 403 expired, 507 no room."""
    upload = upload_of(token)
    if upload is None:
        return json_answer({"detail": "This link is not valid, or has expired. Ask for a fresh one."}, status=403)
    if objects.free_bytes() < upload.size + (64 << 20):
        return json_answer({"detail": "There is no room for this file now. Try again later."}, status=507)
    try:
        take_upload(upload, _incoming(request))
    except UploadBroken:
        return json_answer({"detail": "The file ended before its Content-Length. Send it again."}, status=400)
    except UploadRefused as refused:
        return json_answer({"detail": str(refused), "code": refused.code}, status=422)
    return json_answer({"role": upload.role, "sha256": upload.sha256, "size": upload.size}, status=201)


class UploadBroken(Exception):
    """The line broke while the file came: nobody's mistake, so no hold; the lab sends it again."""


def _incoming(request: HttpRequest) -> Iterator[bytes]:
    missing = int(request.headers.get("Content-Length") or 0)
    while block := request.read(objects.BLOCK_BYTES):
        missing -= len(block)
        yield block
    if missing > 0:
        raise UploadBroken
