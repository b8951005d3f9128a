"""E-mails to the recipient: shipped, back at the lab, results ready. Sent by a job, once; personal data stays inside the mail."""

import contextlib
from collections.abc import Iterator
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string

from kitloop.base import clock
from kitloop.base.mail import REFUSALS, is_final
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Kit, Letter

SUBJECTS = {
    "shipped": "Your kit is on its way",
    "received": "Your kit is back at the lab",
    "results": "Your results are ready",
}


def send_letter(kit_id: UUID, kind: str) -> None:
    """Sends a letter that is owed and not sent; nothing where another worker is at it, or it was given up.

    Held by a lock of the session, not by a transaction: a mail server may take its time. A worker killed between its answer and our
    note sends it again: once too often rather than never. A refusal that is final ends it, and is the operator's to look at.
    """
    with _alone(f"letter:{kit_id}:{kind}") as is_ours:
        letter = Letter.objects.get(kit_id=kit_id, kind=kind)
        if not is_ours or letter.sent is not None or letter.given_up is not None:
            return
        kit = Kit.objects.select_related("sample__project__organization", "recipient").get(pk=kit_id)
        try:
            _message(kit, kind).send()
        except REFUSALS as error:
            if not is_final(error):
                raise
            Letter.objects.filter(pk=letter.pk).update(given_up=clock.now())
            said = "The mail server refuses the recipient's address for good; look at the address, or reach the person otherwise."
            open_hold(kit.sample, kit=kit, reason_code="letter_refused", owner="operator", note=said)
            return
        Letter.objects.filter(pk=letter.pk).update(sent=clock.now())


def _message(kit: Kit, kind: str) -> EmailMessage:
    recipient = kit.recipient.fields()
    organization = kit.sample.project.organization
    body = render_to_string(
        f"kits/{kind}.txt",
        {
            "name": recipient["name"],
            "kit": kit,
            "organization": organization.name,
            "results_url": organization.results_url,
        },
    )
    return EmailMessage(subject=SUBJECTS[kind], body=body, to=[recipient["email"]])


@contextlib.contextmanager
def _alone(name: str) -> Iterator[bool]:
    """Whether this session alone holds the name, until it is left. The server frees it where we are killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
