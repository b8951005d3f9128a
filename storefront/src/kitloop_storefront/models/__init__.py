"""The shop's rows."""

from kitloop_storefront.models.attempts import Attempts
from kitloop_storefront.models.customer import Customer
from kitloop_storefront.models.event import Poll, ReceivedEvent
from kitloop_storefront.models.kit import Progress, Result
from kitloop_storefront.models.order import Order

__all__ = ["Attempts", "Customer", "Order", "Poll", "Progress", "ReceivedEvent", "Result"]
