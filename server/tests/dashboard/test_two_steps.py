"""Two-step login at the dashboard: set up, asked for, turned off; and no way in past it."""

import html
import re
import time
from xml.etree import ElementTree

import pytest
from cast import Cast, Person
from dashboard_rows import browser, text
from django.test import Client
from kitloop.accounts.models import User
from kitloop.accounts.second_factor import has_second_factor
from kitloop.dashboard.second_step import KEPT_SECONDS
from kitloop.events.audit import AuditEntry
from posting import link_in, posted
from second_factors import code, later, turned_on

PASSWORD = "a long enough password"
PATH = "/account/two-step-login"
WRONG = "This code is not right, or not any more."


def half(person: Person, **more: str) -> Client:
    """A browser whose password was right."""
    client = Client()
    answer = client.post("/login", {"username": person.user.email, "password": PASSWORD, **more})
    assert answer["Location"] == "/login/code"
    return client


def test_from_the_account_to_the_backup_tokens_which_are_shown_once(cast: Cast) -> None:
    client = browser(cast.viewer)
    assert "off Your password alone is enough" in text(client.get(PATH))
    assert "That is not your password." in text(client.post(PATH, {"password": "wrong"}))
    assert client.post(PATH, {"password": PASSWORD})["Location"] == f"{PATH}/set-up"
    page = client.get(f"{PATH}/set-up").content.decode()
    (typed,) = re.findall(r'<code class="typed">([A-Z2-7 ]+)</code>', page)
    (picture,) = re.findall(r"<svg.*?</svg>", page.partition('class="scan"')[2], re.DOTALL)
    assert ElementTree.fromstring(picture).tag == "svg"
    assert "style=" not in picture  # the page's policy would refuse it
    secret = typed.replace(" ", "")
    assert secret in client.get(f"{PATH}/set-up").content.decode().replace(" ", "")
    assert WRONG in text(client.post(f"{PATH}/set-up", {"token": "000000"}))
    assert not has_second_factor(cast.viewer.user)
    later(cast.viewer.user)
    done = client.post(f"{PATH}/set-up", {"token": code(secret)})
    assert done["Location"] == f"{PATH}/backup-tokens"
    shown = client.get(done["Location"])
    tokens = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", shown.content.decode())
    assert len(set(tokens)) == 10
    assert "no-store" in shown["Cache-Control"]
    again = client.get(done["Location"])
    assert tokens[0] not in again.content.decode()
    assert "can’t be shown again" in text(again)
    assert "10 backup tokens left" in text(client.get(PATH))
    assert client.get(f"{PATH}/set-up")["Location"] == PATH
    assert [entry.action for entry in AuditEntry.objects.order_by("position")] == [
        "mfa-setup.post",
        "mfa-validate.post",
    ]
    assert half(cast.viewer).post("/login/code", {"code": tokens[0]})["Location"] == "/"


def test_the_password_alone_opens_nothing(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    client = half(cast.viewer, next=f"/projects/{cast.project.id}")
    for path in ("/", "/account", "/projects", PATH):
        assert client.get(path)["Location"].startswith("/login?next=")
    assert not AuditEntry.objects.filter(action="login.post").exists()
    before = client.cookies["kitloop_session"].value
    now = code(secret)
    done = client.post("/login/code", {"code": f" {now} "})
    assert done["Location"] == f"/projects/{cast.project.id}"
    assert client.cookies["kitloop_session"].value != before
    assert client.get("/account").status_code == 200
    assert AuditEntry.objects.get(action="login.post").user_id == cast.viewer.user.id
    assert half(cast.viewer).post("/login/code", {"code": now}).status_code == 200  # used up


def test_a_wrong_code_is_told_and_the_sixth_try_is_refused(cast: Cast) -> None:
    secret, _ = turned_on(cast.viewer.user)
    client = half(cast.viewer)
    assert WRONG in text(client.post("/login/code", {"code": "000 000"}))
    assert "This backup token is not right" in text(client.post("/login/code", {"code": "abcde-fghjk"}))
    assert "This field is required." in text(client.post("/login/code", {"code": ""}))
    later(cast.viewer.user)
    assert client.post("/login/code", {"code": "000000"}).status_code == 200
    later(cast.viewer.user)
    refused = client.post("/login/code", {"code": code(secret)})
    assert (refused.status_code, "Too many attempts" in text(refused)) == (429, True)
    assert 0 < int(refused["Retry-After"]) <= 900
    assert client.get("/account").status_code == 302


def test_the_second_step_is_for_whoever_made_the_first_one_lately(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = turned_on(cast.viewer.user)
    assert Client().get("/login/code")["Location"] == "/login"
    assert Client().post("/login/code", {"code": code(secret)})["Location"] == "/login"
    client = half(cast.viewer)
    assert client.get("/login/code").status_code == 200
    now = time.time()
    monkeypatch.setattr("kitloop.dashboard.second_step.time", Clock(now + KEPT_SECONDS + 2))
    assert client.post("/login/code", {"code": code(secret)})["Location"] == "/login"


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize("change", ["password", "deactivated"])
def test_what_happens_between_the_steps_counts(cast: Cast, change: str) -> None:
    secret, _ = turned_on(cast.viewer.user)
    client = half(cast.viewer)
    user = User.objects.get(pk=cast.viewer.user.pk)
    if change == "password":
        user.set_password("another good long one")
    else:
        user.is_active = False
    user.save()
    assert client.post("/login/code", {"code": code(secret)})["Location"] == "/login"
    assert client.get("/account").status_code == 302


def test_a_password_set_by_letter_does_not_go_past_it(cast: Cast) -> None:
    turned_on(cast.viewer.user)
    posted()
    client = Client()
    client.post("/password-reset", {"email": cast.viewer.user.email})
    (letter,) = posted()
    set_at = client.get(link_in(letter), follow=True).redirect_chain[-1][0]
    client.post(set_at, {"new_password1": "another good long one", "new_password2": "another good long one"})
    assert client.get("/account").status_code == 302
    answer = client.post("/login", {"username": cast.viewer.user.email, "password": "another good long one"})
    assert answer["Location"] == "/login/code"


def test_turning_it_off_takes_the_password(cast: Cast) -> None:
    turned_on(cast.viewer.user)
    client = browser(cast.viewer)
    assert "Turn two-step login off?" in text(client.get(f"{PATH}/turn-off"))
    assert "That is not your password." in text(client.post(f"{PATH}/turn-off", {"password": "wrong"}))
    assert has_second_factor(cast.viewer.user)
    done = client.post(f"{PATH}/turn-off", {"password": PASSWORD}, follow=True)
    assert "Two-step login is off." in text(done)
    assert not has_second_factor(cast.viewer.user)
    answer = Client().post("/login", {"username": cast.viewer.user.email, "password": PASSWORD})
    assert answer["Location"] == "/"


def test_an_owner_turns_it_off_for_who_lost_everything(cast: Cast) -> None:
    turned_on(cast.viewer.user)
    posted()
    client, path = browser(cast.owner), f"/people/{cast.viewer.user.id}"
    page = client.get(path)
    assert "Second factor on" in text(page)
    assert f"{path}/second-factor-off" in page.content.decode()
    assert "Turn off Viewer’s two-step login?" in html.unescape(text(client.get(f"{path}/second-factor-off")))
    assert has_second_factor(cast.viewer.user)
    done = client.post(f"{path}/second-factor-off", follow=True)
    assert "Viewer logs in with the password alone" in text(done)
    assert not has_second_factor(cast.viewer.user)
    entry = AuditEntry.objects.get(action="second-factor-off.post")
    assert (entry.user_id, entry.subjects) == (cast.owner.user.id, [cast.viewer.user.id])
    assert [letter.to for letter in posted()] == [[cast.viewer.user.email]]
    assert "is off already" in text(client.post(f"{path}/second-factor-off", follow=True))
