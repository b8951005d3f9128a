"""The guide's "Get Your API Key", as it is written there, and what must hold around it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import Cast, person
from dashboard_rows import browser, text
from django.contrib.sessions.models import Session
from django.test import Client
from kitloop.accounts.models import APIKey

KEY = re.compile(r'value="([A-Za-z0-9]{8}\.[A-Za-z0-9]{32})"')


def link(answer: Any, words: str) -> str:
    """Where the link or tab that reads so leads to."""
    for href, inner in re.findall(r'<a href="([^"]+)"[^>]*>(.*?)</a>', answer.content.decode(), re.DOTALL):
        if re.sub(r"<[^>]*>", "", inner).strip() == words:
            return str(href)
    raise AssertionError(f"No link reads {words!r}.")


def generate(client: Client, **given: str) -> Any:
    return client.post("/account/api-keys/new", {"name": "production", **given}, follow=True)


def test_the_guides_path_from_log_in_to_a_key_that_works_and_is_revoked(cast: Cast) -> None:
    client = Client()
    answer = client.post(
        "/login", {"username": cast.analyst.user.email, "password": "a long enough password"}, follow=True
    )
    assert answer.redirect_chain == [("/", 302), ("/projects", 302)]
    sidebar = re.search(r'<aside class="sidebar">.*?</aside>', answer.content.decode(), re.DOTALL)
    assert sidebar is not None
    assert "Account" in sidebar[0]
    account = client.get(link(answer, "Account"))
    tab = client.get(link(account, "API Keys"))
    form = client.get(link(tab, "Generate new API key"))
    assert form.status_code == 200
    shown = generate(client)
    (key,) = KEY.findall(shown.content.decode())
    assert "It can’t be shown again." in text(shown)

    api, headers = Client(), {"Authorization": f"Api-Key {key}"}
    url = f"/api/v2/project-samples/{cast.project.id}"
    assert api.get(url, headers=headers).status_code == 200
    row = APIKey.objects.get(prefix=key[:8])
    assert row.user == cast.analyst.user
    assert row.name == "production"

    question = client.get(f"/account/api-keys/{row.id}/revoke")
    assert question.status_code == 200
    assert api.get(url, headers=headers).status_code == 200  # asking revoked nothing
    assert "is revoked" in text(client.post(f"/account/api-keys/{row.id}/revoke", follow=True))
    assert api.get(url, headers=headers).status_code == 401


def test_a_key_is_shown_once_and_a_refresh_neither_shows_nor_makes_another(cast: Cast) -> None:
    client = browser(cast.analyst)
    made = client.post("/account/api-keys/new", {"name": "production"})
    assert made.status_code == 302
    (key,) = KEY.findall(client.get(made["Location"]).content.decode())
    count = APIKey.objects.count()
    for path in (made["Location"], "/account/api-keys", "/account", f"{made['Location']}?again"):
        answer = client.get(path)
        assert key not in answer.content.decode()
        assert key[9:] not in answer.content.decode()
    assert "it can’t be shown again" in text(client.get(made["Location"]))
    assert APIKey.objects.count() == count


def test_between_making_and_showing_the_key_is_nowhere_readable(cast: Cast) -> None:
    client = browser(cast.analyst)
    made = client.post("/account/api-keys/new", {"name": "production"})
    kept = str([session.get_decoded() for session in Session.objects.all()])
    (key,) = KEY.findall(client.get(made["Location"]).content.decode())
    assert key[9:] not in kept
    assert "once:" in kept
    assert "once:" not in str([session.get_decoded() for session in Session.objects.all()])


def test_the_page_with_the_key_is_not_stored_by_the_browser(cast: Cast) -> None:
    client = browser(cast.analyst)
    made = client.post("/account/api-keys/new", {"name": "production"})
    assert "no-store" in client.get(made["Location"])["Cache-Control"]


def test_expiry_and_ranges_are_kept_and_listed(cast: Cast) -> None:
    client = browser(cast.owner)
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    generate(client, expiry_date=day.isoformat(), ip_range="203.0.113.0/24\n2001:db8::/32, 198.51.100.7")
    key = APIKey.objects.get(name="production")
    assert key.expiry_date == day
    assert key.ip_range == ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"]
    page = text(client.get("/account/api-keys"))
    assert "203.0.113.0/24" in page
    assert f"{key.prefix}…" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 51}, "at most 50 characters"),
        ({"expiry_date": "2020-01-01"}, "This day is over."),
        ({"expiry_date": "soon"}, "Enter a valid date."),
        ({"ip_range": "10.1.2.3/8"}, "Did you mean 10.0.0.0/8?"),
        ({"ip_range": "zebra"}, "zebra is not an IP range."),
        ({"ip_range": "0.0.0.0/33"}, "0.0.0.0/33 is not an IP range."),
        ({"ip_range": " ".join(["10.0.0.0/8"] * 51)}, "At most 50 ranges."),
    ],
)
def test_what_cannot_be_a_key_is_refused_in_words_and_makes_none(cast: Cast, given: dict[str, str], said: str) -> None:
    before = APIKey.objects.count()
    answer = generate(browser(cast.owner), **given)
    assert answer.status_code == 200
    assert said in text(answer)
    assert APIKey.objects.count() == before


def test_nobody_sees_or_revokes_another_persons_key(cast: Cast) -> None:
    key = APIKey.objects.get(user=cast.analyst.user)
    for other in (cast.owner, cast.viewer, cast.stranger, person(cast.organization, "manager")):
        client = browser(other)
        assert key.prefix not in client.get("/account/api-keys").content.decode()
        assert client.post(f"/account/api-keys/{key.id}/revoke").status_code == 404
        assert client.get(f"/account/api-keys/{key.id}/created").status_code == 404
    key.refresh_from_db()
    assert not key.revoked


def test_the_list_gives_the_guides_advice(cast: Cast) -> None:
    assert "a separate user with Analyst level privileges" in text(browser(cast.owner).get("/account/api-keys"))
