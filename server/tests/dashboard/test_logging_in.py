"""Log in, log out, a forgotten password."""

import re
from datetime import timedelta

import pytest
from cast import Cast
from dashboard_rows import browser, text
from django.test import Client
from django.utils import timezone
from kitloop.accounts.models import Attempts, User
from posting import posted
from pytest_django import Settings

PASSWORD = "a long enough password"


def log_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> object:
    return client.post("/login", {"username": email, "password": password, **more})


def test_an_email_in_other_letters_is_the_same_email(cast: Cast) -> None:
    answer = log_in(Client(), f" {cast.owner.user.email.upper()} ")
    assert answer.status_code == 302  # type: ignore[attr-defined]


def test_log_in_goes_on_to_where_it_was_asked_from_and_nowhere_else(cast: Cast) -> None:
    wanted = f"/projects/{cast.project.id}?status=failed"
    client = Client()
    asked = client.get(wanted)
    assert asked.status_code == 302
    form = client.get(asked["Location"])
    (following,) = re.findall(r'name="next" value="([^"]*)"', form.content.decode())
    assert (
        client.post("/login", {"username": cast.owner.user.email, "password": PASSWORD, "next": following})["Location"]
        == wanted
    )
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = Client().post("/login", {"username": cast.owner.user.email, "password": PASSWORD, "next": elsewhere})
        assert answer["Location"] == "/"


def test_the_session_changes_its_name_at_log_in_and_ends_at_log_out(cast: Cast) -> None:
    client = Client()
    session = client.session
    session["before"] = True
    session.save()
    client.cookies["kitloop_session"] = session.session_key or ""
    before = client.cookies["kitloop_session"].value
    log_in(client, cast.owner.user.email)
    after = client.cookies["kitloop_session"].value
    assert after != before
    assert client.get("/account").status_code == 200
    assert client.get("/logout").status_code == 405
    assert client.post("/logout")["Location"] == "/login"
    stolen = Client()
    stolen.cookies["kitloop_session"] = after
    assert stolen.get("/account").status_code == 302


def test_wrong_password_unknown_email_and_left_people_hear_the_same(cast: Cast) -> None:
    User.objects.filter(pk=cast.viewer.user.pk).update(is_active=False)
    said = {
        re.sub(r"<input[^>]*>", "", Client().post("/login", given).content.decode().split("<form")[1])
        for given in (
            {"username": cast.owner.user.email, "password": "wrong"},
            {"username": "nobody@example.com", "password": PASSWORD},
            {"username": cast.viewer.user.email, "password": PASSWORD},
        )
    }
    assert len(said) == 1
    assert "don&#x27;t go together" in said.pop()


def test_the_sixth_guess_is_refused_even_when_right_until_the_window_is_over(cast: Cast) -> None:
    email = cast.owner.user.email
    for _ in range(5):
        assert Client().post("/login", {"username": email, "password": "wrong"}).status_code == 200
    refused = Client().post("/login", {"username": email.upper(), "password": PASSWORD})
    assert refused.status_code == 429
    assert "Too many attempts. Try again in 15 minutes" in text(refused)
    assert 0 < int(refused["Retry-After"]) <= 900
    elsewhere = Client(REMOTE_ADDR="192.0.2.9").post("/login", {"username": email, "password": PASSWORD})
    assert elsewhere.status_code == 302
    assert Client().post("/login", {"username": cast.viewer.user.email, "password": PASSWORD}).status_code == 302
    Attempts.objects.update(since=timezone.now() - timedelta(minutes=15))
    assert Client().post("/login", {"username": email, "password": PASSWORD}).status_code == 302


def test_getting_in_forgets_the_slips_before(cast: Cast) -> None:
    for _ in range(2):
        for _ in range(4):
            Client().post("/login", {"username": cast.owner.user.email, "password": "wrong"})
        assert Client().post("/login", {"username": cast.owner.user.email, "password": PASSWORD}).status_code == 302
    assert not Attempts.objects.exists()


def test_attempts_name_nobody(cast: Cast) -> None:
    Client().post("/login", {"username": "nobody@example.com", "password": "wrong"})
    assert re.fullmatch(r"[0-9a-f]{64}", Attempts.objects.get().who)


def test_a_forgotten_password_is_set_by_a_letter_whose_link_works_once(cast: Cast, settings: Settings) -> None:
    client = Client()
    old = browser(cast.owner)
    assert client.post("/password-reset", {"email": cast.owner.user.email})["Location"] == "/password-reset/sent"
    (letter,) = posted()
    assert letter.to == [cast.owner.user.email]
    (path,) = re.findall(rf"{re.escape(settings.KITLOOP_URL)}(/password-reset/\S+)", str(letter.body))
    form = client.get(path, follow=True)
    set_at = form.redirect_chain[-1][0]
    too_short = client.post(set_at, {"new_password1": "short", "new_password2": "short"})
    assert "too short" in text(too_short)
    new = "another good long one"
    done = client.post(set_at, {"new_password1": new, "new_password2": new})
    assert done["Location"] == "/password-reset/complete"
    assert client.get("/password-reset/complete").status_code == 200
    assert old.get("/account").status_code == 302  # sessions from before are over
    assert Client().post("/login", {"username": cast.owner.user.email, "password": new}).status_code == 302
    assert "doesn’t work any more" in text(Client().get(path, follow=True))


def test_no_letter_for_an_unknown_email_and_the_same_answer(cast: Cast) -> None:
    assert Client().post("/password-reset", {"email": "nobody@example.com"})["Location"] == "/password-reset/sent"
    assert posted() == []
    assert Client().get("/password-reset/sent").status_code == 200


def test_the_fourth_letter_within_an_hour_is_not_sent(cast: Cast) -> None:
    answers = [Client().post("/password-reset", {"email": cast.owner.user.email}).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]
    assert len(posted()) == 3


@pytest.mark.parametrize("path", ["/login", "/password-reset", "/logout"])
def test_forms_without_their_token_are_refused(cast: Cast, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(path, {"username": cast.owner.user.email, "password": PASSWORD}).status_code == 403
    assert posted() == []


def test_a_new_password_ends_other_sessions_and_keeps_this_one(cast: Cast) -> None:
    here, there = browser(cast.owner), browser(cast.owner)
    new = {"new_password1": "another good long one", "new_password2": "another good long one"}
    assert "entered incorrectly" in text(here.post("/account/password", {"old_password": "wrong", **new}))
    assert here.post("/account/password", {"old_password": PASSWORD, **new})["Location"] == "/account"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_who_sees_no_projects_starts_at_the_account(cast: Cast) -> None:
    assert browser(cast.member).get("/")["Location"] == "/account"
    assert browser(cast.viewer).get("/")["Location"] == "/projects"
