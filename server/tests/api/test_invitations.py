"""Invitations: the letter and its token, the four states, and who may accept."""

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cast import Cast, make_cast, person
from django.core import mail
from django.db import connection
from django.test import Client
from kitloop.accounts import invitations
from kitloop.accounts.invitations import InvitationOver, accept_invitation, find_invitation, invite, send_invitation
from kitloop.accounts.models import Invitation, User
from kitloop.base.errors import KitloopError
from kitloop.wire.times import iso
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from sending import sent


def invited(cast: Cast, email: str = "new@example.com", role: str = "analyst") -> tuple[Invitation, str]:
    """An invitation, and the token out of its letter."""
    invitation = invite(cast.owner.user.caller(), email=email, role=role)
    send_invitation(invitation.id)
    found = re.search(r"/join/(\S+)", str(mail.outbox[-1].body))
    assert found
    return invitation, found[1]


def late(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(expires=datetime.now(UTC) - timedelta(seconds=1))


def newcomer(cast: Cast, email: str, role: str = "analyst") -> User:
    return User.objects.create(email=email, organization=cast.organization, role=role)


def test_an_invitation_to_the_letter_and_its_job(client: Client, cast: Cast) -> None:
    answer = sent(client, cast, "POST", "invitations/", {"email": " New@Example.com ", "role": "analyst"})
    found = Invitation.objects.get()
    owner = cast.owner.user
    assert answer.status_code == 201
    assert answer.content.decode() == (
        f'{{"id":"{found.id}","email":"new@example.com","last_status":{{"id":"{found.status_id}","status":"pending",'
        f'"created":"{iso(found.status_created)}","actor":{{"id":"{owner.id}","name":"Owner"}}}},'
        f'"expires":"{iso(found.expires)}","role":"analyst"}}'
    )
    assert timedelta(days=7) - timedelta(minutes=1) < found.expires - found.created <= timedelta(days=7)
    job = ProcrastinateJob.objects.get(task_name="accounts.send_invitation")
    assert (job.queue_name, job.args) == ("mail", {"invitation_id": str(found.id)})
    assert mail.outbox == []  # nothing is sent by the request itself
    app.tasks[job.task_name].func(**job.args)
    assert [letter.to for letter in mail.outbox] == [["new@example.com"]]


def test_the_letter_holds_the_token_and_the_database_its_hash_alone(cast: Cast) -> None:
    invitation, token = invited(cast)
    letter = mail.outbox[0]
    assert (letter.to, letter.subject) == (["new@example.com"], "Join Acme Health on Kitloop")
    assert "Owner invites you to join Acme Health on Kitloop, as analyst." in letter.body
    assert f"http://127.0.0.1:8000/join/{token}\n" in letter.body
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert token not in str(Invitation.objects.values().get())
    assert find_invitation(token) == invitation
    send_invitation(invitation.id)  # a job may run twice: the same link again
    assert mail.outbox[1].body == letter.body
    assert find_invitation(token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    assert find_invitation("") is None


@pytest.mark.parametrize("name", ["Acme\nBcc: all@example.com", "Acme\r\nX: 1"])
def test_a_name_with_line_breaks_adds_no_header(cast: Cast, name: str) -> None:
    cast.organization.name = name
    cast.organization.save()
    invited(cast)
    assert list(mail.outbox[0].message().keys()).count("Subject") == 1
    assert "Bcc" not in mail.outbox[0].message()
    assert mail.outbox[0].recipients() == ["new@example.com"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"email": ["This field is required."]}),
        ({"email": "nobody"}, {"email": ["Enter a valid email address."]}),
        ({"email": "a@example.com", "role": "emperor"}, {"role": ['"emperor" is not a valid choice.']}),
        ({"email": "a@example.com", "role": None}, {"role": ["This field may not be null."]}),
    ],
)
def test_what_can_not_be_read_is_refused(client: Client, cast: Cast, body: Any, said: Any) -> None:
    answer = sent(client, cast, "POST", "invitations/", body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert not Invitation.objects.exists()


def test_without_a_role_one_is_invited_as_a_member(client: Client, cast: Cast) -> None:
    assert sent(client, cast, "POST", "invitations/", {"email": "a@example.com"}).json()["role"] == "member"
    assert sent(client, cast, "POST", "invitations/", {"email": "b@example.com", "role": ""}).json()["role"] == "member"


def test_who_is_here_or_invited_already_gets_no_other(client: Client, cast: Cast) -> None:
    body = {"email": cast.viewer.user.email.upper(), "role": "owner"}
    answer = sent(client, cast, "POST", "invitations/", body)
    assert (answer.status_code, answer.json()) == (
        400, {"email": ["This e-mail address belongs to a user of your organization."]}
    )  # fmt: skip
    first, _ = invited(cast)
    answer = sent(client, cast, "POST", "invitations/", {"email": "NEW@example.com"})
    assert (answer.status_code, answer.json()) == (
        400, {"email": ["This e-mail address has an invitation already. Revoke it to send another."]}
    )  # fmt: skip
    late(first)
    assert sent(client, cast, "POST", "invitations/", {"email": "new@example.com"}).status_code == 201


def test_that_an_address_has_an_account_elsewhere_is_not_told_to_who_invites(client: Client, cast: Cast) -> None:
    body = {"email": cast.stranger.user.email}
    assert sent(client, cast, "POST", "invitations/", body).status_code == 201


def test_letters_a_day_have_a_limit(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "A_DAY_AT_MOST", 2)
    for number in range(2):
        assert sent(client, cast, "POST", "invitations/", {"email": f"n{number}@example.com"}).status_code == 201
    answer = sent(client, cast, "POST", "invitations/", {"email": "n3@example.com"})
    assert (answer.status_code, answer.json()) == (400, {"email": ["At most 2 invitations can be sent a day."]})
    Invitation.objects.update(created=datetime.now(UTC) - timedelta(days=1))
    assert sent(client, cast, "POST", "invitations/", {"email": "n3@example.com"}).status_code == 201


def test_the_list_and_its_filter_tell_the_four_states(client: Client, cast: Cast) -> None:
    caller = cast.owner.user.caller()
    pending, gone, done, over = (invite(caller, email=f"{name}@example.com", role="viewer") for name in "abcd")
    late(gone)
    accept_invitation(done, newcomer(cast, "c@example.com", "viewer"))
    assert sent(client, cast, "DELETE", f"invitations/{over.id}").status_code == 204

    def listed(status: str) -> list[tuple[str, str]]:
        rows = sent(client, cast, "GET", f"invitations/{status}").json()["results"]
        return [(row["email"][0], row["last_status"]["status"]) for row in rows]

    assert listed("?status=pending") == [("a", "pending")]
    assert listed("?status=expired") == [("b", "expired")]
    assert listed("?status=accepted") == [("c", "accepted")]
    assert listed("?status=revoked") == [("d", "revoked")]
    everything = [("d", "revoked"), ("c", "accepted"), ("b", "expired"), ("a", "pending")]
    assert listed("?status=all") == listed("") == everything
    assert sent(client, cast, "GET", "invitations/?status=lost").json() == {"status": ['"lost" is not a valid choice.']}
    gone.refresh_from_db()
    row = sent(client, cast, "GET", "invitations/?status=expired").json()["results"][0]
    assert row["last_status"]["created"] == row["expires"] == iso(gone.expires)
    row = sent(client, cast, "GET", "invitations/?status=accepted").json()["results"][0]
    assert row["last_status"]["actor"]["id"] == str(User.objects.get(email="c@example.com").id)
    assert pending.organization_id == cast.organization.id
    assert sent(client, cast, "GET", "invitations/", who="stranger").json()["meta"]["count"] == 0


def test_the_token_reads_an_invitation_whatever_became_of_it(client: Client, cast: Cast) -> None:
    invitation, token = invited(cast)
    answer = sent(client, cast, "GET", f"invitations-token/{token}", who="stranger")
    assert answer.status_code == 200
    ours = cast.organization
    assert answer.content.decode() == (
        f'{{"token":"{token}","last_status":{{"id":"{invitation.status_id}","status":"pending",'
        f'"created":"{iso(invitation.status_created)}","actor":{{"id":"{cast.owner.user.id}","name":"Owner"}}}},'
        f'"expires":"{iso(invitation.expires)}","organization":{{"id":"{ours.id}","name":"Acme Health"}},"role":"analyst"}}'
    )
    late(invitation)
    answer = sent(client, cast, "GET", f"invitations-token/{token}", who="stranger")
    assert answer.json()["last_status"]["status"] == "expired"
    assert find_invitation(token) is None


def test_a_user_who_came_another_way_accepts_and_has_the_role(client: Client, cast: Cast) -> None:
    _, token = invited(cast, email=f"manager-{cast.organization.id.hex[:8]}@example.com", role="manager")
    came = person(cast.organization, "manager")
    User.objects.filter(pk=came.user.pk).update(role="member")
    body = {"role": "owner", "organization": {"name": "Mine"}}
    answer = client.patch(
        f"/api/v2/invitations-token/{token}", body, content_type="application/json", headers=came.headers
    )
    assert (answer.status_code, answer.json()["last_status"]["status"]) == (200, "accepted")
    assert answer.json()["last_status"]["actor"] == {"id": str(came.user.id), "name": "Manager"}
    assert User.objects.get(pk=came.user.pk).role == "manager"
    again = client.patch(
        f"/api/v2/invitations-token/{token}", {}, content_type="application/json", headers=came.headers
    )
    assert (again.status_code, again.json()) == (
        400, {"detail": "This invitation is accepted.", "code": "invitation_over"}
    )  # fmt: skip


def test_only_the_person_it_is_for_accepts(client: Client, cast: Cast) -> None:
    _, token = invited(cast)
    answer = sent(client, cast, "PATCH", f"invitations-token/{token}", {}, who="viewer")
    assert (answer.status_code, answer.json()) == (
        400, {"detail": "This invitation is for another e-mail address.", "code": "not_invited"}
    )  # fmt: skip
    _, token = invited(cast, email=cast.stranger.user.email)
    answer = sent(client, cast, "PATCH", f"invitations-token/{token}", {}, who="stranger")
    said = "This e-mail address has an account in another organization, and can't join a second one."
    assert (answer.status_code, answer.json()) == (400, {"detail": said, "code": "not_invited"})
    assert set(Invitation.objects.values_list("status", flat=True)) == {"pending"}


def test_an_invitation_that_is_over_is_neither_accepted_nor_revoked_nor_sent(client: Client, cast: Cast) -> None:
    invitation, _ = invited(cast)
    user = newcomer(cast, "new@example.com")
    late(invitation)
    with pytest.raises(InvitationOver, match="expired"):
        accept_invitation(invitation, user)
    answer = sent(client, cast, "DELETE", f"invitations/{invitation.id}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invitation_over")
    send_invitation(invitation.id)
    assert len(mail.outbox) == 1
    assert Invitation.objects.get(pk=invitation.pk).status == "pending"


def test_the_last_owner_does_not_lose_the_role_by_accepting_another(cast: Cast) -> None:
    invitation, _ = invited(cast)
    User.objects.filter(pk=cast.owner.user.pk).update(email="new@example.com")
    with pytest.raises(KitloopError, match="last active owner"):
        accept_invitation(invitation, User.objects.get(pk=cast.owner.user.pk))
    assert User.objects.get(pk=cast.owner.user.pk).role == "owner"
    assert Invitation.objects.get(pk=invitation.pk).status == "pending"


@pytest.mark.django_db(transaction=True)
def test_of_accepting_and_revoking_at_once_one_happens() -> None:
    cast = make_cast()
    user = newcomer(cast, "new@example.com")
    invitation = Invitation.objects.create(
        organization=cast.organization, email=user.email, role="analyst", hashed_token="x", created_by=cast.owner.user,
        expires=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    together, over = threading.Barrier(2), []

    def end(how: str, id: UUID) -> None:
        try:
            own = Invitation.objects.get(pk=id)
            together.wait(timeout=10)
            if how == "accepted":
                accept_invitation(own, user)
            else:
                invitations.revoke_invitation(own, by=cast.owner.user.caller())
        except InvitationOver:
            over.append(how)
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=(how, invitation.id)) for how in ("accepted", "revoked")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (loser,) = over
    assert {Invitation.objects.get(pk=invitation.id).status, loser} == {"accepted", "revoked"}
