"""Making, editing and hiding projects."""

import pytest
from cast import Cast, person
from dashboard_rows import browser, order, text
from kitloop.accounts.models import Organization
from kitloop.events.audit import AuditEntry
from kitloop.kits.models import Sample
from kitloop.pipelines.models import Capability
from kitloop.projects.models import Project


def last_change() -> tuple[str, list[object]]:
    entry = AuditEntry.objects.exclude(action__endswith=".get").order_by("-position")[0]
    return entry.action, list(entry.subjects)


def test_a_manager_makes_a_project_and_sees_its_page(cast: Cast) -> None:
    client = browser(person(cast.organization, "manager"))
    assert "New project" in text(client.get("/projects"))
    given = {"name": " Spring kits ", "description": "For the pilot", "capability": str(cast.capability.id)}
    made = client.post("/projects/new", given)
    project = Project.objects.get(name="Spring kits")
    assert (project.organization, project.capability) == (cast.organization, cast.capability)
    assert (made.status_code, made["Location"]) == (302, f"/projects/{project.id}")
    assert "For the pilot" in text(client.get(made["Location"]))
    assert last_change() == ("projects.post", [project.id])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 255}, "at most 254 characters"),
        ({"name": "a\u202eb"}, "A name must not contain control or invisible characters."),
        ({"capability": "7d0f"}, "not a valid"),
        ({"capability": ""}, "This field is required."),
    ],
)
def test_what_a_project_cannot_be_is_said_at_its_field(cast: Cast, given: dict[str, str], said: str) -> None:
    whole = {"name": "New", "capability": str(cast.capability.id), **given}
    assert said in text(browser(cast.owner).post("/projects/new", whole))
    assert Project.objects.count() == 2


def test_an_account_on_hold_is_told_so_and_makes_nothing(cast: Cast) -> None:
    Organization.objects.filter(pk=cast.organization.pk).update(account_on_hold=True)
    answer = browser(cast.owner).post("/projects/new", {"name": "New", "capability": str(cast.capability.id)})
    assert "on hold" in text(answer)
    assert Project.objects.count() == 2


def test_without_an_analysis_the_page_says_who_adds_one(cast: Cast) -> None:
    Project.objects.update(capability=None)
    Capability.objects.all().delete()
    answer = text(browser(cast.owner).get("/projects/new"))
    assert "kitloop register-bundle" in answer
    assert "Make project" not in answer


def test_an_edit_changes_name_and_description_and_nothing_else(cast: Cast) -> None:
    order(cast)
    client = browser(cast.owner)
    shown = client.get(f"/projects/{cast.project.id}/edit").content.decode()
    assert 'value="Kits"' in shown
    client.post(f"/projects/{cast.project.id}/edit", {"name": "Kits 2", "description": "<b>"})
    kept = Project.objects.get(pk=cast.project.pk)
    assert (kept.name, kept.description, kept.capability, kept.hidden) == ("Kits 2", "<b>", cast.capability, False)
    assert "&lt;b&gt;" in client.get(f"/projects/{cast.project.id}").content.decode()
    assert last_change() == ("project-details.patch", [cast.project.id])
    refused = client.post(f"/projects/{cast.project.id}/edit", {"name": " "})
    assert "This field is required." in text(refused)
    assert Project.objects.get(pk=cast.project.pk).name == "Kits 2"


def test_a_project_is_hidden_from_lists_and_shown_again(cast: Cast) -> None:
    client = browser(cast.owner)
    path = f"/projects/{cast.project.id}"
    assert "Hide from lists" in text(client.get(path))
    assert client.post(f"{path}/hide")["Location"] == path
    assert last_change() == ("projects-hide.post", [cast.project.id])
    hidden = text(client.get(path))
    assert "Show in lists" in hidden
    assert "This project is hidden" in hidden
    assert "Show hidden projects (1)" in text(client.get("/projects"))
    client.post(f"{path}/unhide")
    assert not Project.objects.get(pk=cast.project.pk).hidden
    assert Sample.objects.count() == 0


def test_whoever_may_not_change_projects_is_not_offered_it(cast: Cast) -> None:
    client = browser(cast.analyst)
    assert "New project" not in text(client.get("/projects"))
    page = text(client.get(f"/projects/{cast.project.id}"))
    assert "Hide from lists" not in page
    assert "Edit" not in page
