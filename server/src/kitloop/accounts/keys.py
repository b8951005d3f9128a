"""API keys: made, shown once, checked, revoked. Shape and hash as djangorestframework-api-key has them (contract §2.1).

A key is `<8 characters>.<32 characters>`, random throughout, so one round of SHA-512 over it can't be guessed back.
"""

import hashlib
import hmac
import json
import secrets
import string
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from kitloop.accounts.models import APIKey, Caller, User
from kitloop.base.statements import first_row

RANGES_AT_MOST = 50
_LETTERS = string.ascii_letters + string.digits
_LAST_USED_EVERY = timedelta(minutes=1)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _hash(secret: str) -> str:
    return hashlib.sha512(secret.encode()).hexdigest()


def create_api_key(
    user: User, *, name: str, expiry_date: date | None = None, ip_range: list[str] | None = None
) -> tuple[APIKey, str]:
    """A new key of this user's, and its full text, which is nowhere kept and can't be shown again."""
    prefix, secret = _random(8), _random(32)
    key = APIKey.objects.create(
        user=user, name=name, prefix=prefix, hashed_secret=_hash(secret), expiry_date=expiry_date, ip_range=ip_range
    )
    return key, f"{prefix}.{secret}"


def change_api_key(key: APIKey, **changes: Any) -> APIKey:
    """The key with another `name` or `ip_range`, or `revoked=True`: from now on it opens nothing, and that can't be taken back."""
    for field, value in changes.items():
        setattr(key, field, value)
    key.save(update_fields=list(changes))
    return key


def revoke_api_key(key: APIKey) -> None:
    """From now on the key opens nothing. It can't be taken back."""
    change_api_key(key, revoked=True)


def has_expired(key: APIKey) -> bool:
    return key.expiry_date is not None and key.expiry_date < datetime.now(UTC).date()


def range_problem(text: str) -> str | None:
    """What is wrong with an IP range, as a sentence; none where it can be used."""
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        return f"{text[:60]} is not an IP range. Write it like 203.0.113.0/24."
    try:
        ip_network(text)
    except ValueError:
        # 10.1.2.3/8 could mean that one machine or sixteen million: ask, don't guess.
        return f"{text} has more digits than /{loose.prefixlen} keeps. Did you mean {loose}?"
    return None


# Every API request asks this, so it is spelt out: one row of plain values, no models.
_KEY = """
SELECT k.id, k.hashed_secret, k.expiry_date, k.ip_range, k.last_used, u.id, u.organization_id, u.role
FROM accounts_apikey k JOIN accounts_user u ON u.id = k.user_id
WHERE k.prefix = %s AND NOT k.revoked AND u.is_active
"""


def caller_of(text: str, *, address: str) -> Caller | None:
    """Whom a key acts for, or none where it is unknown, revoked, expired, used from elsewhere, or its user is not active."""
    prefix, _, secret = text.partition(".")
    if len(prefix) != 8 or not prefix.isascii() or not prefix.isalnum():
        return None
    row = first_row(_KEY, [prefix])
    if row is None:
        return None
    key_id, hashed, expiry_date, ip_range, last_used, user_id, organization_id, role = row
    if not hmac.compare_digest(hashed, _hash(secret)):
        return None
    now = datetime.now(UTC)
    if expiry_date is not None and now.date() > expiry_date:
        return None
    if ip_range is not None and not _is_within(address, json.loads(ip_range)):
        return None
    if last_used is None or now - last_used > _LAST_USED_EVERY:
        APIKey.objects.filter(pk=key_id).update(last_used=now)
    return Caller(user_id=user_id, organization_id=organization_id, role=role, api_key_id=key_id)


def _is_within(address: str, networks: list[str]) -> bool:
    """Whether an address may use a key of these networks; no networks, all may. One that we don't know may not."""
    try:
        found = ip_address(address)
    except ValueError:
        return not networks
    return not networks or any(found in ip_network(network, strict=False) for network in networks)
