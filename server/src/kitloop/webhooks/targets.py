"""Where a subscription may point. Nothing is looked up or called here: that would let whoever asks probe our network."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from kitloop.base.errors import FieldErrors

MAX_LENGTH = 255


def protocol_of(target: str) -> str:
    """`webhook` for an http or https URL, `email` for an address. Raises FieldErrors for `target`."""
    if len(target) > MAX_LENGTH:
        raise _refused(f"Ensure this field has no more than {MAX_LENGTH} characters.")
    if "://" not in target and "@" in target:
        try:
            validate_email(target)
        except ValidationError:
            raise _refused("Enter a valid email address.") from None
        return "email"
    if any(not sign.isprintable() or sign.isspace() for sign in target):
        raise _refused("Enter a valid URL.")
    try:
        parts = urlsplit(target)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        has_host = False
    if not has_host:
        raise _refused("Enter a valid URL, or an email address.")
    if parts.scheme not in {"http", "https"}:
        raise _refused("Only http and https URLs can be called.")
    if "@" in parts.netloc or "\\" in target:
        # Credentials would lie in our tables in the clear, and parsers disagree on what such a URL's host is.
        raise _refused("A URL with a user name or password can't be used.")
    return "webhook"


def _refused(said: str) -> FieldErrors:
    return FieldErrors({"target": [said]})
