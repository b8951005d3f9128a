"""Roles in one project: who gives them, what they add, and how they are listed."""

from typing import Any
from uuid import uuid4

from cast import Cast
from django.test import Client
from kitloop.accounts.models import User
from kitloop.events.audit import AuditEntry
from kitloop.projects.models import Project, ProjectRole
from sending import sent


def roles_listed(client: Client, cast: Cast, path: str, who: str = "owner") -> dict[str, dict[str, str]]:
    answer = sent(client, cast, "GET", path, who=who)
    assert answer.status_code == 200, answer.content
    return {
        row["name"]: {level: role["name"] for level, role in row["roles"].items()} for row in answer.json()["results"]
    }


def give(client: Client, cast: Cast, user: User, role: str, who: str = "owner") -> Any:
    return sent(client, cast, "POST", f"project-users/{cast.project.id}", {"user": str(user.id), "role": role}, who=who)


def test_a_project_role_adds_to_the_organizations_until_it_is_taken_back(client: Client, cast: Cast) -> None:
    path, member = f"projects/{cast.project.id}", cast.member.user
    assert sent(client, cast, "GET", path, who="member").status_code == 403
    answer = give(client, cast, member, "viewer")
    given = ProjectRole.objects.get(user=member)
    assert (answer.status_code, answer.content.decode()) == (201, f'{{"id":"{given.id}","name":"viewer"}}')
    assert sent(client, cast, "GET", path, who="member").status_code == 200
    assert sent(client, cast, "PATCH", path, {"name": "Mine"}, who="member").status_code == 403
    assert give(client, cast, member, "manager").json() == {"id": str(given.id), "name": "manager"}
    assert sent(client, cast, "PATCH", path, {"name": "Mine"}, who="member").status_code == 200
    assert sent(client, cast, "DELETE", f"project-roles/{given.id}").status_code == 204
    assert sent(client, cast, "GET", path, who="member").status_code == 403
    assert sent(client, cast, "GET", f"project-roles/{given.id}").status_code == 404
    entry = AuditEntry.objects.get(action="project-roles.delete")
    assert entry.subjects == [given.id, cast.project.id, member.id]


def test_only_roles_that_mean_something_in_a_project_are_given_and_only_to_ones_own_people(
    client: Client, cast: Cast
) -> None:
    for role in ("member", "uploader", "explorer", "emperor"):
        answer = give(client, cast, cast.viewer.user, role)
        assert (answer.status_code, answer.json()) == (400, {"role": [f'"{role}" is not a valid choice.']})
    id = cast.stranger.user.id
    answer = give(client, cast, cast.stranger.user, "viewer")
    assert (answer.status_code, answer.json()) == (400, {"user": [f'Invalid pk "{id}" - object does not exist.']})
    assert not ProjectRole.objects.exists()


def test_listed_is_who_may_see_the_project_by_either_role(client: Client, cast: Cast) -> None:
    path = f"project-users/{cast.project.id}"
    seeing = {
        "Owner": {"organization": "owner"},
        "Analyst": {"organization": "analyst"},
        "Viewer": {"organization": "viewer"},
    }
    assert roles_listed(client, cast, path) == seeing
    assert roles_listed(client, cast, f"{path}?only_explicit_roles=true") == {}
    give(client, cast, cast.member.user, "analyst")
    theirs = {"Member": {"organization": "member", "project": "analyst"}}
    assert roles_listed(client, cast, path) == {**seeing, **theirs}
    assert roles_listed(client, cast, f"{path}?only_explicit_roles=true") == theirs
    assert roles_listed(client, cast, f"{path}?only_explicit_roles=false") == {**seeing, **theirs}
    assert roles_listed(client, cast, f"{path}?search=memb") == theirs
    row = sent(client, cast, "GET", f"{path}?only_explicit_roles=1").json()["results"][0]
    assert list(row) == ["id", "email", "is_active", "name", "roles", "is_support"]
    assert list(row["roles"]) == ["organization", "project"]
    answer = sent(client, cast, "GET", f"{path}?only_explicit_roles=perhaps")
    assert (answer.status_code, answer.json()) == (400, {"only_explicit_roles": ["Must be a valid boolean."]})


def test_everybody_can_be_chosen_for_a_project(client: Client, cast: Cast) -> None:
    give(client, cast, cast.viewer.user, "manager")
    path = f"project-organization-users/{cast.project.id}"
    assert roles_listed(client, cast, path) == {
        "Owner": {"organization": "owner"},
        "Analyst": {"organization": "analyst"},
        "Viewer": {"organization": "viewer", "project": "manager"},
        "Member": {"organization": "member"},
    }
    assert list(roles_listed(client, cast, f"{path}?search=analyst")) == ["Analyst"]
    row = sent(client, cast, "GET", path).json()["results"][0]
    assert list(row) == ["id", "email", "is_active", "has_mfa_device", "name", "roles", "is_support"]


def test_a_projects_owner_manages_its_people_and_nobody_elses(client: Client, cast: Cast) -> None:
    second = Project.objects.create(organization=cast.organization, name="Second")
    give(client, cast, cast.member.user, "owner")
    assert len(roles_listed(client, cast, f"project-organization-users/{cast.project.id}", who="member")) == 4
    assert give(client, cast, cast.viewer.user, "analyst", who="member").status_code == 201
    given = ProjectRole.objects.get(user=cast.viewer.user)
    assert sent(client, cast, "GET", f"project-roles/{given.id}", who="member").json()["name"] == "analyst"
    assert sent(client, cast, "DELETE", f"project-roles/{given.id}", who="member").status_code == 204
    for path in (f"project-users/{second.id}", f"project-organization-users/{second.id}", "organization-users/"):
        assert sent(client, cast, "GET", path, who="member").status_code == 403
    elsewhere = ProjectRole.objects.create(project=second, user=cast.viewer.user, role="analyst")
    assert sent(client, cast, "DELETE", f"project-roles/{elsewhere.id}", who="member").status_code == 403
    assert ProjectRole.objects.filter(pk=elsewhere.id).exists()


def test_a_projects_manager_does_not_manage_its_people(client: Client, cast: Cast) -> None:
    give(client, cast, cast.member.user, "manager")
    for path in (f"project-users/{cast.project.id}", f"project-organization-users/{cast.project.id}"):
        assert sent(client, cast, "GET", path, who="member").status_code == 403
    assert give(client, cast, cast.member.user, "owner", who="member").status_code == 403
    own = ProjectRole.objects.get(user=cast.member.user)
    assert sent(client, cast, "DELETE", f"project-roles/{own.id}", who="member").status_code == 403
    own.refresh_from_db()
    assert own.role == "manager"
    assert sent(client, cast, "GET", f"project-roles/{own.id}", who="member").json() == {
        "id": str(own.id),
        "name": "manager",
    }


def test_a_deleted_projects_roles_are_not_there(client: Client, cast: Cast) -> None:
    give(client, cast, cast.member.user, "viewer")
    own = ProjectRole.objects.get(user=cast.member.user)
    Project.objects.filter(pk=cast.project.id).update(deleted=cast.project.created)
    for path in (f"project-roles/{own.id}", f"project-users/{cast.project.id}", f"project-users/{uuid4()}"):
        assert sent(client, cast, "GET", path).status_code == 404
