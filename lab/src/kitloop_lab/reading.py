"""Reads the body of an order. All that is wrong with it is said at once, by field, without quoting what was sent."""

import json
import uuid
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from kitloop_sdk.labs import Order, Recipient

MAX_CHARACTERS = {"instructions": 1000}
DEFAULT_MAX_CHARACTERS = 255
NOT_BLANK = ("name", "line1", "country_code")


@dataclass(frozen=True)
class Unreadable(Exception):
    """The body is not an order. `errors` has field → what is wrong; an empty field name is the body as a whole."""

    errors: dict[str, str]


def read_order(body: bytes) -> Order:
    """The order, normalised so that two ways of writing the same one compare equal. Fields not known are ignored."""
    try:
        parsed = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Unreadable({"": "The body is not JSON in UTF-8."}) from None
    if not isinstance(parsed, dict):
        raise Unreadable({"": "The body is not a JSON object."})
    errors: dict[str, str] = {}
    kit_id = _uuid(parsed.get("kit_id"), errors)
    ordered_at = _moment(parsed.get("ordered_at"), errors)
    test_mode = parsed.get("test_mode")
    if not isinstance(test_mode, bool):
        errors["test_mode"] = "Must be true or false."
    scenario = parsed.get("scenario", "")
    if not isinstance(scenario, str) or len(scenario) > 40 or not _plain(scenario):
        errors["scenario"] = "Must be text of at most 40 characters."
    recipient = _recipient(parsed.get("recipient"), errors)
    if errors:
        raise Unreadable(errors)
    assert isinstance(test_mode, bool)
    assert recipient is not None
    return Order(kit_id=kit_id, ordered_at=ordered_at, test_mode=test_mode, recipient=recipient, scenario=scenario)


def _recipient(parsed: Any, errors: dict[str, str]) -> Recipient | None:
    if not isinstance(parsed, dict):
        errors["recipient"] = "Must be an object."
        return None
    found: dict[str, str] = {}
    for each in fields(Recipient):
        value = parsed.get(each.name, "" if each.default is not MISSING else None)
        most = MAX_CHARACTERS.get(each.name, DEFAULT_MAX_CHARACTERS)
        if not isinstance(value, str):
            errors[f"recipient.{each.name}"] = "Must be text."
        elif len(value) > most or not _plain(value):
            errors[f"recipient.{each.name}"] = f"Must be plain text of at most {most} characters."
        elif each.name in NOT_BLANK and not value.strip():
            errors[f"recipient.{each.name}"] = "May not be blank."
        else:
            found[each.name] = value
    country = found.get("country_code", "")
    if country and not (len(country) == 2 and country.isascii() and country.isupper()):
        errors["recipient.country_code"] = "Must be two capital letters (ISO 3166-1)."
    return None if len(found) < len(fields(Recipient)) else Recipient(**found)


def _uuid(value: Any, errors: dict[str, str]) -> str:
    try:
        return str(uuid.UUID(value if isinstance(value, str) else ""))
    except ValueError:
        errors["kit_id"] = "Must be a UUID."
        return ""


def _moment(value: Any, errors: dict[str, str]) -> str:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        errors["ordered_at"] = "Must be an ISO 8601 time with a zone."
        return ""


def _plain(text: str) -> bool:
    # NUL cannot be stored by PostgreSQL, a lone surrogate by no database.
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _refuse(_constant: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")
