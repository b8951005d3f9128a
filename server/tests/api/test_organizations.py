"""The organization, its people, and what becomes of somebody whose role or state changes."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast, make_cast, person
from django.db import connection
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from kitloop.accounts.models import User
from kitloop.accounts.organizations import change_user, give_role
from kitloop.base.errors import FieldErrors
from kitloop.events.audit import AuditEntry
from kitloop.projects.models import Project, ProjectRole
from sending import sent

LAST = ["This is the last active owner of the organization. Make another one first."]


def emails(client: Client, cast: Cast, query: str) -> list[str]:
    answer = sent(client, cast, "GET", f"organization-users/{query}")
    assert answer.status_code == 200, answer.content
    return [row["email"].split("-")[0] for row in answer.json()["results"]]


def test_the_organization_to_the_letter(client: Client, cast: Cast) -> None:
    ours, user = cast.organization, cast.viewer.user
    assert sent(client, cast, "GET", "organization/", who="viewer").content.decode() == (
        f'{{"id":"{ours.id}","name":"Acme Health","expire_uploads_period_days":0,"archive_period_days":0,'
        f'"archive_restore_period_days":0,"roles":{{"organization":{{"id":"{user.role_id}","name":"viewer"}}}},'
        '"uploads_enabled":true,"delete_samples_enabled":true,"project_sharing_enabled":false,"account_on_hold":false,'
        '"organization_type":"consumer_provider"}'
    )


def test_an_owner_renames_the_organization_and_nothing_else_of_it(client: Client, cast: Cast) -> None:
    answer = sent(
        client, cast, "PATCH", "organization/", {"name": "Acme Two", "account_on_hold": True, "id": str(uuid4())}
    )
    assert (answer.status_code, answer.json()["name"], answer.json()["account_on_hold"]) == (200, "Acme Two", False)
    assert answer.json()["id"] == str(cast.organization.id)
    entry = AuditEntry.objects.get(action="organization.patch")
    assert (entry.user_id, entry.subjects) == (cast.owner.user.id, [cast.organization.id])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": ""}, "This field may not be blank."),
        ({"name": None}, "This field may not be null."),
        ({"name": "x" * 255}, "Ensure this field has no more than 254 characters."),
        ({"name": "a\nb"}, "This field must not contain control or invisible characters."),
    ],
)
def test_a_name_that_is_none_is_refused(client: Client, cast: Cast, body: Any, said: str) -> None:
    answer = sent(client, cast, "PATCH", "organization/", body)
    assert (answer.status_code, answer.json()) == (400, {"name": [said]})
    cast.organization.refresh_from_db()
    assert cast.organization.name == "Acme Health"


def test_users_are_listed_with_role_and_second_factor(client: Client, cast: Cast) -> None:
    TOTPDevice.objects.create(user=cast.analyst.user, name="phone", confirmed=True)
    TOTPDevice.objects.create(user=cast.viewer.user, name="phone", confirmed=False)
    answer = sent(client, cast, "GET", "organization-users/").json()
    assert answer["meta"] == {"count": 4, "next": None, "previous": None}
    assert [(row["roles"]["organization"]["name"], row["has_mfa_device"]) for row in answer["results"]] == [
        ("owner", False), ("analyst", True), ("viewer", False), ("member", False)
    ]  # fmt: skip
    user = cast.analyst.user
    assert list(answer["results"][1].items()) == [
        ("id", str(user.id)),
        ("email", user.email),
        ("is_active", True),
        ("has_mfa_device", True),
        ("name", "Analyst"),
        ("roles", {"organization": {"id": str(user.role_id), "name": "analyst"}}),
        ("is_support", False),
    ]


def test_search_finds_by_name_email_and_whole_id(client: Client, cast: Cast) -> None:
    User.objects.filter(pk=cast.member.user.id).update(name="Anneliese Vogt")
    assert emails(client, cast, "?search=vogt") == ["member"]
    assert emails(client, cast, "?search=VIEWER-") == ["viewer"]
    assert emails(client, cast, f"?search={cast.analyst.user.id}") == ["analyst"]
    assert emails(client, cast, "?search=%25") == []
    assert emails(client, cast, "?search=%00vogt") == ["member"]
    assert emails(client, cast, f"?search={cast.stranger.user.id}") == []
    assert emails(client, cast, "?search=") == ["owner", "analyst", "viewer", "member"]
    assert emails(client, cast, "?limit=1&offset=2") == ["viewer"]


def test_a_role_holds_from_the_next_request_on_and_its_assignment_keeps_its_id(client: Client, cast: Cast) -> None:
    user = cast.member.user
    assert sent(client, cast, "GET", f"projects/{cast.project.id}", who="member").status_code == 403
    answer = sent(client, cast, "POST", "organization-users/", {"user": str(user.id), "role": "viewer"})
    assert answer.status_code == 201
    assert answer.content.decode() == f'{{"id":"{user.role_id}","name":"viewer"}}'
    assert sent(client, cast, "GET", f"projects/{cast.project.id}", who="member").status_code == 200
    assert sent(client, cast, "GET", f"organization-roles/{user.role_id}").json()["name"] == "viewer"
    entry = AuditEntry.objects.get(action="organization-users.post")
    assert entry.subjects == [user.id]


def test_a_role_is_given_only_to_ones_own_people_and_only_one_that_exists(client: Client, cast: Cast) -> None:
    for id in (str(cast.stranger.user.id), str(uuid4())):
        answer = sent(client, cast, "POST", "organization-users/", {"user": id, "role": "viewer"})
        assert (answer.status_code, answer.json()) == (400, {"user": [f'Invalid pk "{id}" - object does not exist.']})
    body: dict[str, Any] = {"user": str(cast.member.user.id), "role": "emperor"}
    answer = sent(client, cast, "POST", "organization-users/", body)
    assert (answer.status_code, answer.json()) == (400, {"role": ['"emperor" is not a valid choice.']})
    answer = sent(client, cast, "POST", "organization-users/", {"user": "nobody"})
    assert answer.json() == {"user": ["Must be a valid UUID."], "role": ["This field is required."]}
    assert User.objects.get(pk=cast.stranger.user.id).role == "owner"


def test_the_last_active_owner_stays_one(client: Client, cast: Cast) -> None:
    owner = cast.owner.user
    second = person(cast.organization, "manager").user
    User.objects.filter(pk=second.pk).update(role="owner", is_active=False)  # one who is not active doesn't count
    answer = sent(client, cast, "POST", "organization-users/", {"user": str(owner.id), "role": "manager"})
    assert (answer.status_code, answer.json()) == (400, {"role": LAST})
    answer = sent(client, cast, "PATCH", f"organization-users/{owner.id}", {"is_active": False, "name": "Gone"})
    assert (answer.status_code, answer.json()) == (400, {"is_active": LAST})
    owner.refresh_from_db()
    assert (owner.role, owner.is_active, owner.name) == ("owner", True, "Owner")
    User.objects.filter(pk=second.pk).update(is_active=True)
    answer = sent(client, cast, "POST", "organization-users/", {"user": str(owner.id), "role": "manager"})
    assert (answer.status_code, answer.json()["name"]) == (201, "manager")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["role", "is_active"])
def test_of_two_owners_who_remove_each_other_at_once_one_is_refused(step: str) -> None:
    cast = make_cast()
    both = [cast.owner.user, person(cast.organization, "manager").user]
    User.objects.filter(organization=cast.organization, role="manager").update(role="owner")
    together, refused = threading.Barrier(2), []

    def remove(user: User) -> None:
        try:
            together.wait(timeout=10)
            if step == "role":
                give_role(user, role="viewer")
            else:
                change_user(user, is_active=False)
        except FieldErrors as error:
            refused.append(error.fields)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=(user,)) for user in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [{step: LAST}]
    assert User.objects.filter(organization=cast.organization, role="owner", is_active=True).count() == 1


def test_who_is_deactivated_is_nobody_at_once_and_somebody_again_afterwards(client: Client, cast: Cast) -> None:
    analyst = cast.analyst.user
    browser = Client()
    browser.force_login(analyst)
    assert browser.get("/projects").status_code == 200
    answer = sent(client, cast, "PATCH", f"organization-users/{analyst.id}", {"is_active": False})
    assert (answer.status_code, answer.json()["is_active"]) == (200, False)
    assert sent(client, cast, "GET", "organization/", who="analyst").status_code == 401
    assert browser.get("/projects").status_code == 302
    answer = sent(client, cast, "PATCH", f"organization-users/{analyst.id}", {"is_active": True, "name": "Ana Lyst"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Ana Lyst")
    assert sent(client, cast, "GET", "organization/", who="analyst").status_code == 200


def test_a_users_e_mail_and_role_are_not_changed_by_patch(client: Client, cast: Cast) -> None:
    user = cast.member.user
    body = {"email": "new@example.com", "roles": {"organization": {"name": "owner"}}, "has_mfa_device": True}
    answer = sent(client, cast, "PATCH", f"organization-users/{user.id}", body)
    assert (answer.status_code, answer.json()["email"]) == (200, user.email)
    assert answer.json()["roles"]["organization"]["name"] == "member"
    answer = sent(client, cast, "PATCH", f"organization-users/{user.id}", {"is_active": "perhaps"})
    assert (answer.status_code, answer.json()) == (400, {"is_active": ["Must be a valid boolean."]})


def test_a_user_reads_its_own_assignment_and_no_other(client: Client, cast: Cast) -> None:
    own, other = cast.viewer.user.role_id, cast.analyst.user.role_id
    assert sent(client, cast, "GET", f"organization-roles/{own}", who="viewer").json() == {
        "id": str(own),
        "name": "viewer",
    }
    assert sent(client, cast, "GET", f"organization-roles/{other}", who="viewer").status_code == 403
    assert sent(client, cast, "GET", f"organization-roles/{other}").json()["name"] == "analyst"


def test_roles_say_what_they_allow_and_no_more_in_a_project(client: Client, cast: Cast) -> None:
    answer = sent(client, cast, "GET", "roles/organization", who="member").json()
    assert answer["meta"] == {"count": 7, "next": None, "previous": None}
    found = {row["name"]: row["permissions"] for row in answer["results"]}
    assert list(found) == ["member", "uploader", "viewer", "analyst", "explorer", "manager", "owner"]
    assert found["uploader"] == ["profile_edit", "upload_create"]
    assert found["analyst"] == [
        "profile_edit",
        "project_samples_add",
        "project_view",
        "sample_kit_create",
        "upload_create",
    ]
    found = {row["name"]: row["permissions"] for row in sent(client, cast, "GET", "roles/project").json()["results"]}
    assert found == {
        "viewer": ["project_view"],
        "analyst": ["project_samples_add", "project_view", "sample_kit_create"],
        "manager": ["project_edit", "project_samples_add", "project_view", "sample_kit_create"],
        "owner": ["organization_manage", "project_edit", "project_samples_add", "project_view", "sample_kit_create"],
    }
    assert sent(client, cast, "GET", "roles/billing").status_code == 404


def test_a_users_projects_are_what_that_user_sees(client: Client, cast: Cast) -> None:
    member = cast.member.user
    Project.objects.create(organization=cast.organization, name="Second")
    path = f"user-projects/{member.id}"
    assert sent(client, cast, "GET", path).json()["results"] == []
    explicit = ProjectRole.objects.create(project=cast.project, user=member, role="viewer")
    for who in ("owner", "member"):
        rows = sent(client, cast, "GET", path, who=who).json()["results"]
        assert [row["name"] for row in rows] == ["Kits"]
        assert rows[0]["roles"] == {
            "organization": {"id": str(member.role_id), "name": "member"},
            "project": {"id": str(explicit.id), "name": "viewer"},
        }
    names = [row["name"] for row in sent(client, cast, "GET", f"user-projects/{cast.viewer.user.id}").json()["results"]]
    assert names == ["Second", "Kits"]
    assert sent(client, cast, "GET", f"user-projects/{cast.viewer.user.id}", who="analyst").status_code == 403
