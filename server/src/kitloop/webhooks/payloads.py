"""A delivery's stored payload, by a link that expires: exactly the bytes that were signed and sent."""

from uuid import UUID

from django.conf import settings
from django.core import signing

from kitloop.webhooks.models import Delivery

_SALT = "kitloop.payloads"


class LinkExpired(Exception):
    """The link's signature is not ours, or too old."""


def payload_url(delivery_id: UUID) -> str:
    """An absolute URL that works for KITLOOP_URL_SECONDS, for whoever holds it."""
    token = signing.TimestampSigner(salt=_SALT).sign(str(delivery_id)).partition(":")[2]
    return f"{settings.KITLOOP_URL}/payloads/{delivery_id}?signature={token}"


def signed_payload(delivery_id: UUID, signature: str) -> bytes | None:
    """The payload, or none where the delivery is gone. Raises LinkExpired."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        signer.unsign(f"{delivery_id}:{signature}", max_age=settings.KITLOOP_URL_SECONDS)
    except signing.BadSignature:
        raise LinkExpired from None
    body = Delivery.objects.filter(pk=delivery_id).values_list("body", flat=True).first()
    return None if body is None else body.encode()
