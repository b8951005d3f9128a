"""A signed request to a lab (docs/lab-protocol.md), and what its answer says."""

import json

from django.conf import settings
from kitloop_sdk.labs import sign_request

from kitloop.base.answer import Answer
from kitloop.labs.models import Lab

TIMEOUT_SECONDS = 20.0
_LATER = frozenset({408, 425, 429})


def call(lab: Lab, path: str, body: bytes = b"") -> Answer:
    """POSTs to the lab, once. Must not be inside a transaction."""
    from kitloop.base.outbound import request_once

    headers = sign_request(lab.secret, lab=lab.slug, method="POST", path=path, body=body)
    return request_once(
        "POST",
        lab.url.rstrip("/") + path,
        headers={**headers, "Content-Type": "application/json"},
        body=body,
        allowed=settings.KITLOOP_LAB_ALLOWED_NETWORKS,
        timeout_seconds=TIMEOUT_SECONDS,
    )


def text_of(answer: Answer, name: str) -> str:
    """A text of the answer's JSON; "" where there is none."""
    try:
        found = json.loads(answer.body).get(name, "")
    except (ValueError, AttributeError):
        return ""
    return str(found)[:64]


def needs_a_person(answer: Answer) -> bool:
    """A refusal that the same request will meet again: somebody has to look at both sides' set-up."""
    return answer.status is not None and 400 <= answer.status < 500 and answer.status not in _LATER
