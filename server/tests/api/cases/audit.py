"""The audit log."""

from cast import Cast

from cases import Case, by_role

CASES = [Case("audit", "get", "/api/kitloop/v1/audit/", by_role(200, 403, 403, 403, 200))]


def ids(cast: Cast) -> dict[str, str]:
    return {}
