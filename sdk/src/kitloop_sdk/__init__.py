"""Typed client for the Kitloop and Gencove v2 API, webhook verification, and the `kitloop` command.

The public names are the ones below, plus the modules `kitloop_sdk.labs` (both sides of the lab protocol's signature) and
`kitloop_sdk.countries` (whereto a kit may be ordered).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kitloop_sdk._errors import (
    Conflict,
    DownloadCorrupt,
    InvalidOrder,
    KeyReused,
    KitloopError,
    NoAnswer,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
    Unavailable,
    UnexpectedAnswer,
    ValidationFailed,
)
from kitloop_sdk.webhooks import WebhookEvent, WebhookVerificationError, verify_webhook

if TYPE_CHECKING:
    from kitloop_sdk._client import Client
    from kitloop_sdk._orders import KitOrder
    from kitloop_sdk._records import (
        Ancestry,
        Distribution,
        File,
        Hold,
        Journey,
        JourneyKit,
        Move,
        Population,
        QualityControl,
        Sample,
        Status,
        Subscription,
        TraitScore,
    )

__all__ = [
    "Ancestry",
    "Client",
    "Conflict",
    "Distribution",
    "DownloadCorrupt",
    "File",
    "Hold",
    "InvalidOrder",
    "Journey",
    "JourneyKit",
    "KeyReused",
    "KitOrder",
    "KitloopError",
    "Move",
    "NoAnswer",
    "NotAuthenticated",
    "NotFound",
    "NotPermitted",
    "Population",
    "QualityControl",
    "RateLimited",
    "Sample",
    "Status",
    "Subscription",
    "TraitScore",
    "Unavailable",
    "UnexpectedAnswer",
    "ValidationFailed",
    "WebhookEvent",
    "WebhookVerificationError",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    """The client and its objects are imported when they are asked for: whoever only checks a signature would wait for them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"Client": "_client", "KitOrder": "_orders"}.get(name, "_records")
    return getattr(import_module(f"{__name__}.{module}"), name)
