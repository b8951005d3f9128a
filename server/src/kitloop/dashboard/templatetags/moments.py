"""Times in templates."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """A time in UTC that a script may add the reader's own to (static/dashboard/dashboard.js); missing: an em dash."""
    if when is None:
        return "—"
    when = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>', f"{when:%Y-%m-%dT%H:%M:%SZ}", f"{when.day} {when:%b %Y, %H:%M} UTC"
    )


@register.filter
def day(when: datetime | None) -> SafeString | str:
    if when is None:
        return "—"
    when = when.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', f"{when:%Y-%m-%dT%H:%M:%SZ}", f"{when.day} {when:%b %Y}")
