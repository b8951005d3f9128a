"""People and invitations on their pages, and joining by the letter's link."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from cast import Cast, person
from dashboard_rows import browser, everything, text
from django.core import mail
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from kitloop.accounts.invitations import invite, revoke_invitation, send_invitation
from kitloop.accounts.models import Invitation, User
from kitloop.events.audit import AuditEntry
from kitloop.projects.models import ProjectRole

PASSWORD = "a long enough password"
CLOSED = "This link doesn’t work any more"


def letter(cast: Cast, email: str = "new@example.com", role: str = "analyst") -> tuple[Invitation, str]:
    """An invitation, and the path of its letter's link."""
    invitation = invite(cast.owner.user.caller(), email=email, role=role)
    send_invitation(invitation.id)
    found = re.search(r"(/join/\S+)", str(mail.outbox[-1].body))
    assert found
    return invitation, found[1]


def test_owners_and_nobody_else_are_offered_the_section(cast: Cast) -> None:
    assert 'href="/people"' in browser(cast.owner).get("/projects").content.decode()
    assert 'href="/people"' not in browser(cast.analyst).get("/projects").content.decode()
    assert "These roles may: owner ." in text(browser(cast.analyst).get("/people"))


def test_the_list_says_who_is_here_as_what_and_how_they_log_in(cast: Cast) -> None:
    TOTPDevice.objects.create(user=cast.analyst.user, name="phone", confirmed=True)
    User.objects.filter(pk=cast.member.user.pk).update(is_active=False)
    page = text(browser(cast.owner).get("/people"))
    assert "4 people" in page
    assert re.search(r"Owner you owner-\w+@example.com owner off active", page)
    assert re.search(r"Analyst analyst-\w+@example.com analyst on active", page)
    assert re.search(r"Member member-\w+@example.com member off deactivated", page)
    assert cast.stranger.user.email not in page
    assert "1 person" in text(browser(cast.owner).get("/people?search=anal"))
    assert "Nobody matches." in text(browser(cast.owner).get("/people?search=nobody"))


def test_a_long_list_has_pages_that_keep_the_search(cast: Cast) -> None:
    User.objects.bulk_create(
        User(email=f"n{number}@crowd.example", organization=cast.organization, role="viewer") for number in range(30)
    )
    first = browser(cast.owner).get("/people?search=crowd").content.decode()
    assert "?search=crowd&amp;page=2" in first
    second = text(browser(cast.owner).get("/people?search=crowd&page=2"))
    assert "Page 2 of 2" in second
    assert "n29@crowd.example" in second
    assert "n24@crowd.example" not in second


def test_a_role_is_changed_on_the_persons_page(cast: Cast) -> None:
    ProjectRole.objects.create(project=cast.project, user=cast.member.user, role="manager")
    path = f"/people/{cast.member.user.id}"
    client = browser(cast.owner)
    page = client.get(path)
    assert '<option value="member" selected>' in page.content.decode()
    assert "Kits: manager" in text(page)
    answer = client.post(path, {"role": "analyst"}, follow=True)
    assert "Member is analyst from now on." in text(answer)
    assert User.objects.get(pk=cast.member.user.pk).role == "analyst"
    entry = AuditEntry.objects.get(action="organization-users.post")
    assert (entry.user_id, entry.subjects) == (cast.owner.user.id, [cast.member.user.id])
    assert "Select a valid choice" in text(client.post(path, {"role": "emperor"}))
    assert User.objects.get(pk=cast.member.user.pk).role == "analyst"


def test_the_last_owner_is_told_why_they_stay(cast: Cast) -> None:
    path, client = f"/people/{cast.owner.user.id}", browser(cast.owner)
    before = everything()
    said = "This is the last active owner of the organization. Make another one first."
    assert said in text(client.post(path, {"role": "viewer"}))
    assert said in text(client.post(f"{path}/deactivate", follow=True))
    assert everything() == before
    assert not AuditEntry.objects.filter(action__startswith="organization-users").exists()


def test_an_owner_who_steps_down_lands_where_they_still_may_be(cast: Cast) -> None:
    second = person(cast.organization, "manager").user
    User.objects.filter(pk=second.pk).update(role="owner")
    answer = browser(cast.owner).post(f"/people/{cast.owner.user.id}", {"role": "viewer"}, follow=True)
    assert (answer.status_code, answer.redirect_chain[-1][0]) == (200, "/projects")


def test_deactivating_asks_logs_out_and_can_be_undone(cast: Cast) -> None:
    path, client, theirs = f"/people/{cast.analyst.user.id}", browser(cast.owner), browser(cast.analyst)
    assert "Deactivate Analyst?" in text(client.get(f"{path}/deactivate"))
    assert theirs.get("/projects").status_code == 200
    assert "is logged out everywhere" in text(client.post(f"{path}/deactivate", follow=True))
    assert theirs.get("/projects")["Location"] == "/login?next=/projects"
    api = Client().get("/api/v2/organization/", headers=cast.analyst.headers)
    assert api.status_code == 401
    assert "Activate again" in text(client.get(path))
    assert "can log in again" in text(client.post(f"{path}/activate", follow=True))
    assert Client().get("/api/v2/organization/", headers=cast.analyst.headers).status_code == 200
    assert theirs.get("/projects")["Location"] == "/login?next=/projects"  # what was begun before is over
    cast.analyst.user.refresh_from_db()
    assert browser(cast.analyst).get("/projects").status_code == 200


def test_invitations_are_sent_listed_and_revoked(cast: Cast) -> None:
    client = browser(cast.owner)
    assert "Nobody has been invited yet." in text(client.get("/people/invitations"))
    body = {"email": "New@Example.com", "role": "analyst"}
    assert "The invitation to new@example.com is on its way." in text(
        client.post("/people/invitations/new", body, follow=True)
    )
    assert "new@example.com analyst pending Owner" in text(client.get("/people/invitations"))
    again = text(client.post("/people/invitations/new", body))
    assert "This e-mail address has an invitation already. Revoke it to send another." in again
    invitation = Invitation.objects.get()
    path = f"/people/invitations/{invitation.id}/revoke"
    assert "Revoke the invitation to new@example.com?" in text(client.get(path))
    assert "is revoked" in text(client.post(path, follow=True))
    page = client.get("/people/invitations")
    assert "new@example.com analyst revoked Owner" in text(page)
    assert path not in page.content.decode()
    assert "This invitation is revoked." in text(client.post(path, follow=True))
    actions = list(AuditEntry.objects.order_by("position").values_list("action", "subjects"))
    assert actions == [("invitations.post", [invitation.id]), ("invitations-details.delete", [invitation.id])]


def test_the_letters_link_makes_the_account_and_logs_in(cast: Cast) -> None:
    invitation, path = letter(cast)
    client = Client()
    page = text(client.get(path))
    assert "Join Acme Health" in page
    assert "You are invited as analyst, and will log in as new@example.com ." in page
    answer = client.post(path, {"name": "New Person", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/projects"
    assert "Welcome to Acme Health." in text(answer)
    user = User.objects.get(email="new@example.com")
    assert (user.name, user.role, user.organization_id) == ("New Person", "analyst", cast.organization.id)
    assert user.check_password(PASSWORD)
    assert user.activated is not None
    invitation.refresh_from_db()
    assert (invitation.status, invitation.status_actor_id) == ("accepted", user.id)
    entry = AuditEntry.objects.get(action="user-register.post")
    assert (entry.user_id, entry.subjects) == (user.id, [user.id, invitation.id])
    again = Client().post(path, {"name": "Another", "password": PASSWORD})
    assert (again.status_code, CLOSED in text(again)) == (404, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "password": PASSWORD}, "This field is required."),
        ({"name": "A\x07B", "password": PASSWORD}, "A name must not contain control or invisible characters."),
        ({"name": "Ann", "password": "short"}, "at least 10 characters"),
        ({"name": "Ann", "password": "1234567890"}, "too common"),
        ({"name": "Ann", "password": "new@example.com"}, "too similar"),
    ],
)
def test_a_form_that_is_not_good_enough_makes_nobody(cast: Cast, given: dict[str, str], said: str) -> None:
    _, path = letter(cast)
    answer = Client().post(path, given)
    assert (answer.status_code, said in text(answer)) == (200, True)
    assert not User.objects.filter(email="new@example.com").exists()
    assert Invitation.objects.get().status == "pending"


def test_links_that_open_nothing_say_the_same_whatever_the_reason(cast: Cast) -> None:
    revoked, first = letter(cast, "a@example.com")
    revoke_invitation(revoked, by=cast.owner.user.caller())
    late, second = letter(cast, "b@example.com")
    Invitation.objects.filter(pk=late.pk).update(expires=datetime.now(UTC) - timedelta(seconds=1))
    answers = [Client().get(path) for path in (first, second, "/join/" + "x" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({text(answer) for answer in answers}) == 1
    assert CLOSED in text(answers[0])
    assert Client().post(second, {"name": "Ann", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email__in=["a@example.com", "b@example.com"]).exists()


def test_an_address_with_an_account_elsewhere_can_not_join(cast: Cast) -> None:
    _, path = letter(cast, cast.stranger.user.email)
    for client in (Client(), browser(cast.stranger)):
        assert "has an account in another organization, and can’t join a second one." in text(client.get(path))
        assert client.post(path, {"name": "Ann", "password": PASSWORD}).status_code == 200
    assert User.objects.get(pk=cast.stranger.user.pk).organization_id != cast.organization.id
    assert Invitation.objects.get().status == "pending"


def test_who_came_another_way_logs_in_and_accepts(cast: Cast) -> None:
    _, path = letter(cast, "here@example.com", "manager")
    user = User.objects.create(email="here@example.com", name="Here", organization=cast.organization, role="member")
    assert "Log in with it, then open the letter’s link again to be manager." in text(Client().get(path))
    Client().post(path, {"name": "Thief", "password": PASSWORD})
    browser(cast.analyst).post(path)
    assert Invitation.objects.get().status == "pending"
    client = Client()
    client.force_login(user)
    assert "With this invitation you are manager." in text(client.get(path))
    assert "You are manager of Acme Health now." in text(client.post(path, follow=True))
    user.refresh_from_db()
    assert (user.role, user.name, user.has_usable_password()) == ("manager", "Here", True)


def test_joining_needs_the_forms_token(cast: Cast) -> None:
    _, path = letter(cast)
    assert Client(enforce_csrf_checks=True).post(path, {"name": "Ann", "password": PASSWORD}).status_code == 403
    assert not User.objects.filter(email="new@example.com").exists()


@pytest.mark.parametrize("opens", ["/join/", "/api/v2/invitations-token/", "/password-reset/MQ/", "/uploads/"])
def test_what_opens_something_is_not_in_the_log(opens: str) -> None:
    (handler,) = [each for each in logging.getLogger().handlers if each.get_name() == "stderr"]
    path = f"{opens}Zm9yYmlkZGVuIHRvIHRlbGw-_0123456"
    record = logging.LogRecord("django.security.csrf", 30, "log.py", 1, "Forbidden (%s): %s", ("no cookie", path), None)
    assert handler.filter(record)
    said = handler.format(record)
    assert "Forbidden (no cookie): /" in said
    assert "Zm9y" not in said


def test_other_lines_of_the_log_stay_as_they_are() -> None:
    (handler,) = [each for each in logging.getLogger().handlers if each.get_name() == "stderr"]
    record = logging.LogRecord("kitloop", 30, "x.py", 1, "job %s (%s) at /projects/x", (7, "labs.submit"), None)
    assert handler.filter(record)
    assert handler.format(record).endswith("job 7 (labs.submit) at /projects/x")
    assert record.args == (7, "labs.submit")
