"""Links for the end-user: a URL with a token that opens once, and the session of a quarter of an hour that it opens.

The row is the link. Its token is a JWT that only names the row (`jti`) and says until when it opens (contract §5.2). The session
is a secret of its own, so that it may outlive the token, and no address that stays in a history or a log opens anything.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from jwt.types import Options

ALGORITHM = "HS256"
SESSION = timedelta(minutes=15)
PATHS = {"kit": "/forms/kit", "array": "/forms/array-data", "report": "/reports/view"}


@dataclass(frozen=True, slots=True)
class Redirects:
    """Where the browser goes at the end; empty: it stays, and a page of ours says how it went. Checked by whoever takes them."""

    on_success: str = ""
    on_failure: str = ""


class Link(models.Model):
    """What one end-user may do with one sample, once."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    sample = models.ForeignKey("kits.Sample", on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=8)
    jti = models.UUIDField(unique=True, default=uuid4, editable=False)
    issued = models.DateTimeField()
    expires = models.DateTimeField()  # in whole seconds, as the token has it
    redirect_on_success = models.TextField(blank=True, default="")
    redirect_on_failure = models.TextField(blank=True, default="")
    opened = models.DateTimeField(null=True)
    session_hash = models.CharField(max_length=64, blank=True, default="")
    session_expires = models.DateTimeField(null=True)
    done = models.DateTimeField(null=True)  # what it was for took place

    class Meta:
        app_label = "kits"
        constraints = [models.CheckConstraint(condition=Q(kind__in=list(PATHS)), name="link_kind_known")]

    @property
    def url(self) -> str:
        """Absolute, and the same each time: a link that is asked for twice with one key is one link."""
        claims = {"jti": self.jti.hex, "aud": self.kind, "iat": self.issued, "exp": self.expires}
        return f"{settings.KITLOOP_URL}{PATHS[self.kind]}?token={jwt.encode(claims, _key(), algorithm=ALGORITHM)}"


def make_link(sample_id: UUID, kind: str, *, expires_in_seconds: int, redirects: Redirects | None = None) -> Link:
    now, to = datetime.now(UTC).replace(microsecond=0), redirects or Redirects()
    return Link.objects.create(
        sample_id=sample_id,
        kind=kind,
        issued=now,
        expires=now + timedelta(seconds=expires_in_seconds),
        redirect_on_success=to.on_success,
        redirect_on_failure=to.on_failure,
    )


def find_link(token: str, kind: str) -> Link | None:
    """The link that a token of ours names, whether or not it still opens; none where the token is not ours."""
    try:
        # Also one that has expired: its link knows where the browser should go then.
        must: Options = {"require": ["jti", "exp", "aud"], "verify_exp": False}
        claims = jwt.decode(token, _key(), algorithms=[ALGORITHM], audience=kind, options=must)
        jti = UUID(claims["jti"])
    except (jwt.InvalidTokenError, ValueError):
        return None
    return _links().filter(jti=jti, kind=kind).first()


def open_link(link: Link) -> str | None:
    """The secret of a new session. None where the link was opened before, or is too old: of two who open it at once, one."""
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    fresh = Link.objects.filter(pk=link.pk, opened=None, expires__gt=now)
    taken = fresh.update(opened=now, session_hash=_hashed(secret), session_expires=now + SESSION)
    return secret if taken else None


def link_of(link_id: UUID, kind: str) -> Link | None:
    return _links().filter(pk=link_id, kind=kind).first()


def is_open(link: Link, secret: str) -> bool:
    """Whether this secret's session of the link is under way."""
    if link.session_expires is None or link.session_expires <= datetime.now(UTC):
        return False
    return constant_time_compare(link.session_hash, _hashed(secret))


def finish_link(link: Link) -> None:
    """What it was for took place. In the transaction of that."""
    Link.objects.filter(pk=link.pk, done=None).update(done=datetime.now(UTC))


def forget_links(*, older_than: timedelta) -> None:
    """Removes links of long ago. Their tokens have expired long since, and open nothing."""
    Link.objects.filter(expires__lt=datetime.now(UTC) - older_than).delete()


def _links() -> "models.QuerySet[Link]":
    return Link.objects.select_related("sample__project__organization")


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key() -> bytes:
    """Of this use alone: what signs sessions and file URLs must not open links."""
    return salted_hmac("kitloop.links", "", settings.SECRET_KEY, algorithm="sha256").digest()
