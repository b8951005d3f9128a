"""Making an account: by invitation, by oneself where the operator lets, activated by a letter's link."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cast import Cast
from django.test import Client
from kitloop.accounts.invitations import invite
from kitloop.accounts.models import Invitation, Organization, User
from kitloop.accounts.unactivated import forget_unactivated
from kitloop.events.audit import AuditEntry
from kitloop.projects.models import Project
from posting import link_in, posted
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

PASSWORD = "a long enough password"
NEW = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "organization_name": "Ann's Kits"}
OVER = {"detail": "This link does not work any more: it was used already, or it is too old.", "code": "link_over"}


@pytest.fixture
def is_open(settings: Settings) -> None:
    settings.KITLOOP_REGISTRATION = "open"


def post(path: str, body: Any, **more: Any) -> Any:
    return Client(**more).post(f"/api/v2/{path}/", body, content_type="application/json")


def parts(path: str) -> dict[str, str]:
    uid, token = path.split("/")[2:]
    return {"uid": uid, "token": token}


def logs_in(email: str = "ann@example.com", password: str = PASSWORD) -> int:
    answer = post("jwt-create", {"email": email, "password": password})
    status: int = answer.status_code
    return status


@pytest.mark.usefixtures("is_open", "db")
def test_an_account_to_the_letter_and_its_activation() -> None:
    answer = post("user-register", {**NEW, "email": "Ann@Example.com"})
    user = User.objects.get()
    assert answer.status_code == 201
    assert answer.content.decode() == (
        f'{{"email":"ann@example.com","id":"{user.id}","name":"Ann","invitation_token":"",'
        f'"organization_name":"Ann\'s Kits"}}'
    )
    assert (user.role, user.is_active, user.activated, user.organization.name) == ("owner", False, None, "Ann's Kits")
    assert not user.organization.kit_ordering_enabled
    assert logs_in() == 401
    assert PASSWORD not in user.password
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.queue_name, sorted(job.args)) == (
        "accounts.send_letter", "mail", ["kind", "until", "user_id"],
    )  # fmt: skip
    (letter,) = posted()
    assert (letter.to, letter.subject) == (["ann@example.com"], "Activate your Kitloop account")
    given = parts(link_in(letter))
    activated = post("user-activate", given)
    assert (activated.status_code, activated.json()) == (200, given)
    assert logs_in() == 200
    entry = AuditEntry.objects.get(action="user-activate.post")
    assert (entry.user_id, entry.organization_id, entry.subjects) == (user.id, user.organization_id, [user.id])
    again = post("user-activate", given)
    assert (again.status_code, again.json()) == (400, OVER)


@pytest.mark.usefixtures("is_open")
def test_an_address_that_has_an_account_hears_the_same_and_gets_a_letter_that_says_so(cast: Cast) -> None:
    there = cast.owner.user
    before = (User.objects.count(), Organization.objects.count(), there.password)
    answer = post("user-register", {**NEW, "email": there.email})
    other = post("user-register", NEW)
    assert answer.status_code == other.status_code == 201
    assert list(answer.json()) == list(other.json())
    assert {**answer.json(), "id": "", "email": ""} == {**other.json(), "id": "", "email": ""}
    assert UUID(answer.json()["id"]).version == UUID(other.json()["id"]).version == 4
    assert not User.objects.filter(pk=answer.json()["id"]).exists()
    there.refresh_from_db()
    assert (User.objects.count() - 1, Organization.objects.count() - 1, there.password) == before
    to_owner, to_ann = posted()
    assert (to_owner.to, to_owner.subject) == ([there.email], "You have a Kitloop account already")
    assert to_ann.subject == "Activate your Kitloop account"
    entries = AuditEntry.objects.filter(action="user-register.post").values_list("user_id", "subjects")
    assert list(entries) == [(None, []), (None, [])]


@pytest.mark.usefixtures("is_open", "db")
def test_registering_again_before_the_activation_sends_the_letter_again_and_keeps_the_first_password() -> None:
    post("user-register", NEW)
    post("user-register", {**NEW, "password": "somebody else's password"})
    first, second = posted()
    assert first.subject == second.subject
    post("user-activate", parts(link_in(second)))
    assert logs_in(password="somebody else's password") == 401
    assert logs_in() == 200


@pytest.mark.usefixtures("is_open", "db")
def test_the_activations_letter_can_be_sent_again_to_whoever_waits_for_it() -> None:
    post("user-register", NEW)
    posted()
    answer = post("user-activate-resend", {"email": "ann@example.com"})
    assert (answer.status_code, answer.json()) == (200, {"email": "ann@example.com"})
    (letter,) = posted()
    post("user-activate", parts(link_in(letter)))
    for email in ("ann@example.com", "nobody@example.com"):
        answer = post("user-activate-resend", {"email": email}, REMOTE_ADDR="192.0.2.9")
        assert (answer.status_code, answer.json()) == (200, {"email": email})
    assert posted() == []


def test_nobody_who_was_deactivated_is_activated_by_that_door(cast: Cast) -> None:
    User.objects.filter(pk=cast.viewer.user.pk).update(is_active=False)
    post("user-activate-resend", {"email": cast.viewer.user.email})
    post("user-password-reset", {"email": cast.viewer.user.email})
    assert posted() == []


@pytest.mark.usefixtures("is_open", "db")
def test_too_many_letters_are_a_429() -> None:
    said = [post("user-register", NEW).status_code] + [
        post("user-activate-resend", {"email": "ANN@example.com"}).status_code for _ in range(3)
    ]
    assert said == [201, 200, 200, 429]
    assert len(posted()) == 3
    others = [post("user-register", {**NEW, "email": f"a{number}@example.com"}).status_code for number in range(20)]
    assert others == [201] * 19 + [429]


@pytest.mark.parametrize(
    "changes", [{"uid": "x"}, {"uid": "MQ"}, {"uid": "////"}, {"token": "x"}, {"token": "c1k0-" + "0" * 32}]
)
@pytest.mark.usefixtures("is_open", "db")
def test_a_link_that_is_none_activates_nobody(changes: dict[str, str]) -> None:
    post("user-register", NEW)
    (letter,) = posted()
    answer = post("user-activate", {**parts(link_in(letter)), **changes})
    assert (answer.status_code, answer.json()) == (400, OVER)
    assert not User.objects.get().is_active


@pytest.mark.usefixtures("is_open", "db")
def test_a_link_of_one_kind_does_nothing_of_another() -> None:
    post("user-register", NEW)
    (letter,) = posted()
    answer = post("user-password-reset-confirm", {**parts(link_in(letter)), "new_password": "another good long one"})
    assert (answer.status_code, answer.json()) == (400, OVER)
    post("user-activate", parts(link_in(letter)))
    post("user-password-reset", {"email": "ann@example.com"})
    (reset,) = posted()
    assert post("user-activate", parts(link_in(reset))).json() == OVER


def test_without_an_invitation_nobody_registers_where_it_is_by_invitation(cast: Cast) -> None:
    answer = post("user-register", NEW)
    said = "Accounts are made by invitation here. Ask an owner of your organization for one."
    assert (answer.status_code, answer.json()) == (400, {"invitation_token": [said]})
    assert not User.objects.filter(email="ann@example.com").exists()
    assert posted() == []


def invited(cast: Cast) -> str:
    invite(cast.owner.user.caller(), email="ann@example.com", role="analyst")
    (letter,) = posted()
    return str(letter.body).partition("/join/")[2].split()[0]


def test_an_invitation_makes_an_account_that_works_at_once(cast: Cast) -> None:
    token = invited(cast)
    body = {"email": "Ann@example.com", "password": PASSWORD, "name": "Ann", "invitation_token": token}
    answer = post("user-register", body)
    user = User.objects.get(email="ann@example.com")
    assert (answer.status_code, answer.json()) == (201, {
        "email": "ann@example.com", "id": str(user.id), "name": "Ann", "invitation_token": token,
        "organization_name": "Acme Health",
    })  # fmt: skip
    assert (user.role, user.organization, user.is_active) == ("analyst", cast.organization, True)
    assert Invitation.objects.get().status == "accepted"
    assert logs_in() == 200
    entry = AuditEntry.objects.get(action="user-register.post")
    assert (entry.user_id, entry.organization_id, entry.subjects) == (user.id, cast.organization.id, [user.id])
    again = post("user-register", body)
    said = "This invitation was used or revoked, or it is too old."
    assert (again.status_code, again.json()) == (400, {"invitation_token": [said]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": "other@example.com"}, {"email": ["This invitation is for another e-mail address."]}),
        ({"invitation_token": "x" * 32}, {"invitation_token": ["This invitation was used or revoked, or it is too old."]}),
        ({"invitation_token": "x" * 33}, {"invitation_token": ["Ensure this field has no more than 32 characters."]}),
        ({"password": "short"},
         {"password": ["This password is too short. It must contain at least 10 characters."]}),
        ({"password": "ann@example.com"}, {"password": ["The password is too similar to the email."]}),
        ({"password": "password123"}, {"password": ["This password is too common."]}),
        ({"name": "a\nb"}, {"name": ["This field must not contain control or invisible characters."]}),
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_uses_nothing_up(cast: Cast, changes: dict[str, str], said: Any) -> None:
    body = {"email": "ann@example.com", "password": PASSWORD, "invitation_token": invited(cast), **changes}
    answer = post("user-register", body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert Invitation.objects.get().status == "pending"
    assert not User.objects.filter(email="ann@example.com").exists()


@pytest.mark.usefixtures("is_open")
def test_accounts_that_nobody_activated_are_removed_with_their_organizations(cast: Cast) -> None:
    post("user-register", NEW)
    post("user-register", {**NEW, "email": "bob@example.com"})
    post("user-register", {**NEW, "email": "cat@example.com", "organization_name": "Cats"})
    theirs = Organization.objects.get(name="Cats")
    Project.objects.create(organization=theirs, name="Made by the operator", capability=cast.capability)
    late = ["ann@example.com", "cat@example.com", cast.viewer.user.email]
    User.objects.filter(email__in=late).update(created=datetime.now(UTC) - timedelta(days=31))
    User.objects.filter(pk=cast.viewer.user.pk).update(is_active=False)
    forget_unactivated(older_than=timedelta(days=30))
    assert not User.objects.filter(email__in=late[:2]).exists()
    assert User.objects.filter(email__in=["bob@example.com", cast.viewer.user.email]).count() == 2
    assert sorted(Organization.objects.values_list("name", flat=True)) == [
        "Acme Health", "Ann's Kits", "Cats", "Other Labs",
    ]  # fmt: skip


@pytest.mark.usefixtures("is_open")
def test_an_account_that_somebody_made_with_my_address_does_not_keep_me_out(client: Client, cast: Cast) -> None:
    for email in ("ann@example.com", "new@example.com"):
        post("user-register", {**NEW, "email": email, "password": "somebody else's password"})
    posted()
    answer = post(
        "user-register", {"email": "ann@example.com", "password": PASSWORD, "invitation_token": invited(cast)}
    )
    assert answer.status_code == 201
    user = User.objects.get(email="ann@example.com")
    assert (user.organization, user.check_password(PASSWORD)) == (cast.organization, True)
    body = {"current_password": PASSWORD, "new_email": "new@example.com"}
    client.post("/api/v2/user-change-email/", body, content_type="application/json", headers=cast.viewer.headers)
    to_new, _ = posted()
    assert client.post(link_in(to_new)).status_code == 200
    assert User.objects.get(email="new@example.com").pk == cast.viewer.user.pk
    assert sorted(Organization.objects.values_list("name", flat=True)) == ["Acme Health", "Other Labs"]
