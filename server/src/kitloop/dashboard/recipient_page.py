"""Who the kits of a sample go to, as a page object. The one place of the dashboard that unseals personal data."""

from dataclasses import dataclass
from uuid import UUID

from kitloop.dashboard.words import Badge, badge
from kitloop.kits.models import Recipient, Sample

LABELS = {
    "name": "Name",
    "line1": "Address",
    "line2": "Address, second line",
    "line3": "Address, third line",
    "city": "City",
    "state_region": "State or region",
    "postal_code": "Postal code",
    "country_code": "Country",
    "email": "E-mail",
    "phone": "Phone",
    "instructions": "Instructions",
}


@dataclass(frozen=True, slots=True)
class KitRecipient:
    kit_id: UUID
    kit_short_id: str
    state: Badge
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecipientPage:
    """`kits` is empty where the data was erased, or there never was a kit."""

    sample_id: UUID
    short_id: str
    project_id: UUID
    project: str
    kits: tuple[KitRecipient, ...]


def recipient_page(sample: Sample) -> RecipientPage:
    rows = Recipient.objects.filter(kit__sample=sample).select_related("kit").order_by("-kit__created")
    return RecipientPage(
        sample_id=sample.id,
        short_id=str(sample.id)[:8],
        project_id=sample.project_id,
        project=sample.project.name,
        kits=tuple(
            KitRecipient(
                kit_id=row.kit_id,
                kit_short_id=str(row.kit_id)[:8],
                state=badge(row.kit.state),
                fields=_in_order(row.fields()),
            )
            for row in rows
        ),
    )


def _in_order(fields: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, fields[name]) for name, label in LABELS.items() if fields.get(name))
