"""The caller's own user, keys and second factor; and what is open to whoever comes."""

from uuid import UUID

from cast import Cast
from kitloop.accounts.logins import log_in
from kitloop.accounts.models import APIKey
from second_factors import turned_on

from cases import SIGNED_IN, Case, by_role

OPEN = by_role(200, 200, 200, 200, 200, 200)
SHUT = by_role(400, 400, 400, 400, 400, 400)  # to whoever has no letter
NO_LINK = {"uid": "x", "token": "x", "new_password": "another good long one"}
NEW_PASSWORD = {"current_password": "a long enough password", "new_password": "another good long one"}
NEW_EMAIL = {"current_password": "a long enough password", "new_email": "new@example.com"}

CASES = [
    Case("user", "get", "user/", SIGNED_IN),
    Case("user", "put", "user/", SIGNED_IN, {"name": "Renamed"}),
    Case("user", "patch", "user/", SIGNED_IN, {"name": "Renamed"}),
    Case("user-config", "get", "user-config/", SIGNED_IN),
    Case("user-config", "patch", "user-config/", SIGNED_IN, {"theme": "dark"}),
    Case("user-api-keys", "get", "user-api-keys/", SIGNED_IN),
    Case("user-api-keys", "post", "user-api-keys/", by_role(201, 201, 201, 201, 201), {"name": "production"}),
    Case("user-api-keys-details", "patch", "user-api-keys/{key}", by_role(404, 404, 200, 404, 404), {"revoked": True}),
    Case(
        "jwt-create", "post", "jwt-create/", OPEN,
        lambda cast, ids: {"email": cast.viewer.user.email, "password": "a long enough password"},
    ),
    Case("user-password-set", "post", "user-password-set/", SIGNED_IN, NEW_PASSWORD),
    Case("user-change-email", "post", "user-change-email/", SIGNED_IN, NEW_EMAIL),
    Case("user-password-reset", "post", "user-password-reset/", OPEN, lambda cast, ids: {"email": cast.viewer.user.email}),
    Case("user-password-reset-confirm", "post", "user-password-reset-confirm/", SHUT, NO_LINK),
    Case("user-register", "post", "user-register/", SHUT, {"email": "new@example.com", "password": "a long enough password"}),
    Case("user-activate", "post", "user-activate/", SHUT, NO_LINK),
    Case("user-activate-resend", "post", "user-activate-resend/", OPEN, {"email": "nobody@example.com"}),
    Case("mfa-status", "get", "mfa-status/", SIGNED_IN),
    Case("mfa-setup", "post", "mfa-setup/", by_role(400, 201, 201, 201, 201), {"device_type": "generator"}),
    Case("mfa-validate", "post", "mfa-validate/", by_role(400, 400, 400, 400, 400), {"token": "000000"}),
    Case("mfa-disable", "delete", "mfa-disable/", by_role(204, 400, 400, 400, 400)),
    Case("jwt-refresh", "post", "jwt-refresh/", OPEN, lambda cast, ids: {"refresh": ids["refresh"]}),
    Case("jwt-verify", "post", "jwt-verify/", OPEN, lambda cast, ids: {"token": ids["refresh"]}),
    Case("jwt-logout", "post", "jwt-logout/", OPEN, lambda cast, ids: {"refresh": ids["refresh"]}),
]  # fmt: skip


def ids(cast: Cast) -> dict[str, str]:
    """A key and a login of the viewer's; the owner has a second factor."""
    turned_on(cast.owner.user)
    key: UUID = APIKey.objects.get(user=cast.viewer.user).id
    return {"key": str(key), "refresh": log_in(cast.viewer.user).refresh}
