"""The pages behind the links of letters: nothing happens before the button is pressed."""

from typing import Any

from cast import Cast
from dashboard_rows import browser, text
from django.test import Client
from kitloop.accounts.models import User
from kitloop.accounts.registering import register
from kitloop.events.audit import AuditEntry
from posting import link_in, posted

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
