"""What can go wrong, one class per fact that the caller can act on.

KitloopError
├── ValidationFailed      400  the request is refused as written; `fields` says which parts and why
│   └── InvalidOrder           the same, of a kit order
├── NotAuthenticated      401  the key is unknown, revoked or expired, or used from a forbidden address
├── NotPermitted          403  the key's user may not do this; or a signed file address has expired
├── NotFound              404  no such thing, or not visible to this key
├── Conflict              409  not now: the same key is being worked on, or the state has moved on
├── KeyReused             422  this idempotency key was used before with another body
├── RateLimited           429  too many requests; `retry_after_seconds` says when
├── Unavailable           5xx  the host is down or in maintenance
│   └── NoAnswer          none the network failed: the request may or may not have been carried out
├── UnexpectedAnswer           an answer that is not what the contract promises
└── DownloadCorrupt            a file whose bytes do not have the promised size or SHA-256
"""

from typing import Any


class KitloopError(Exception):
    """The host answered something else than success.

    `status` is the HTTP status (None without an answer), `code` the body's machine-readable code, `request_id` what to
    quote to whoever runs the host, `body` the parsed body, `fields` its messages by field name. The text of the error
    names fields and never repeats values: a refused order's body can hold personal data, `body` and `fields` too.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str = "",
        body: Any = None,
        fields: dict[str, list[str]] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.body = body
        self.fields = fields or {}
        self.retry_after_seconds = retry_after_seconds


class ValidationFailed(KitloopError):
    """The request is refused as written; sending it again changes nothing."""


class InvalidOrder(ValidationFailed):
    """A kit order is refused as written: `fields` has the messages by the order's field names."""


class NotAuthenticated(KitloopError):
    """The API key is unknown, revoked, expired, or used from an address outside its range."""


class NotPermitted(KitloopError):
    """The key's user lacks the permission; of a file's address: it has expired."""


class NotFound(KitloopError):
    """There is no such thing, or this key may not see it."""


class Conflict(KitloopError):
    """The same idempotency key is being worked on, or the thing's state does not allow this now."""


class KeyReused(KitloopError):
    """The idempotency key was used before with another body. Use a fresh key for a changed order."""


class RateLimited(KitloopError):
    """Too many requests; `retry_after_seconds` says when to come back, where the host said so."""


class Unavailable(KitloopError):
    """The host is down or in maintenance. Try again later."""


class NoAnswer(Unavailable):
    """The network failed. The request may or may not have been carried out: send it again with the same key."""


class UnexpectedAnswer(KitloopError):
    """The answer is not what the contract promises: another service at this address, or a proxy's page."""


class DownloadCorrupt(KitloopError):
    """The file's bytes do not have the promised size or SHA-256. Nothing was kept."""


BY_STATUS: dict[int, type[KitloopError]] = {
    400: ValidationFailed,
    401: NotAuthenticated,
    403: NotPermitted,
    404: NotFound,
    409: Conflict,
    422: KeyReused,
    429: RateLimited,
}


def error_of(
    status: int, body: Any, *, what: str, request_id: str = "", retry_after_seconds: float | None = None
) -> KitloopError:
    """The error for an answer. `what` names the request without values, as `POST /api/v2/sample-kit/`."""
    kind = BY_STATUS.get(status) or (Unavailable if status >= 500 else UnexpectedAnswer)
    code, fields, said = "", {}, ""
    if isinstance(body, dict):
        code = body["code"] if isinstance(body.get("code"), str) else ""
        if isinstance(body.get("detail"), str):
            said = body["detail"]
        nested = body.get("errors") if isinstance(body.get("errors"), dict) else None
        if nested is not None or "detail" not in body:
            fields = {str(name): _messages(value) for name, value in (nested or body).items()}
    elif isinstance(body, list):
        said = " ".join(_messages(body))
    if fields and status == 400:
        said = "see " + ", ".join(sorted(fields))
    text = f"{what}: {status}{f' {code}' if code else ''}{f': {said}' if said else ''}"
    return kind(
        text,
        status=status,
        code=code,
        request_id=request_id,
        body=body,
        fields=fields,
        retry_after_seconds=retry_after_seconds,
    )


def _messages(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, dict):
        return [f"{name}: {message}" for name, inner in value.items() for message in _messages(inner)]
    return [str(value)]
