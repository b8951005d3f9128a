"""Following a kit: tracking while somebody looks, polling for what no webhook told, and the page's words."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cast import Cast, ordered, placed
from django.utils import timezone
from fake_platform import STAGES, FakePlatform
from kitloop_sdk import Client
from kitloop_storefront.models import Progress, Result
from kitloop_storefront.polling import poll_due
from kitloop_storefront.tracking import bring_up_to_date, note_viewed, refresh_due

HEADLINES = {
    "requested": "Order confirmed",
    "ordered": "Your kit is being packed",
    "shipped": "On its way to you",
    "delivered": "Delivered: over to you",
    "returning": "On its way back to the lab",
    "received": "Arrived at the lab",
    "sequencing": "Reading your DNA",
    "sequenced": "Working out your results",
}


def page(cast: Cast, order: Any, who: str = "jane") -> str:
    return cast.browser(who).get(f"/kits/{order.number}/").content.decode()


def test_each_stage_has_its_words_and_its_tracking_number(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    for state in STAGES:
        if state != "requested":
            fake.move(str(order.sample_id), state)
        bring_up_to_date(door, order)
        text = page(cast, order)
        assert f"<h1>{HEADLINES[state]}</h1>" in text
        assert text.count('aria-current="step"') == 1
        assert ("DP 4471 8830 12" in text) == (STAGES.index(state) >= STAGES.index("shipped"))
    assert "DP 4471 8830 29" in text
    assert len(re.findall(r">\d+ \w+ \d{4}, \d\d:\d\d UTC</time>", text)) == text.count("<time ") > 0
    assert "simulated" in text


def test_the_fragment_is_the_pages_moving_part(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    jane = cast.browser("jane")
    before = jane.get(f"/kits/{order.number}/progress").content.decode()
    assert "<html" not in before
    assert before.strip() in page(cast, order)
    fake.move(str(order.sample_id), "shipped")
    bring_up_to_date(door, order)
    after = jane.get(f"/kits/{order.number}/progress").content.decode()
    version = [text.split('data-version="')[1].split('"')[0] for text in (before, after)]
    assert version[0] != version[1]
    bring_up_to_date(door, order)  # the time of a look is not news
    assert f'data-version="{version[1]}"' in jane.get(f"/kits/{order.number}/progress").content.decode()


def test_without_scripts_the_page_reloads_itself_until_the_results_are_there(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = placed(cast.jane, door)
    assert '<noscript><meta http-equiv="refresh"' in page(cast, order)
    fake.finish(str(order.sample_id))
    bring_up_to_date(door, order)
    assert 'http-equiv="refresh"' not in page(cast, order)


def test_a_host_without_journeys_shows_what_its_statuses_say(cast: Cast, fake: FakePlatform, door: Client) -> None:
    fake.knows_journeys = False
    order = placed(cast.jane, door)
    for status, headline in (
        ("kit_ordered", "Your kit is being packed"),
        ("kit ordered", "Your kit is being packed"),
        ("running", "Working out your results"),
    ):
        fake.samples[str(order.sample_id)]["status"] = status
        bring_up_to_date(door, order)
        text = page(cast, order)
        assert f"<h1>{headline}</h1>" in text
        assert "Arrived at the lab" not in text  # what cannot be known is not left pending


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("undeliverable", "could not deliver"),
        ("lost", "lost in the post"),
        ("expired", "too old"),
        ("sample_rejected", "could not use this sample"),
        ("rejected_by_lab", "could not take this order"),
        ("cancelled", "was cancelled"),
    ],
)
def test_an_ending_is_told_kindly_and_once(
    cast: Cast, fake: FakePlatform, door: Client, state: str, words: str
) -> None:
    order = placed(cast.jane, door)
    fake.move(str(order.sample_id), state)
    fake.samples[str(order.sample_id)]["holds"] = [
        {"reason_code": state, "owner": "customer", "note": "raw words", "deadline": None}
    ]
    bring_up_to_date(door, order)
    text = page(cast, order)
    assert words in text.split("<h1>")[1].split("</h1>")[0]
    assert "raw words" not in text
    assert "small delay" not in text
    staff = cast.browser("staff").get("/staff/?problems=on").content.decode()
    assert "Hold, for you" in staff
    assert "raw words" in staff


def test_a_replaced_kit_starts_the_timeline_anew_and_is_remembered(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = placed(cast.jane, door)
    fake.move(str(order.sample_id), "shipped")
    fake.move(str(order.sample_id), "lost")
    fake.replace_kit(str(order.sample_id))
    bring_up_to_date(door, order)
    text = page(cast, order)
    assert "<h1>Order confirmed</h1>" in text
    assert "Earlier kits" in text
    assert "lost in the post" in text


def test_a_hold_is_a_delay_unless_it_waits_for_the_person(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    holds = fake.samples[str(order.sample_id)]["holds"]
    holds.append({"reason_code": "lab_refuses", "owner": "operator", "note": "HTTP 500 from lab", "deadline": None})
    bring_up_to_date(door, order)
    text = page(cast, order)
    assert "There is a small delay" in text
    assert "HTTP 500" not in text
    holds[:] = [{"reason_code": "consent", "owner": "recipient", "note": "Please sign the form.", "deadline": None}]
    bring_up_to_date(door, order)
    text = page(cast, order)
    assert "We need something from you" in text
    assert "Please sign the form." in text


def test_only_kits_that_are_open_or_moved_lately_are_asked_for(
    cast: Cast, fake: FakePlatform, door: Client, shop: Any
) -> None:
    shop.TRACK_SECONDS = 10.0
    order, now = placed(cast.jane, door), timezone.now()
    assert refresh_due(door, now=now) == 1  # just placed
    assert refresh_due(door, now=now + timedelta(seconds=5)) == 0  # too soon
    Progress.objects.update(moved_at=now - timedelta(hours=1))
    assert refresh_due(door, now=now + timedelta(minutes=5)) == 0  # nobody looks
    note_viewed(order, now=now + timedelta(minutes=5))
    assert refresh_due(door, now=now + timedelta(minutes=5)) == 1
    assert refresh_due(door, now=now + timedelta(minutes=20)) == 0  # closed again


def test_by_default_an_open_page_asks_the_platform_once_an_hour(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order, now = placed(cast.jane, door), timezone.now()
    asked = 0
    for minutes in range(0, 180, 1):
        then = now + timedelta(minutes=minutes)
        note_viewed(order, now=then)
        asked += refresh_due(door, now=then)
    assert asked == 3


def test_a_platform_that_is_down_is_not_asked_at_every_tick(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order, now = placed(cast.jane, door), timezone.now()
    fake.stop()
    note_viewed(order, now=now)
    assert refresh_due(door, now=now) == 1
    assert refresh_due(door, now=now + timedelta(seconds=2)) == 0


def test_polling_catches_what_no_webhook_told(cast: Cast, fake: FakePlatform, door: Client) -> None:
    orders, now = [placed(cast.jane, door) for _ in range(3)], timezone.now()
    assert poll_due(door, now=now) == 3
    fake.finish(str(orders[1].sample_id))
    assert poll_due(door, now=now + timedelta(minutes=59)) is None  # no oftener than hourly
    assert poll_due(door, now=now + timedelta(minutes=61)) == 1
    assert [result.order_id for result in Result.objects.all()] == [orders[1].pk]
    assert poll_due(door, now=now + timedelta(minutes=122)) == 0


def test_polling_sees_a_kit_that_moved_while_its_status_stayed(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order, now = placed(cast.jane, door), timezone.now()
    poll_due(door, now=now)
    fake.move(str(order.sample_id), "shipped")
    fake.samples[str(order.sample_id)]["note"] = "Kit shipped."
    assert poll_due(door, now=now + timedelta(hours=2)) == 1
    assert "<h1>On its way to you</h1>" in page(cast, order)


def test_a_failed_look_is_not_repeated_before_its_time(cast: Cast, fake: FakePlatform, door: Client) -> None:
    placed(cast.jane, door)
    now = timezone.now()
    fake.stop()
    with pytest.raises(Exception, match="no answer"):
        poll_due(door, now=now)
    fake.start()
    assert poll_due(door, now=now + timedelta(minutes=1)) is None
    assert poll_due(door, now=now + timedelta(hours=1)) == 1


def test_nothing_is_polled_before_there_is_an_order(cast: Cast, fake: FakePlatform, door: Client) -> None:
    ordered(cast.jane)
    assert poll_due(door) is None
    assert fake.requests == []


def test_polling_walks_every_page(cast: Cast, fake: FakePlatform, door: Client) -> None:
    order = placed(cast.jane, door)
    mine = fake.samples[str(order.sample_id)]
    for number in range(450):
        other = f"{number:08d}-0000-4000-8000-000000000000"
        fake.samples[other] = mine | {"id": other, "modified": f"2027-01-01T00:00:{number % 60:02d}Z"}
    assert poll_due(door) == 1
    assert sum("project-samples" in one for one in fake.requests) == 3


def test_staff_are_not_told_to_look_at_results_that_are_not_theirs(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = placed(cast.jane, door)
    fake.finish(str(order.sample_id))
    bring_up_to_date(door, order)
    assert "Have a look whenever you like" in page(cast, order)
    seen = page(cast, order, "staff")
    assert "Your results are ready</h1>" in seen
    assert "Have a look" not in seen
