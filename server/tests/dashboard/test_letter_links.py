"""Making an account and changing one's own: the pages, and the links of letters, where nothing happens before a button is pressed."""

from typing import Any

from cast import Cast
from dashboard_rows import browser, text
from django.test import Client
from kitloop.accounts.models import User
from kitloop.accounts.registering import register
from kitloop.events.audit import AuditEntry
from posting import link_in, posted
from pytest_django import Settings

PASSWORD = "a long enough password"


def registered(**changes: Any) -> str:
    given = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "organization_name": "Ann's Kits"}
    register(**{**given, **changes})
    (letter,) = posted()
    return link_in(letter)


def test_an_account_is_activated_with_the_letter_and_the_password(db: None) -> None:
    path, client = registered(), Client()
    assert "You will log in as ann@example.com ." in text(client.get(path))
    assert "That is not the password" in text(client.post(path, {"password": "wrong"}))
    assert not User.objects.get().is_active
    done = client.post(path, {"password": PASSWORD}, follow=True)
    assert "Your account is active." in text(done)
    assert "Ann's Kits" in done.content.decode().replace("&#x27;", "'")
    user = User.objects.get()
    assert (user.is_active, user.activated is not None) == (True, True)
    assert AuditEntry.objects.get(action="user-activate.post").user_id == user.id
    over = client.get(path)
    assert (over.status_code, "doesn’t work any more" in text(over)) == (404, True)


def test_whoever_has_the_letter_alone_guesses_five_times(db: None) -> None:
    path = registered()
    for _ in range(5):
        assert "That is not the password" in text(Client().post(path, {"password": "wrong"}))
    assert "Too many attempts" in text(Client().post(path, {"password": PASSWORD}))
    assert not User.objects.get().is_active


def test_links_that_are_none_are_one_and_the_same_page(cast: Cast) -> None:
    pages = {
        text(Client().get(path))
        for path in ("/activate/MQ/x", "/activate/x/c1k0-00", "/confirm-email/MQ/x", "/confirm-email/%FF/c1k0-00")
    }
    assert len(pages) == 1
    assert Client().post("/confirm-email/MQ/x").status_code == 404


def test_guesses_at_the_old_password_are_counted_on_the_page_too(cast: Cast) -> None:
    client, new = browser(cast.owner), "another good long one"
    for _ in range(5):
        answer = client.post("/account/password", {"old_password": "x", "new_password1": new, "new_password2": new})
        assert "entered incorrectly" in text(answer)
    answer = client.post("/account/password", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert "Too many attempts" in text(answer)
    assert User.objects.get(pk=cast.owner.user.pk).check_password(PASSWORD)


def test_a_new_password_on_the_page_ends_logins_by_token_and_is_told_by_letter(cast: Cast) -> None:
    api = Client()
    login = {"email": cast.owner.user.email, "password": PASSWORD}
    access = api.post("/api/v2/jwt-create/", login, content_type="application/json").json()["access"]
    new = "another good long one"
    done = browser(cast.owner).post(
        "/account/password", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert done["Location"] == "/account"
    assert api.get("/api/v2/user/", headers={"Authorization": f"Bearer {access}"}).status_code == 401
    assert [letter.subject for letter in posted()] == ["Your Kitloop password was changed"]


def test_whoever_comes_makes_an_account_where_the_operator_lets(db: None, settings: Settings) -> None:
    given = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann", "organization_name": "Ann's Kits"}
    assert Client().get("/register").status_code == Client().post("/register", given).status_code == 404
    assert "Make an account" not in text(Client().get("/login"))
    settings.KITLOOP_REGISTRATION = "open"
    assert '<a href="/register">Make an account</a>' in Client().get("/login").content.decode()
    assert "too short" in text(Client().post("/register", {**given, "password": "short"}))
    assert "control or invisible" in text(Client().post("/register", {**given, "organization_name": "a\u200eb"}))
    assert not User.objects.exists()
    for _ in range(2):  # the second hears the same
        answer = Client().post("/register", given)
        assert answer["Location"] == "/register/sent"
    assert "Look in your mail" in text(Client().get("/register/sent"))
    assert User.objects.get().organization.name == "Ann's Kits"
    assert [letter.subject for letter in posted()] == ["Activate your Kitloop account"] * 2
    Client().post("/register", given)
    assert Client().post("/register", given).status_code == 429
    assert AuditEntry.objects.filter(action="user-register.post").count() == 3


def test_one_changes_ones_name_and_asks_for_another_address(cast: Cast) -> None:
    client, user = browser(cast.viewer), cast.viewer.user
    assert "Viewer" in client.get("/account/name").content.decode()
    assert "Your name is changed." in text(client.post("/account/name", {"name": "Vera"}, follow=True))
    assert User.objects.get(pk=user.pk).name == "Vera"
    new = {"new_email": "vera@example.com", "password": PASSWORD}
    assert "That is not your password." in text(client.post("/account/email", {**new, "password": "wrong"}))
    same = client.post("/account/email", {**new, "new_email": user.email})
    assert "This is your e-mail address already." in text(same)
    assert posted() == []
    assert "follow the link" in text(client.post("/account/email", new, follow=True))
    to_new, _ = posted()
    assert "You log in as vera@example.com from now on." in text(client.post(link_in(to_new)))
    assert User.objects.get(pk=user.pk).email == "vera@example.com"
    assert client.get("/account").status_code == 200
    said = [client.post("/account/email", {**new, "new_email": f"{n}@example.com"}).status_code for n in range(4)]
    assert said == [302, 302, 302, 200]
