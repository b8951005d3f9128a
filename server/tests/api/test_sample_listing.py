"""project-samples: every order, and every filter at its edge (contract §4)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from api.sending import sent
from cast import Cast
from django.test import Client
from kitloop.kits.models import Kit, Sample
from kitloop.kits.orders import place_order
from kitloop.kits.search import search_text

from lab import RECIPIENT

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# client id, status, hours after noon: created, modified
ROWS = [("b", "succeeded", 2, 9), ("", "cancelled", 0, 7), ("a", "failed", 1, 8), ("c", "running", 3, 6)]


@pytest.fixture
def made(cast: Cast) -> list[str]:
    ids = []
    for client_id, status, created, modified in ROWS:
        id = place_order(cast.owner.user.caller(), project_id=cast.project.id, recipient=RECIPIENT)
        Kit.objects.filter(sample_id=id).update(state="sequenced")
        Sample.objects.filter(pk=id).update(
            client_id=client_id, status=status, created=NOON + created * HOUR, modified=NOON + modified * HOUR,
            search_text=search_text(cast.project.id, client_id, None),
        )  # fmt: skip
        ids.append(str(id))
    return ids


def listed(client: Client, cast: Cast, query: str) -> list[str]:
    answer = sent(client, cast, "GET", f"project-samples/{cast.project.id}?{query}", who="viewer")
    assert answer.status_code == 200, answer.content
    assert answer.json()["meta"]["count"] == len(answer.json()["results"])
    return [row["id"] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("by", "ascending"),
    [("client_id", [1, 2, 0, 3]), ("created", [1, 2, 0, 3]), ("modified", [3, 1, 2, 0]), ("status", [1, 2, 3, 0])],
)
def test_samples_are_sorted_by_each_column_both_ways(
    client: Client, cast: Cast, made: list[str], by: str, ascending: list[int]
) -> None:
    expected = [made[at] for at in ascending]
    assert listed(client, cast, f"sort_by={by}&sort_order=asc") == expected
    assert listed(client, cast, f"sort_by={by}&sort_order=desc") == expected[::-1]
    assert listed(client, cast, f"sort_by={by}") == expected[::-1]  # descending unless asked otherwise


def test_samples_are_sorted_by_their_ids(client: Client, cast: Cast, made: list[str]) -> None:
    assert listed(client, cast, "sort_by=id&sort_order=asc") == sorted(made)
    assert listed(client, cast, "sort_by=id&sort_order=desc") == sorted(made, reverse=True)


def test_the_latest_change_comes_first_where_nothing_is_asked(client: Client, cast: Cast, made: list[str]) -> None:
    assert listed(client, cast, "") == [made[at] for at in (0, 2, 1, 3)]


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("created_after=2026-03-01T13:00:00Z", {0, 3}),
        ("created_before=2026-03-01T13:00:00Z", {1}),
        ("created_after=2026-03-01T12:30:00Z&created_before=2026-03-01T14:30:00Z", {0, 2}),
        ("modified_after=2026-03-01T20:00:00Z", {0}),
        ("modified_before=2026-03-01T20:00:00Z", {1, 3}),
        ("modified_after=2026-03-01T21:30:00%2B02:00", {0, 2}),  # another zone
        ("modified_after=2026-03-01T21:30:00+02:00", {0, 2}),  # a plus sign that was not escaped
        ("modified_after=2026-03-01T19:30:00", {0, 2}),  # none is UTC
        ("created_after=2026-03-01", {0, 1, 2, 3}),
        ("created_after=&modified_before=&search=&status=&sort_by=&archive_status=", {0, 1, 2, 3}),
        ("status=running", {3}),
        ("status=completed", {0, 2}),  # who was cancelled is neither under way nor completed
        ("status=all&archive_status=all&hidden_status=all", {0, 1, 2, 3}),
        ("archive_status=restore_requested", set()),
        ("search=b", {0}),
        ("status=failed&search=a", {2}),
        ("status=succeeded&search=a", set()),
    ],
)
def test_each_filter_chooses_what_it_names(
    client: Client, cast: Cast, made: list[str], query: str, chosen: set[int]
) -> None:
    assert set(listed(client, cast, query)) == {made[at] for at in chosen}


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("status=lost", "status", '"lost" is not a valid choice.'),
        ("archive_status=restored", "archive_status", '"restored" is not a valid choice.'),
        ("hidden_status=no", "hidden_status", '"no" is not a valid choice.'),
        ("sort_by=name", "sort_by", '"name" is not a valid choice.'),
        ("sort_order=up", "sort_order", '"up" is not a valid choice.'),
        ("created_after=soon", "created_after", "Enter a valid date/time."),
        ("modified_before=2026-13-01T00:00:00Z", "modified_before", "Enter a valid date/time."),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(client: Client, cast: Cast, query: str, field: str, said: str) -> None:
    answer = sent(client, cast, "GET", f"project-samples/{cast.project.id}?{query}")
    assert (answer.status_code, answer.json()) == (400, {field: [said]})


def test_pages_never_overlap_where_all_are_alike(client: Client, cast: Cast, made: list[str]) -> None:
    Sample.objects.update(client_id="same", created=NOON, modified=NOON, status="succeeded")
    for by, order in product(("client_id", "created", "modified", "status"), ("asc", "desc")):
        query = f"sort_by={by}&sort_order={order}&limit=1&offset="
        pages = [
            sent(client, cast, "GET", f"project-samples/{cast.project.id}?{query}{at}").json()["results"][0]["id"]
            for at in range(4)
        ]
        assert sorted(pages) == sorted(made)
