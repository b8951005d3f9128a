"""A kit order as the wire spells it (contract §5.1)."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KitOrder:
    """One kit for one person. The names are the wire's, so that a refused order's `fields` point at them.

    Everything about the recipient is personal data and stays out of `repr`. `metadata` is any JSON, stored with the
    sample and searchable: put your own order number in it. `test_mode` orders are recorded and never shipped.
    """

    project_id: str
    recipient_address_name: str = field(repr=False)
    recipient_address_line1: str = field(repr=False)
    recipient_address_city: str = field(repr=False)
    recipient_address_state_region: str = field(repr=False)
    recipient_address_postal_code: str = field(repr=False)
    recipient_address_country_code: str = field(repr=False)
    recipient_email: str = field(repr=False)
    recipient_phone: str = field(repr=False)
    recipient_address_line2: str = field(default="", repr=False)
    recipient_address_line3: str = field(default="", repr=False)
    recipient_instructions: str = field(default="", repr=False)
    metadata: Any = field(default=None, repr=False)
    test_mode: bool = False

    def as_json(self) -> dict[str, Any]:
        """The request's body. Optional parts that are empty are left out: an older host need not know them."""
        optional = (
            "recipient_address_line2",
            "recipient_address_line3",
            "recipient_instructions",
            "metadata",
            "test_mode",
        )
        return {name: value for name, value in asdict(self).items() if name not in optional or value}
