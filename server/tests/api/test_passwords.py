"""A password changed, forgotten and set anew; and another e-mail address."""

import smtplib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cast import Cast
from django.test import Client
from kitloop.accounts.letters import send_letter
from kitloop.accounts.models import User
from kitloop.events.audit import AuditEntry
from posting import link_in, posted
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings
from sending import sent

PASSWORD = "a long enough password"
ANOTHER = "another good long one"
OVER = {"detail": "This link does not work any more: it was used already, or it is too old.", "code": "link_over"}


def post(path: str, body: Any, **more: Any) -> Any:
    return Client(**more).post(f"/api/v2/{path}/", body, content_type="application/json")


def log_in(user: User, password: str = PASSWORD) -> Any:
    return post("jwt-create", {"email": user.email, "password": password})


def opens(access: str) -> bool:
    return Client().get("/api/v2/user/", headers={"Authorization": f"Bearer {access}"}).status_code == 200


def reset(cast: Cast) -> dict[str, str]:
    answer = post("user-password-reset", {"email": cast.viewer.user.email})
    assert answer.status_code == 200
    (letter,) = posted()
    uid, token = link_in(letter).split("/")[2:]
    return {"uid": uid, "token": token}


def test_a_new_password_ends_every_login_and_no_key(client: Client, cast: Cast) -> None:
    user = cast.viewer.user
    access, other = log_in(user).json()["access"], log_in(cast.owner.user).json()["access"]
    page = Client()
    page.force_login(user)
    body = {"current_password": PASSWORD, "new_password": ANOTHER}
    answer = sent(client, cast, "POST", "user-password-set/", body, who="viewer")
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert (opens(access), opens(other)) == (False, True)
    assert page.get("/account").status_code == 302
    assert sent(client, cast, "GET", "user/", who="viewer").status_code == 200
    assert (log_in(user).status_code, log_in(user, ANOTHER).status_code) == (401, 200)
    (letter,) = posted()
    assert (letter.to, letter.subject) == ([user.email], "Your Kitloop password was changed")
    entry = AuditEntry.objects.get(action="user-password-set.post")
    assert (entry.user_id, entry.subjects) == (user.id, [user.id])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"current_password": "wrong", "new_password": ANOTHER}, {"current_password": ["Invalid password."]}),
        ({"current_password": PASSWORD, "new_password": "short"},
         {"new_password": ["This password is too short. It must contain at least 10 characters."]}),
        ({"current_password": PASSWORD}, {"new_password": ["This field is required."]}),
    ],
)  # fmt: skip
def test_a_password_that_can_not_be_set_changes_nothing(client: Client, cast: Cast, body: Any, said: Any) -> None:
    access = log_in(cast.viewer.user).json()["access"]
    answer = sent(client, cast, "POST", "user-password-set/", body, who="viewer")
    assert (answer.status_code, answer.json()) == (400, said)
    assert opens(access)
    assert posted() == []
    assert not AuditEntry.objects.filter(action="user-password-set.post").exists()


@pytest.mark.parametrize("path", ["user-password-set", "user-change-email"])
def test_the_sixth_guess_at_ones_own_password_is_a_429(client: Client, cast: Cast, path: str) -> None:
    body = {"current_password": "wrong", "new_password": ANOTHER, "new_email": "new@example.com"}
    said = [sent(client, cast, "POST", f"{path}/", body).status_code for _ in range(5)]
    assert said == [400] * 5
    refused = sent(client, cast, "POST", f"{path}/", {**body, "current_password": PASSWORD})
    assert refused.status_code == 429
    assert 890 < int(refused["Retry-After"]) <= 900
    assert log_in(cast.owner.user).status_code == 200


def test_a_forgotten_password_is_set_by_a_letters_link_once(cast: Cast, settings: Settings) -> None:
    user = cast.viewer.user
    access = log_in(user).json()["access"]
    answer = post("user-password-reset", {"email": user.email.upper()})
    assert (answer.status_code, answer.json()) == (200, {"email": user.email.upper()})
    (letter,) = posted()
    assert (letter.to, letter.subject) == ([user.email], "Set a new password for Kitloop")
    path = link_in(letter)
    assert Client().get(path).status_code == 302  # the dashboard's page takes the same link
    uid, token = path.split("/")[2:]
    given = {"uid": uid, "token": token}
    short = post("user-password-reset-confirm", {**given, "new_password": "short"})
    assert list(short.json()) == ["new_password"]
    done = post("user-password-reset-confirm", {**given, "new_password": ANOTHER})
    assert (done.status_code, done.json()) == (200, given)
    assert not opens(access)
    assert log_in(user, ANOTHER).status_code == 200
    again = post("user-password-reset-confirm", {**given, "new_password": "yet another good one"})
    assert (again.status_code, again.json()) == (400, OVER)
    entry = AuditEntry.objects.get(action="user-password-reset-confirm.post")
    assert (entry.user_id, entry.organization_id) == (user.id, cast.organization.id)


def test_a_link_is_too_old_after_three_days_and_over_after_a_login(cast: Cast, settings: Settings) -> None:
    given = reset(cast)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert post("user-password-reset-confirm", {**given, "new_password": ANOTHER}).json() == OVER
    settings.PASSWORD_RESET_TIMEOUT = 259_200
    log_in(cast.viewer.user)  # the password came back to them
    assert post("user-password-reset-confirm", {**given, "new_password": ANOTHER}).json() == OVER


def test_nobody_else_is_reset_by_it_nor_who_was_deactivated(cast: Cast) -> None:
    given = reset(cast)
    post("user-password-reset", {"email": cast.analyst.user.email})
    (letter,) = posted()
    other = link_in(letter).split("/")[2]
    for changes in ({"uid": other}, {"uid": "x"}, {"token": "x"}, {"token": "c1k0-" + "0" * 32}):
        answer = post("user-password-reset-confirm", {**given, **changes, "new_password": ANOTHER})
        assert (answer.status_code, answer.json()) == (400, OVER)
    User.objects.filter(pk=cast.viewer.user.pk).update(is_active=False)
    assert post("user-password-reset-confirm", {**given, "new_password": ANOTHER}).json() == OVER
    assert User.objects.get(pk=cast.viewer.user.pk).check_password(PASSWORD)


def test_an_address_that_nobody_has_hears_the_same_and_gets_no_letter(cast: Cast) -> None:
    answer = post("user-password-reset", {"email": "nobody@example.com"})
    assert (answer.status_code, answer.json()) == (200, {"email": "nobody@example.com"})
    assert posted() == []
    said = [post("user-password-reset", {"email": "nobody@example.com"}).status_code for _ in range(3)]
    assert said == [200, 200, 429]


def test_a_job_holds_ids_alone_and_a_letter_that_comes_too_late_is_not_sent(cast: Cast) -> None:
    post("user-password-reset", {"email": cast.viewer.user.email})
    job = ProcrastinateJob.objects.get()
    assert job.args == {"user_id": str(cast.viewer.user.id), "kind": "password_reset", "until": job.args["until"]}
    now = datetime.now(UTC)
    assert timedelta(hours=23) < datetime.fromisoformat(job.args["until"]) - now <= timedelta(days=1)
    send_letter(cast.viewer.user.id, "password_reset", until=now - timedelta(seconds=1))
    send_letter(uuid4(), "password_reset", until=now + timedelta(days=1))
    from django.core import mail

    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "is_raised"),
    [
        (smtplib.SMTPRecipientsRefused({"x": (550, b"no such user")}), False),
        (smtplib.SMTPRecipientsRefused({"x": (451, b"later")}), True),
        (ConnectionRefusedError(), True),
    ],
)
def test_a_final_refusal_ends_a_letter_and_another_is_tried_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, is_raised: bool
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refused)
    until = datetime.now(UTC) + timedelta(days=1)
    if is_raised:
        with pytest.raises(type(error)):
            send_letter(cast.viewer.user.id, "password_reset", until=until)
    else:
        send_letter(cast.viewer.user.id, "password_reset", until=until)
        assert str(cast.viewer.user.id) in caplog.text
        assert cast.viewer.user.email not in caplog.text


def test_an_email_is_changed_when_the_link_in_the_new_ones_letter_is_followed(client: Client, cast: Cast) -> None:
    user = cast.viewer.user
    body = {"current_password": PASSWORD, "new_email": "New@example.com"}
    answer = sent(client, cast, "POST", "user-change-email/", body, who="viewer")
    assert (answer.status_code, answer.json()) == (200, {"new_email": "new@example.com"})
    assert sent(client, cast, "GET", "user/", who="viewer").json()["email"] == user.email
    to_new, to_old = posted()
    assert (to_new.to, to_new.subject) == (["new@example.com"], "Confirm your new e-mail address for Kitloop")
    assert (to_old.to, to_old.subject) == ([user.email], "Your Kitloop e-mail address is to be changed")
    assert "new@example.com" not in to_old.body
    assert user.email not in to_new.body
    path, page = link_in(to_new), Client()
    assert "new@example.com" in page.get(path).content.decode()
    assert User.objects.get(pk=user.pk).email == user.email  # mail programs open links by themselves
    assert page.post(path).status_code == 200
    found = User.objects.get(pk=user.pk)
    assert (found.email, found.new_email) == ("new@example.com", "")
    assert (page.get(path).status_code, page.post(path).status_code) == (404, 404)
    assert log_in(found).status_code == 200
    entry = AuditEntry.objects.get(action="confirm-email.post")
    assert (entry.user_id, entry.subjects) == (user.id, [user.id])


def test_an_address_that_somebody_has_hears_the_same_and_gets_no_link(client: Client, cast: Cast) -> None:
    body = {"current_password": PASSWORD, "new_email": cast.analyst.user.email}
    answer = sent(client, cast, "POST", "user-change-email/", body, who="viewer")
    assert (answer.status_code, answer.json()) == (200, {"new_email": cast.analyst.user.email})
    assert [letter.to for letter in posted()] == [[cast.viewer.user.email]]
    same = sent(client, cast, "POST", "user-change-email/", {**body, "new_email": cast.viewer.user.email}, who="viewer")
    assert (same.status_code, same.json()) == (400, {"new_email": ["This is your e-mail address already."]})


def test_an_address_that_is_taken_meanwhile_stays_theirs(client: Client, cast: Cast) -> None:
    body = {"current_password": PASSWORD, "new_email": "new@example.com"}
    sent(client, cast, "POST", "user-change-email/", body, who="viewer")
    to_new, _ = posted()
    User.objects.filter(pk=cast.member.user.pk).update(email="new@example.com")
    page = Client().post(link_in(to_new))
    assert page.status_code == 404
    assert User.objects.get(pk=cast.viewer.user.pk).email == cast.viewer.user.email


def test_the_latest_address_that_was_asked_for_is_the_one_that_counts(client: Client, cast: Cast) -> None:
    for email in ("first@example.com", "second@example.com"):
        body = {"current_password": PASSWORD, "new_email": email}
        sent(client, cast, "POST", "user-change-email/", body, who="viewer")
        if email == "first@example.com":
            first, _ = posted()
    assert Client().post(link_in(first)).status_code == 404
    second, _ = posted()
    assert Client().post(link_in(second)).status_code == 200
    assert User.objects.get(pk=cast.viewer.user.pk).email == "second@example.com"
