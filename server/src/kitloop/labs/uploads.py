"""Files on their way from a lab: announced with size and SHA-256, sent to a signed URL, kept when they are exactly that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing

from kitloop.base import clock, objects
from kitloop.kits.holds import close_holds, open_hold
from kitloop.kits.models import Kit
from kitloop.labs.errors import KitNotHere, UploadRefused
from kitloop.labs.models import Lab, Upload

_SALT = "kitloop.uploads"


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that the lab is about to send; size in bytes, sha256 in lower-case hex."""

    role: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Where to send it, and whether it is here already."""

    role: str
    url: str
    expires_at: datetime
    done: bool


def grant_uploads(lab: Lab, kit_id: UUID, files: Sequence[Announced]) -> list[Grant]:
    """A fresh signed URL for each file. Asking again changes nothing that is done. Raises KitNotHere."""
    kit = Kit.objects.filter(pk=kit_id, lab_id=lab.pk).first()
    if kit is None:
        raise KitNotHere("No kit of this id was ordered from this lab.")
    expires = datetime.now(UTC) + timedelta(seconds=settings.KITLOOP_URL_SECONDS)
    grants = []
    for file in files:
        upload, _ = Upload.objects.get_or_create(kit=kit, role=file.role, sha256=file.sha256, size=file.size)
        token = signing.TimestampSigner(salt=_SALT).sign(str(upload.id))
        url = f"{settings.KITLOOP_URL}/uploads/{token}"
        grants.append(Grant(file.role, url, expires, upload.done is not None))
    return grants


def upload_of(token: str) -> Upload | None:
    """The upload that a URL's token permits, or none where it is not ours or has expired."""
    try:
        upload_id = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=settings.KITLOOP_URL_SECONDS)
    except signing.BadSignature:
        return None
    return Upload.objects.select_related("kit__sample").filter(pk=upload_id).first()


def take_upload(upload: Upload, blocks: Iterable[bytes]) -> None:
    """Keeps the bytes when they are what was announced. Raises UploadRefused otherwise, and opens a hold for the lab."""
    try:
        objects.take_stream(upload.object_key, blocks, size=upload.size, sha256=upload.sha256)
    except objects.Mismatch as wrong:
        open_hold(
            upload.kit.sample,
            kit=upload.kit,
            reason_code=f"upload_{wrong.code}",
            owner="lab",
            note=f"The lab's {upload.role} file is not the one that it announced ({wrong.code.replace('_', ' ')}).",
        )
        raise UploadRefused(wrong.code) from wrong
    Upload.objects.filter(pk=upload.pk, done=None).update(done=clock.now())
    for code in ("size_mismatch", "checksum_mismatch"):
        close_holds(upload.kit.sample, reason_code=f"upload_{code}")
