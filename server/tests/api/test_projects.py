"""Projects: rows to the letter, filters and orders, making, changing, hiding and deleting them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, make_capability, make_lab
from django.test import Client
from django.utils import timezone
from kitloop.accounts.models import Organization
from kitloop.kits.models import Sample
from kitloop.kits.orders import place_order
from kitloop.projects.models import Project, ProjectRole
from kitloop.wire.times import iso

from lab import RECIPIENT, ordered_kit

ROW = [
    "id", "name", "description", "created", "modified", "hidden", "organization", "organization_name", "sample_count",
    "hidden_sample_count", "pipeline_capabilities", "project_modifications", "roles", "webhook_url", "is_shared", "locked",
]  # fmt: skip
NOT_OURS = {"project_ids": ["All project ids must be of projects of your organization."]}


def sent(client: Client, cast: Cast, method: str, path: str, body: Any = None, who: str = "owner") -> Any:
    return client.generic(
        method,
        f"/api/v2/{path}",
        b"" if body is None else client._encode_json(body, "application/json"),  # type: ignore[attr-defined]
        content_type="application/json",
        headers=getattr(cast, who).headers,
    )


def names(client: Client, cast: Cast, query: str = "", who: str = "owner") -> list[str]:
    answer = sent(client, cast, "GET", f"projects/{query}", who=who)
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def more_projects(cast: Cast, *names: str) -> list[Project]:
    """Each an hour older than the one before."""
    made = [Project.objects.create(organization=cast.organization, name=name) for name in names]
    for hours, project in enumerate(made, 1):
        project.created = timezone.now() - timedelta(hours=hours)
        project.save()
    return made


def ordered(cast: Cast, project: Project, *, test_mode: bool = False) -> Sample:
    caller = cast.owner.user.caller()
    return Sample.objects.get(pk=place_order(caller, project_id=project.id, recipient=RECIPIENT, test_mode=test_mode))


def test_a_row_has_the_contracts_keys_in_their_order(client: Client, cast: Cast) -> None:
    sample = ordered(cast, cast.project)
    Sample.objects.filter(pk=ordered(cast, cast.project).pk).update(hidden=True)
    latest = Sample.objects.order_by("-modified")[0].modified
    answer = sent(client, cast, "GET", "projects/")
    (row,) = answer.json()["results"]
    assert list(row) == ROW
    assert answer.json()["meta"] == {"count": 1, "next": None, "previous": None}
    assert row == {
        "id": str(cast.project.id),
        "name": "Kits",
        "description": "",
        "created": iso(cast.project.created),
        "modified": iso(latest),
        "hidden": False,
        "organization": str(cast.organization.id),
        "organization_name": "Acme Health",
        "sample_count": 2,
        "hidden_sample_count": 1,
        "pipeline_capabilities": str(cast.capability.id),
        "project_modifications": [],
        "roles": {"organization": {"id": str(cast.owner.user.role_id), "name": "owner"}},
        "webhook_url": "",
        "is_shared": False,
        "locked": False,
    }
    assert sample.project_id == cast.project.id
    details = sent(client, cast, "GET", f"projects/{cast.project.id}").json()
    assert details == {**row, "files": []}
    assert list(details)[-1] == "files"


def test_without_samples_a_project_was_modified_when_it_was_made(client: Client, cast: Cast) -> None:
    row = sent(client, cast, "GET", f"projects/{cast.project.id}").json()
    assert row["modified"] == row["created"] == iso(cast.project.created)
    assert (row["sample_count"], row["hidden_sample_count"]) == (0, 0)


def test_a_role_in_the_project_stands_beside_the_organizations(client: Client, cast: Cast) -> None:
    given = ProjectRole.objects.create(project=cast.project, user=cast.member.user, role="viewer")
    (row,) = sent(client, cast, "GET", "projects/", who="member").json()["results"]
    assert row["roles"] == {
        "organization": {"id": str(cast.member.user.role_id), "name": "member"},
        "project": {"id": str(given.id), "name": "viewer"},
    }


def test_an_empty_list_is_61_bytes(client: Client, cast: Cast) -> None:
    answer = sent(client, cast, "GET", "projects/", who="member")
    assert answer.content == b'{"meta":{"count":0,"next":null,"previous":null},"results":[]}'
    assert answer["Content-Length"] == "61"


def test_pages_follow_each_other_by_sorted_absolute_urls(client: Client, cast: Cast) -> None:
    more_projects(cast, "B", "C")
    first = sent(client, cast, "GET", "projects/?sort_order=asc&limit=1&sort_by=name&offset=1").json()
    base = "http://testserver/api/v2/projects/"
    assert first["meta"] == {
        "count": 3,
        "next": f"{base}?limit=1&offset=2&sort_by=name&sort_order=asc",
        "previous": f"{base}?limit=1&sort_by=name&sort_order=asc",
    }
    assert [row["name"] for row in first["results"]] == ["C"]


def test_newest_come_first_unless_another_order_is_asked_for(client: Client, cast: Cast) -> None:
    b, a = more_projects(cast, "B", "A")
    ordered(cast, a)
    ordered(cast, a)
    ordered(cast, b)
    Project.objects.filter(pk=b.pk).update(capability=cast.capability)
    assert names(client, cast) == ["Kits", "B", "A"]
    assert names(client, cast, "?sort_order=asc") == ["A", "B", "Kits"]
    assert names(client, cast, "?sort_by=name&sort_order=asc") == ["A", "B", "Kits"]
    assert names(client, cast, "?sort_by=sample_count&sort_order=desc") == ["A", "B", "Kits"]
    assert names(client, cast, "?sort_by=sample_count&sort_order=asc") == ["Kits", "B", "A"]
    assert names(client, cast, "?sort_by=modified&sort_order=desc") == ["B", "A", "Kits"]
    assert sorted(names(client, cast, "?sort_by=pipeline_capabilities")) == ["A", "B", "Kits"]


def test_filters_choose_by_name_id_status_visibility_and_permission(client: Client, cast: Cast) -> None:
    done, busy, hid = more_projects(cast, "Done 100%", "Busy", "Hid")
    Sample.objects.filter(pk=ordered(cast, done).pk).update(status="failed_qc")
    ordered(cast, busy)
    Project.objects.filter(pk=hid.pk).update(hidden=True)
    Project.objects.filter(pk=busy.pk).update(locked=True)
    for query, found in (
        ("?search=", ["Kits", "Done 100%", "Busy"]), ("?search=bus", ["Busy"]), ("?search=100%25", ["Done 100%"]),
        ("?search=_", []), (f"?search={done.id}", ["Done 100%"]), (f"?search={uuid4()}", []), ("?search=a%00b", []),
        ("?status=all", ["Kits", "Done 100%", "Busy"]), ("?status=running", ["Busy"]),
        ("?status=completed", ["Kits", "Done 100%"]),
        ("?hidden_status=hidden", ["Hid"]), ("?hidden_status=all", ["Kits", "Done 100%", "Busy", "Hid"]),
        ("?locked=true", ["Busy"]), ("?locked=false", ["Kits", "Done 100%"]), ("?shared=true", []),
        ("?shared=false", ["Kits", "Done 100%", "Busy"]),
        ("?additional_permission=project_samples_add", ["Kits", "Done 100%", "Busy"]),
        ("?additional_permission=basespace_biosamples_import", []),
    ):  # fmt: skip
        assert names(client, cast, query) == found, query
    assert names(client, cast, "?additional_permission=project_samples_add", who="viewer") == []
    ProjectRole.objects.create(project=busy, user=cast.viewer.user, role="analyst")
    assert names(client, cast, "?additional_permission=project_samples_add", who="viewer") == ["Busy"]
    for query in ("?status=x", "?hidden_status=x", "?locked=x", "?shared=2", "?additional_permission=x", "?sort_by=x"):
        assert sent(client, cast, "GET", f"projects/{query}").status_code == 400, query
    assert sent(client, cast, "GET", "projects/?locked=maybe").json() == {"locked": ["Must be a valid boolean."]}


def test_a_list_takes_as_many_queries_for_many_projects_as_for_one(
    client: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    more_projects(cast, *(f"P{number}" for number in range(30)))
    with django_assert_max_num_queries(10):
        assert len(names(client, cast, "?limit=200")) == 31


def test_a_new_project_is_answered_whole(client: Client, cast: Cast) -> None:
    body = {"name": " Saliva ", "pipeline_capabilities": str(cast.capability.id), "description": "For kits"}
    answer = sent(client, cast, "POST", "projects/", body)
    assert answer.status_code == 201
    made = Project.objects.get(name="Saliva")
    assert list(answer.json()) == ROW
    assert answer.json() == sent(client, cast, "GET", f"projects/?search={made.id}").json()["results"][0]
    assert (made.organization, made.capability, made.description) == (cast.organization, cast.capability, "For kits")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"name": " "}, {"name": ["This field may not be blank."]}),
        ({"name": "x" * 255}, {"name": ["Ensure this field has no more than 254 characters."]}),
        ({"name": "a\nb"}, {"name": ["This field must not contain control or invisible characters."]}),
        ({"pipeline_capabilities": "x"}, {"pipeline_capabilities": ["Must be a valid UUID."]}),
        ({"pipeline_capabilities": None}, {"pipeline_capabilities": ["This field may not be null."]}),
        (
            {"project_modifications": [{"key": "soft_qc", "value": True}]},
            {"project_modifications": ["The pipeline capability of this project supports none of these."]},
        ),
    ],
)
def test_what_a_project_cannot_be_is_said_by_field(
    client: Client, cast: Cast, changes: dict[str, Any], said: dict[str, list[str]]
) -> None:
    body = {"name": "New", "pipeline_capabilities": str(cast.capability.id), **changes}
    for method, path in (("POST", "projects/"), ("PATCH", f"projects/{cast.project.id}")):
        answer = sent(client, cast, method, path, body)
        assert (answer.status_code, answer.json()) == (400, said)
    assert Project.objects.count() == 2
    assert Project.objects.get(pk=cast.project.pk).name == "Kits"


def test_a_capability_that_is_not_there_is_answered_in_106_bytes(client: Client, cast: Cast) -> None:
    unknown = uuid4()
    answer = sent(client, cast, "POST", "projects/", {"name": "New", "pipeline_capabilities": str(unknown)})
    assert answer.status_code == 400
    assert answer.content == (
        f'{{"pipeline_capabilities":["Invalid pk \\"{unknown}\\" - object does not exist."]}}'.encode()
    )
    assert answer["Content-Length"] == "106"
    missing = sent(client, cast, "POST", "projects/", {})
    assert missing.json() == {
        "name": ["This field is required."],
        "pipeline_capabilities": ["This field is required."],
    }


def test_an_account_on_hold_starts_no_project(client: Client, cast: Cast) -> None:
    Organization.objects.filter(pk=cast.organization.pk).update(account_on_hold=True)
    body = {"name": "New", "pipeline_capabilities": str(cast.capability.id)}
    answer = sent(client, cast, "POST", "projects/", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_on_hold")
    assert "on hold" in answer.json()["detail"]
    assert not Project.objects.filter(name="New").exists()


def test_a_patch_changes_what_it_names(client: Client, cast: Cast) -> None:
    answer = sent(client, cast, "PATCH", f"projects/{cast.project.id}", {"description": "Spring", "hidden": True})
    assert answer.status_code == 200
    assert list(answer.json()) == ROW
    assert (answer.json()["name"], answer.json()["description"], answer.json()["hidden"]) == ("Kits", "Spring", False)
    assert sent(client, cast, "PATCH", f"projects/{cast.project.id}", {}).json() == answer.json()
    assert Project.objects.get(pk=cast.project.pk).description == "Spring"


def test_the_capability_is_settled_by_the_first_sample(client: Client, cast: Cast) -> None:
    other = make_capability("tests/2")
    path, body = f"projects/{cast.project.id}", {"pipeline_capabilities": str(other.id)}
    assert sent(client, cast, "PATCH", path, body).json()["pipeline_capabilities"] == str(other.id)
    ordered(cast, cast.project)
    refused = sent(client, cast, "PATCH", path, {"name": "N", "pipeline_capabilities": str(cast.capability.id)})
    assert refused.status_code == 400
    assert list(refused.json()) == ["pipeline_capabilities"]
    assert Project.objects.values_list("name", "capability").get(pk=cast.project.pk) == ("Kits", other.id)
    assert sent(client, cast, "PATCH", path, {"name": "N", **body}).json()["name"] == "N"  # the same one again


def test_a_project_hides_from_the_listing_and_comes_back(client: Client, cast: Cast) -> None:
    body = {"project_ids": [str(cast.project.id)]}
    answer = sent(client, cast, "POST", "projects-hide/", body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert names(client, cast) == []
    assert sent(client, cast, "GET", f"projects/{cast.project.id}").json()["hidden"] is True
    assert ordered(cast, cast.project).project_id == cast.project.id  # orders go on
    assert sent(client, cast, "POST", "projects-unhide/", body).status_code == 204
    assert names(client, cast) == ["Kits"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "projects-hide/"), ("POST", "projects-unhide/"), ("DELETE", "projects-delete/")]
)
def test_one_project_that_is_not_ours_refuses_them_all(client: Client, cast: Cast, method: str, path: str) -> None:
    before = list(Project.objects.order_by("pk").values_list("pk", "hidden", "deleted"))
    for other in (cast.strangers_project.id, uuid4()):
        answer = sent(client, cast, method, path, {"project_ids": [str(cast.project.id), str(other)]})
        assert (answer.status_code, answer.json()) == (400, NOT_OURS)
    for body, said in (
        ({"project_ids": []}, {"project_ids": ["This list may not be empty."]}),
        ({}, {"project_ids": ["This field is required."]}),
        ({"project_ids": "x"}, {"project_ids": ['Expected a list of items but got type "str".']}),
        ({"project_ids": ["x"]}, {"project_ids": {"0": ["Must be a valid UUID."]}}),
    ):
        answer = sent(client, cast, method, path, body)
        assert (answer.status_code, answer.json()) == (400, said)
    assert list(Project.objects.order_by("pk").values_list("pk", "hidden", "deleted")) == before


def test_a_manager_of_one_project_may_hide_that_one_only(client: Client, cast: Cast) -> None:
    (other,) = more_projects(cast, "Other")
    ProjectRole.objects.create(project=cast.project, user=cast.analyst.user, role="manager")
    both = {"project_ids": [str(cast.project.id), str(other.id)]}
    assert sent(client, cast, "POST", "projects-hide/", both, who="analyst").status_code == 403
    assert not Project.objects.filter(hidden=True).exists()
    own = {"project_ids": [str(cast.project.id)] * 2}
    assert sent(client, cast, "POST", "projects-hide/", own, who="analyst").status_code == 204
    assert list(Project.objects.filter(hidden=True)) == [cast.project]


def test_a_deleted_project_is_gone_for_everybody(client: Client, cast: Cast) -> None:
    sample = ordered_kit(cast, make_lab()).sample
    Sample.objects.filter(pk=sample.pk).update(status="succeeded")
    answer = sent(client, cast, "DELETE", "projects-delete/", {"project_ids": [str(cast.project.id)]})
    assert (answer.status_code, answer.content) == (204, b"")
    for path in (f"projects/{cast.project.id}", f"project-samples/{cast.project.id}", f"samples/{sample.id}",
                 f"project-stats/{cast.project.id}", f"project-subscriptions/{cast.project.id}"):  # fmt: skip
        gone = sent(client, cast, "GET", path)
        assert (gone.status_code, gone.content) == (404, b'{"detail":"Not found."}'), path
    assert names(client, cast, "?hidden_status=all") == []
    order = client.post(
        "/api/v2/sample-kit/", cast.order(), content_type="application/json", headers=cast.owner.headers
    )
    assert (order.status_code, order.json()) == (
        400,
        ["Project does not exist or you do not have privileges to access it."],
    )
    assert Sample.objects.count() == 1  # the row stays
    again = sent(client, cast, "DELETE", "projects-delete/", {"project_ids": [str(cast.project.id)]})
    assert (again.status_code, again.json()) == (400, NOT_OURS)


@pytest.mark.parametrize("status", ["kit_requested", "kit_ordered", "scheduled", "running"])
def test_a_project_with_samples_under_way_is_not_deleted(client: Client, cast: Cast, status: str) -> None:
    (other,) = more_projects(cast, "Other")
    Sample.objects.filter(pk=ordered(cast, cast.project).pk).update(status=status)
    body = {"project_ids": [str(other.id), str(cast.project.id)]}
    answer = sent(client, cast, "DELETE", "projects-delete/", body)
    assert answer.status_code == 400
    said = f"Samples are under way in {cast.project.id}. Cancel them or wait for their end."
    assert answer.json() == {"project_ids": [said]}
    assert not Project.objects.exclude(deleted=None).exists()


def test_forms_not_filled_in_test_kits_and_deleted_samples_hold_no_project_back(client: Client, cast: Cast) -> None:
    ordered(cast, cast.project, test_mode=True)
    Sample.objects.filter(pk=ordered(cast, cast.project).pk).update(status="consumer_awaiting_kit_order")
    Sample.objects.filter(pk=ordered(cast, cast.project).pk).update(deleted=timezone.now())
    answer = sent(client, cast, "DELETE", "projects-delete/", {"project_ids": [str(cast.project.id)]})
    assert answer.status_code == 204


def test_an_organization_that_keeps_its_samples_keeps_its_projects(client: Client, cast: Cast) -> None:
    Organization.objects.filter(pk=cast.organization.pk).update(delete_samples_enabled=False)
    answer = sent(client, cast, "DELETE", "projects-delete/", {"project_ids": [str(cast.project.id)]})
    assert (answer.status_code, answer.json()["code"]) == (403, "deleting_off")
    assert Project.objects.get(pk=cast.project.pk).deleted is None
