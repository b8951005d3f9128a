"""Projects and the table of samples: counts, search, filters, sorting, pages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast
from dashboard_rows import WHEN, browser, finish, order, text
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kitloop.kits.models import Sample
from kitloop.projects.models import Project

COUNTS = re.compile(r'data-label="(Samples|With kits|In analysis|Succeeded|Failed|Cancelled)">(\d+)<')


def listed(cast: Cast, query: str = "") -> list[str]:
    """Ids on the page, in order."""
    page = browser(cast.viewer).get(f"/projects/{cast.project.id}{query}").content.decode()
    return re.findall(r'<th scope="row"><a href="/samples/([0-9a-f-]{36})"', page)


def same_as_the_api(cast: Cast, query: str) -> list[str]:
    url = f"/api/v2/project-samples/{cast.project.id}{query}"
    answer = browser().get(url, headers=cast.viewer.headers)
    return [row["id"] for row in answer.json()["results"]]


def test_projects_are_listed_with_their_counts(cast: Cast) -> None:
    samples = [order(cast) for _ in range(5)]
    finish(samples[0])
    finish(samples[1], "failed_qc")
    Sample.objects.filter(pk=samples[2].pk).update(status="running")
    Sample.objects.filter(pk=samples[3].pk).update(status="cancelled")
    order(cast, cast.stranger, project_id=str(cast.strangers_project.id))
    page = browser(cast.viewer).get("/projects").content.decode()
    assert dict(COUNTS.findall(page)) == {
        "Samples": "5",
        "With kits": "1",
        "In analysis": "1",
        "Succeeded": "1",
        "Failed": "1",
        "Cancelled": "1",
    }


def test_without_a_project_the_page_says_how_to_make_one(cast: Cast) -> None:
    Project.objects.filter(organization=cast.organization).delete()
    page = text(browser(cast.owner).get("/projects"))
    assert f"kitloop create-project &quot;Kits&quot; --organization {cast.organization.id}".replace(
        "&quot;", '"'
    ) in page.replace("&quot;", '"')


def test_hidden_projects_are_left_out_and_can_be_shown(cast: Cast) -> None:
    Project.objects.create(organization=cast.organization, name="Laid aside", hidden=True)
    client = browser(cast.owner)
    assert "Laid aside" not in text(client.get("/projects"))
    assert "Show hidden projects (1)" in text(client.get("/projects"))
    assert "Laid aside" in text(client.get("/projects?hidden_status=all"))


@pytest.fixture
def three(cast: Cast) -> list[Sample]:
    made = [
        order(cast, metadata={"customer_id": f"cust_{n}", "order_number": f"ORD-2025-00{n}", "note": note})
        for n, note in ((1, "first"), (2, "second half"), (3, "third"))
    ]
    finish(made[0])
    finish(made[1], "failed_qc")
    for days, sample in enumerate(made):
        Sample.objects.filter(pk=sample.pk).update(modified=WHEN + timedelta(days=days), client_id=f"c{9 - days}")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("?search=ORD-2025-002", [1]),
        ("?search=ord-2025", [2, 1, 0]),
        ("?search=second", [1]),
        ("?search=half%20second", []),
        ("?search=cust_3", [2]),
        ("?search=%00%20%27%22", []),
        ("?status=succeeded", [0]),
        ("?status=failed", [1]),
        ("?status=completed", [1, 0]),
        ("?status=running", [2]),
        ("?status=running&search=ORD-2025-001", []),
        ("?sort_by=modified&sort_order=asc", [0, 1, 2]),
        ("?sort_by=client_id&sort_order=asc", [2, 1, 0]),
        ("?sort_by=created&sort_order=asc", [0, 1, 2]),
        ("?sort_by=status&sort_order=asc", [1, 2, 0]),
    ],
)
def test_search_filter_and_sort_find_what_the_api_finds(
    cast: Cast, three: list[Sample], query: str, found: list[int]
) -> None:
    expected = [str(three[at].id) for at in found]
    assert listed(cast, query) == expected
    assert same_as_the_api(cast, query) == expected


def test_an_id_finds_its_sample_and_hidden_ones_only_when_asked(cast: Cast, three: list[Sample]) -> None:
    assert listed(cast, f"?search={three[1].id}") == [str(three[1].id)]
    Sample.objects.filter(pk=three[1].pk).update(hidden=True)
    assert listed(cast, f"?search={three[1].id}") == []
    assert listed(cast, "?hidden_status=hidden") == [str(three[1].id)]
    assert len(listed(cast, "?hidden_status=all")) == 3


def test_words_that_mean_nothing_count_as_absent(cast: Cast, three: list[Sample]) -> None:
    assert len(listed(cast, "?status=purple&sort_by=password&sort_order=up&page=x&hidden_status=1")) == 3


def test_pages_keep_the_filter_and_end_where_they_end(cast: Cast) -> None:
    first = order(cast)
    for n in range(29):
        Sample.objects.create(
            project=cast.project, created=WHEN, modified=WHEN - timedelta(hours=n), status="running",
            status_id=first.status_id,
        )  # fmt: skip
    Sample.objects.filter(pk=first.pk).update(status="running")
    page = browser(cast.viewer).get(f"/projects/{cast.project.id}?status=running")
    assert "1 to 25 of 30 samples" in text(page)
    assert 'href="?status=running&amp;page=2"' in page.content.decode()
    assert len(listed(cast, "?status=running&page=2")) == 5
    assert listed(cast, "?status=running&page=99") == listed(cast, "?status=running&page=2")
    assert not set(listed(cast, "?page=1")) & set(listed(cast, "?page=2"))


def test_empty_states_say_what_is_empty_and_the_filter_can_be_cleared(cast: Cast) -> None:
    client = browser(cast.viewer)
    assert "No samples yet." in text(client.get(f"/projects/{cast.project.id}"))
    order(cast)
    nothing = client.get(f"/projects/{cast.project.id}?search=zebra")
    assert "No sample matches." in text(nothing)
    assert '<a href="?">Clear</a>' in nothing.content.decode()


def test_what_was_searched_for_is_shown_as_text(cast: Cast) -> None:
    page = browser(cast.viewer).get(f"/projects/{cast.project.id}?search=%22%3E%3Cscript%3E").content.decode()
    assert "<script>" not in page
    assert 'value="&quot;&gt;&lt;script&gt;"' in page


@pytest.mark.parametrize("path", ["/projects", "/projects/{project}", "/webhooks"])
def test_queries_do_not_grow_with_rows(cast: Cast, path: str) -> None:
    client = browser(cast.viewer)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(path.format(project=cast.project.id)).status_code == 200
        return len(caught)

    order(cast)
    few = queries()
    for _ in range(6):
        order(cast)
        Project.objects.create(organization=cast.organization, name="More")
    assert queries() == few
    assert few <= 10  # two find who asks, one each the project, role, count, ids, rows, counts, latest and audit entry


def test_no_row_holds_a_lazy_relation(cast: Cast) -> None:
    """Pages get frozen objects: rendering asks the database for nothing that the view did not fetch."""
    order(cast)
    answer: Any = browser(cast.viewer).get(f"/projects/{cast.project.id}")
    row = answer.context["page"].table.rows[0]
    assert not hasattr(row, "project")
    with pytest.raises(AttributeError):
        row.note = "other"
