"""What is said at the top of the API's description, and of the parameters that many operations share."""

INTRODUCTION = """\
The platform of a genetic-testing kit programme: order kits, follow their samples, read the results.

`/api/v2/` is the Gencove API v2, to the byte that matters: a client written for it works here when its host is changed.
`/api/kitloop/v1/` is what Kitloop has beyond it.

**Who asks.** Send an API key as `Authorization: Api-Key <key>`, or the access token of `jwt-create/` as `Authorization: Bearer <token>`.
A key acts for the user who made it. What belongs to another organization is answered 404.

**Addresses** answer with and without a final slash, without redirects.

**Bodies** may be `application/json`, `application/x-www-form-urlencoded` or `multipart/form-data`. Answers are JSON, whatever is accepted;
reports are CSV.

**Lists** come in pages: `limit` and `offset` choose one, `meta.count` says how many there are, `meta.next` and `meta.previous` are the
addresses of the pages beside it, or null.

**Times** are UTC, as in `2025-10-12T19:47:15.332776Z`; microseconds are there where they are not zero.

**Refusals** change nothing. A 429 and a 503 say in `Retry-After` how many seconds to wait. Every answer names its request in
`X-Request-Id`; say that name when you ask for help.
"""

OF_A_KEY = "An API key, after the word `Api-Key` and a space: `Api-Key Ab3dE5gH.0123…`."
OF_A_LOGIN = "The access token of `jwt-create/` or `jwt-refresh/`."

# The contract's own, and Kitloop's; in the order of a reader who begins.
TAGS: dict[str, str] = {
    "sample": "Kits, the samples in them, and their results",
    "array": "Array data instead of a kit",
    "project": "Projects, their samples as a whole, their people, and who hears of their events",
    "notification": "What subscribers were sent",
    "file": "Files of a sample",
    "pipeline": "What the installed reference bundles can do",
    "organization": "Your organization and its people",
    "invitation": "Invitations into an organization",
    "role": "What each role may do",
    "user": "Yourself: profile, settings, keys, password",
    "jwt": "Signing in with e-mail and password",
    "mfa": "The second factor",
}

PARAMETERS: dict[str, str] = {
    "limit": "At most this many. More than 200 counts as 200.",
    "offset": "Leave out this many first.",
    "search": "Words, or an id. Nothing, and it chooses all.",
    "sort_by": "What the list is ordered by.",
    "sort_order": "`desc` where it is absent.",
    "status": "`all` where it is absent.",
    "hidden_status": "`visible` where it is absent.",
    "archive_status": "`all` where it is absent. Nothing is archived here.",
    "created_after": "A time, as ISO 8601.",
    "created_before": "A time, as ISO 8601.",
    "modified_after": "A time, as ISO 8601.",
    "modified_before": "A time, as ISO 8601.",
    "from": "A month, as YYYY-MM; with `to`, or neither.",
    "to": "A month, as YYYY-MM; with `from`, or neither.",
    "columns": "The report's columns in this order, with commas between.",
    "only_explicit_roles": "Only those who have a role in this project itself.",
    "project_id": "A project whose file types are meant.",
    "rsid": "At most 50 rsIDs, with commas between.",
}
