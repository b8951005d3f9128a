"""Webhooks: subscriptions, their secrets, deliveries."""

import re

from cast import Cast, person
from dashboard_rows import browser, deliver, subscribe, text
from django.contrib.sessions.models import Session
from django.utils import timezone
from kitloop.webhooks.models import Delivery, Subscription

SECRET = re.compile(r'id="secret"[^>]*value="([A-Za-z0-9]{32})"')
GIVEN = {"target": "https://shop.example/hooks", "event_types": ["analysis_complete_v2"], "name": "Shop"}


def test_a_manager_makes_a_subscription_and_sees_its_secret_once(cast: Cast) -> None:
    client = browser(person(cast.organization, "manager"))
    made = client.post(f"/projects/{cast.project.id}/webhooks/new", GIVEN)
    subscription = Subscription.objects.get()
    assert (subscription.name, subscription.target) == ("Shop", "https://shop.example/hooks")
    assert subscription.project == cast.project
    assert str(subscription.secret) not in str([session.get_decoded() for session in Session.objects.all()])
    (secret,) = SECRET.findall(client.get(made["Location"]).content.decode())
    assert secret == subscription.secret
    again = client.get(made["Location"])
    assert secret not in again.content.decode()
    assert "can’t be shown again" in text(again)
    assert secret not in client.get(f"/webhooks/{subscription.id}").content.decode()


def test_targets_that_cannot_be_called_are_refused_in_words(cast: Cast) -> None:
    client = browser(cast.owner)
    for target, said in (
        ("ftp://shop.example/", "Only http and https URLs can be called."),
        ("nonsense", "Enter a valid URL, or an email address."),
        ("https://user:pass@shop.example/", "A URL with a user name or password can't be used."),
        ("", "This field is required."),
    ):
        answer = client.post(f"/projects/{cast.project.id}/webhooks/new", {**GIVEN, "target": target})
        assert said in text(answer).replace("&#x27;", "'")
    without = client.post(f"/projects/{cast.project.id}/webhooks/new", {**GIVEN, "event_types": []})
    assert "Choose at least one event." in text(without)
    assert Subscription.objects.count() == 0


def test_rotating_asks_first_and_replaces_the_secret(cast: Cast) -> None:
    subscription = subscribe(cast)
    client = browser(cast.owner)
    assert "Generate a secret" in text(client.get(f"/webhooks/{subscription.id}/secret"))
    client.post(f"/webhooks/{subscription.id}/secret")
    subscription.refresh_from_db()
    first = subscription.secret
    assert "Rotate the secret" in text(client.get(f"/webhooks/{subscription.id}/secret"))
    subscription.refresh_from_db()
    assert subscription.secret == first
    client.post(f"/webhooks/{subscription.id}/secret")
    subscription.refresh_from_db()
    assert subscription.secret != first


def test_a_test_event_is_owed_once(cast: Cast) -> None:
    subscription = subscribe(cast)
    answer = browser(cast.owner).post(f"/webhooks/{subscription.id}/test", follow=True)
    assert "A test event is on its way." in text(answer)
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert not delivery.is_retried
    assert delivery.subscription == subscription


def test_deliveries_show_state_answer_and_attempts(cast: Cast) -> None:
    subscription = subscribe(cast)
    assert "Nothing was sent yet." in text(browser(cast.viewer).get(f"/webhooks/{subscription.id}"))
    delivery = deliver(subscription)
    page = text(browser(cast.viewer).get(f"/webhooks/{subscription.id}"))
    assert "analysis_complete_v2 pending 503 1 3 Mar 2026, 12:34 UTC" in page
    page = text(browser(cast.viewer).get(f"/deliveries/{delivery.id}"))
    assert "1 3 Mar 2026, 12:34 UTC 92 ms 503 — too busy" in page


def test_who_may_not_change_sees_no_buttons(cast: Cast) -> None:
    subscription = subscribe(cast)
    for path in ("/webhooks", f"/projects/{cast.project.id}/webhooks", f"/webhooks/{subscription.id}"):
        for looking in (cast.viewer, cast.analyst):
            page = browser(looking).get(path)
            main = page.content.decode().split("<main")[1]
            assert "nly managers and owners can change webhooks." in main
            assert "<form" not in main
            assert "New subscription" not in main
        assert "nly managers and owners" not in text(browser(cast.owner).get(path))


def test_a_disabled_one_says_why_and_can_be_enabled(cast: Cast) -> None:
    subscription = subscribe(cast)
    delivery = deliver(subscription)
    Subscription.objects.update(disabled_at=timezone.now(), disabled_reason="gone")
    Delivery.objects.update(state="held")
    page = text(browser(cast.owner).get(f"/webhooks/{subscription.id}"))
    assert "Its target answered 410 Gone" in page
    assert "Enable and send what was kept" in page
    assert "Enable and send" not in text(browser(cast.viewer).get(f"/webhooks/{subscription.id}"))
    browser(cast.owner).post(f"/webhooks/{subscription.id}/enable")
    subscription.refresh_from_db()
    delivery.refresh_from_db()
    assert subscription.disabled_at is None
    assert delivery.state == "pending"


def test_deleting_asks_first(cast: Cast) -> None:
    subscription = subscribe(cast)
    deliver(subscription)
    client = browser(cast.owner)
    assert "It can’t be taken back." in text(client.get(f"/webhooks/{subscription.id}/delete"))
    assert Subscription.objects.count() == 1
    assert "is deleted" in text(client.post(f"/webhooks/{subscription.id}/delete", follow=True))
    assert Subscription.objects.count() == Delivery.objects.count() == 0


def test_the_empty_page_says_what_webhooks_are_for(cast: Cast) -> None:
    assert "Nobody is told when results are ready." in text(browser(cast.owner).get("/webhooks"))
