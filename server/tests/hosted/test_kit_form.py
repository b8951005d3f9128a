"""A person opens the link, says where the kit goes, and is sent back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cast import Cast
from django.db import connection, transaction
from django.test import Client
from hosted_visits import ADDRESS, asked, kit_link, opened, path_of
from kitloop.events.models import AuditEntry, Event
from kitloop.hosted.labels import labels_of
from kitloop.kits.cancelling import cancel_samples
from kitloop.kits.links import SESSION, Link
from kitloop.kits.models import Kit, Recipient, Sample
from kitloop.kits.orders import order_kit
from procrastinate.contrib.django.models import ProcrastinateJob

from lab import RECIPIENT

THANKS, SORRY = "https://shop.example/thanks?o=1", "https://shop.example/sorry"


def late(link: dict[str, str], **changes: Any) -> None:
    Link.objects.filter(sample_id=link["sample_id"]).update(**changes)


def test_the_link_leads_to_a_page_whose_address_opens_nothing(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast)
    answer = client.get(path_of(link["url"]))
    assert answer.status_code == 302
    page = answer["Location"]
    assert page == f"/forms/kit/{Link.objects.get().pk}"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    cookie = answer.cookies["kitloop_form"]
    assert (cookie["path"], cookie["max-age"], cookie["samesite"], cookie["httponly"]) == (page, 900, "Lax", True)
    shown = client.get(page)
    assert shown.status_code == 200
    assert b"Where should your kit go?" in shown.content
    assert cast.organization.name in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert Client().get(page).status_code == 410


def test_what_is_sent_becomes_the_order_of_the_same_sample(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast, metadata={"customer_id": "c1"}, redirect_on_success=THANKS)
    page = opened(client, link)
    answer = client.post(page, ADDRESS)
    assert (answer.status_code, answer["Location"]) == (303, THANKS)
    sample = Sample.objects.get()
    assert (str(sample.id), sample.status, sample.metadata) == (
        link["sample_id"],
        "kit_requested",
        {"customer_id": "c1"},
    )
    kit = Kit.objects.get(sample=sample)
    assert kit.state == "requested"
    assert [move.state for move in kit.moves.all()] == ["requested"]
    assert Recipient.objects.get(kit=kit).fields() == {
        "name": "Jane Doe", "line1": "123 Main Street", "line2": "", "line3": "", "city": "San Francisco",
        "state_region": "CA", "postal_code": "94102", "country_code": "US", "email": "jane.doe@example.com",
        "phone": "+14155551234", "instructions": "Leave at front desk",
    }  # fmt: skip
    job = ProcrastinateJob.objects.get(task_name="labs.submit")
    assert (job.args, job.queue_name) == ({"kit_id": str(kit.id)}, "lab")
    assert [line.status for line in sample.statuses.order_by("position")] == [
        "consumer_awaiting_kit_order", "kit_requested",
    ]  # fmt: skip
    assert [event.type for event in Event.objects.order_by("position")] == [
        "sample.consumer_awaiting_kit_order", "sample.kit_requested",
    ]  # fmt: skip
    entry = AuditEntry.objects.get(action="sample-kit-form.submit")
    assert (entry.organization_id, entry.user_id, entry.subjects) == (
        cast.organization.id, None, [sample.id, kit.id],
    )  # fmt: skip


def test_sent_twice_it_is_one_kit_for_the_first_address(client: Client, cast: Cast) -> None:
    page = opened(client, kit_link(client, cast, redirect_on_success=THANKS))
    first = client.post(page, ADDRESS)
    again = client.post(page, {**ADDRESS, "recipient_address_name": "Somebody Else"})
    back = client.get(page)
    assert [answer["Location"] for answer in (first, again, back)] == [THANKS] * 3
    assert Kit.objects.count() == 1
    assert Recipient.objects.get().fields()["name"] == "Jane Doe"
    assert ProcrastinateJob.objects.filter(task_name="labs.submit").count() == 1


@pytest.mark.django_db(transaction=True)
def test_sent_by_eight_at_once_it_is_one_kit(client: Client, cast: Cast) -> None:
    page = opened(client, kit_link(client, cast))
    secret = client.cookies["kitloop_form"].value

    def post(_: int) -> int:
        one = Client()
        one.cookies["kitloop_form"] = secret
        try:
            return one.post(page, ADDRESS).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(post, range(8))) == [200] * 8
    assert Kit.objects.count() == 1
    assert ProcrastinateJob.objects.filter(task_name="labs.submit").count() == 1


@pytest.mark.django_db(transaction=True)
def test_opened_by_eight_at_once_one_gets_in(client: Client, cast: Cast) -> None:
    url = path_of(kit_link(client, cast)["url"])

    def visit(_: int) -> bool:
        one = Client()
        try:
            one.get(url)
            return "kitloop_form" in one.cookies
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(visit, range(8))) == 1


def test_without_addresses_to_go_to_the_page_itself_says_how_it_went(client: Client, cast: Cast) -> None:
    page = opened(client, kit_link(client, cast))
    done = client.post(page, ADDRESS)
    assert done.status_code == 200
    assert b"Your kit is ordered" in done.content
    assert b"94102" not in done.content


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient_address_postal_code", "XX"),
        ("recipient_address_postal_code", "10001"),
        ("recipient_address_state_region", "Bavaria"),
        ("recipient_phone", "12"),
        ("recipient_email", "jane"),
        ("recipient_email", "j" * 250 + "@example.com"),
        ("recipient_address_country_code", "XX"),
        ("recipient_address_country_code", ""),
        ("recipient_address_line1", "x" * 51),
        ("recipient_address_line2", "x" * 51),
        ("recipient_address_line3", "a\u202eb"),
        ("recipient_address_name", ""),
        ("recipient_address_name", "\u200d"),
        ("recipient_address_name", "x" * 256),
        ("recipient_address_city", "\x00"),
        ("recipient_instructions", "x" * 256),
    ],
)
def test_the_page_refuses_what_the_api_refuses_and_keeps_what_was_typed(
    client: Client, cast: Cast, field: str, value: str
) -> None:
    wrong = {**ADDRESS, field: value}
    over_the_api = asked(client, cast, "sample-kit/", project_id=str(cast.project.id), **wrong)
    assert (over_the_api.status_code, list(over_the_api.json())) == (400, [field])
    page = opened(client, kit_link(client, cast, redirect_on_success=THANKS))
    answer = client.post(page, wrong)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    shown = answer.content.decode()
    assert f'id="id_{field}_error"' in shown
    assert f'href="#id_{field}"' in shown
    kept = "recipient_address_line1" if field != "recipient_address_line1" else "recipient_address_city"
    assert f'value="{ADDRESS[kept]}"' in shown
    assert Kit.objects.count() == 0
    assert client.post(page, ADDRESS)["Location"] == THANKS


def test_an_empty_form_names_every_field_that_is_needed(client: Client, cast: Cast) -> None:
    answer = client.post(opened(client, kit_link(client, cast)), {})
    over_the_api = asked(client, cast, "sample-kit/", project_id=str(cast.project.id))
    assert sorted(answer.context["form"].errors) == sorted(over_the_api.json())
    assert answer.content.decode().count("autofocus") == 1


def test_a_link_that_was_used_opens_nothing_for_anybody_else(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast)
    page = opened(client, link)
    other = Client()
    again = other.get(path_of(link["url"]), follow=True)
    assert again.status_code == 410
    assert b"This link was used already" in again.content
    assert "kitloop_form" not in other.cookies
    assert client.get(path_of(link["url"]), follow=True).status_code == 200  # its own browser is led back in
    assert other.post(page, ADDRESS).status_code == 410
    assert Kit.objects.count() == 0


def test_a_session_outlives_its_token_and_ends_after_a_quarter_of_an_hour(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast, expires_in=60)
    page = opened(client, link)
    now = datetime.now(UTC)
    assert Link.objects.get().session_expires == Link.objects.get().opened + SESSION
    late(link, expires=now - timedelta(minutes=5))
    assert client.get(page).status_code == 200
    late(link, session_expires=now - timedelta(seconds=1))
    answer = client.post(page, ADDRESS)
    assert answer.status_code == 410
    assert b"Your time is up" in answer.content
    assert Kit.objects.count() == 0


def test_an_expired_link_does_not_open(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast)
    late(link, expires=datetime.now(UTC) - timedelta(seconds=1))
    answer = client.get(path_of(link["url"]))
    assert answer.status_code == 410
    assert b"This link has expired" in answer.content
    assert b"Acme Health" in answer.content
    assert "kitloop_form" not in client.cookies


@pytest.mark.parametrize("how", ["expired", "used", "timed out", "cancelled", "ordering off"])
def test_where_it_cannot_go_on_the_browser_goes_where_the_company_asked(client: Client, cast: Cast, how: str) -> None:
    link = kit_link(client, cast, redirect_on_success=THANKS, redirect_on_failure=SORRY)
    past = datetime.now(UTC) - timedelta(seconds=1)
    if how == "expired":
        late(link, expires=past)
        answer = client.get(path_of(link["url"]))
    else:
        page = opened(client, link)
        if how == "used":
            client = Client()
        elif how == "timed out":
            late(link, session_expires=past)
        elif how == "cancelled":
            Sample.objects.update(status="cancelled")
        else:
            cast.organization.kit_ordering_enabled = False
            cast.organization.save()
        answer = client.post(page, ADDRESS)
    assert (answer.status_code, answer["Location"]) == (303, SORRY)
    assert Kit.objects.count() == 0


def test_after_it_is_done_every_way_leads_to_success(client: Client, cast: Cast) -> None:
    link = kit_link(client, cast, redirect_on_success=THANKS, redirect_on_failure=SORRY)
    page = opened(client, link)
    client.post(page, ADDRESS)
    assert Client().get(path_of(link["url"]), follow=True).redirect_chain[-1] == (THANKS, 303)
    late(link, session_expires=datetime.now(UTC) - timedelta(days=1))
    assert client.get(page)["Location"] == THANKS


def _forged(link: dict[str, str], how: str) -> str:
    token = link["url"].split("token=")[1]
    claims = jwt.decode(token, options={"verify_signature": False})
    if how == "none":
        return jwt.encode(claims, key=None, algorithm="none")  # type: ignore[arg-type]
    if how == "other key":
        return jwt.encode(claims, "a key that is long enough to be one of theirs", algorithm="HS256")
    return {"cut off": token[:-3], "empty": "", "nonsense": "nonsense", "body": "e30.e30.e30", "NUL": "%00"}[how]


@pytest.mark.parametrize("how", ["none", "other key", "cut off", "empty", "nonsense", "body", "NUL"])
def test_a_token_that_is_not_ours_opens_nothing_and_leads_nowhere(client: Client, cast: Cast, how: str) -> None:
    link = kit_link(client, cast, redirect_on_success=THANKS, redirect_on_failure=SORRY)
    answer = client.get(f"/forms/kit?token={_forged(link, how)}")
    assert answer.status_code == 404
    assert b"This link is not complete" in answer.content
    assert "Acme" not in answer.content.decode()
    assert Link.objects.get().opened is None
    assert client.get(f"/forms/kit/{Link.objects.get().pk}").status_code in {303, 410}


def test_a_token_of_one_kind_does_not_open_another(client: Client, cast: Cast) -> None:
    token = kit_link(client, cast)["url"].split("?")[1]
    assert client.get(f"/forms/array-data?{token}").status_code == 404
    assert client.get(f"/reports/view?{token}").status_code == 404
    assert Link.objects.get().opened is None


def test_two_forms_in_one_browser_do_not_mix(client: Client, cast: Cast) -> None:
    first, second = kit_link(client, cast), kit_link(client, cast)
    pages = [opened(client, first), opened(client, second)]
    # The test client keeps one cookie of a name; a browser keeps one for each path. Each alone opens its own page only.
    secret = client.cookies["kitloop_form"].value
    assert client.get(pages[1]).status_code == 200
    client.cookies["kitloop_form"] = secret
    assert client.get(pages[0]).status_code == 410


def test_looking_whether_a_link_is_alive_does_not_use_it_up(client: Client, cast: Cast) -> None:
    url = path_of(kit_link(client, cast)["url"])
    assert client.head(url).status_code == 405
    assert client.get(url, headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert client.get(url).status_code == 302


def test_another_site_cannot_send_the_form(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    page = opened(client, kit_link(client, cast))
    assert client.post(page, ADDRESS).status_code == 403
    token = client.get(page).context["csrf_token"]
    answer = client.post(page, {**ADDRESS, "csrfmiddlewaretoken": str(token)})
    assert answer.status_code == 200
    assert Kit.objects.count() == 1


def test_pages_load_nothing_from_elsewhere_and_may_lead_back_to_the_company(client: Client, cast: Cast) -> None:
    page = opened(
        client, kit_link(client, cast, redirect_on_success=THANKS, redirect_on_failure="http://localhost:3000/no")
    )
    answer = client.get(page)
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self' http://localhost:3000 https://shop.example"
    )
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Robots-Tag"] == "noindex"
    assert "style=" not in answer.content.decode()


@pytest.mark.parametrize(
    ("country", "words"),
    [
        ("US", ("State", "Town or city", "ZIP code")),
        ("JP", ("Prefecture", "Town or city", "Postal code")),
        ("IN", ("State", "Town or city", "PIN code")),
        ("DE", ("State or region", "Town or city", "Postal code")),
        ("AE", ("Emirate", "Town or city", "Postal code")),
        ("IE", ("County", "Town or city", "Eircode")),
        ("XX", ("State or region", "Town or city", "Postal code")),
    ],
)
def test_an_address_is_asked_for_in_the_countrys_words(country: str, words: tuple[str, str, str]) -> None:
    found = labels_of(country)
    assert (found.region, found.city, found.postal_code) == words


def test_a_form_that_comes_back_speaks_the_countrys_words(client: Client, cast: Cast) -> None:
    page = opened(client, kit_link(client, cast))
    assert "Postal code</label>" in client.get(page).content.decode()
    assert "ZIP code</label>" in client.post(page, {**ADDRESS, "recipient_phone": "1"}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_cancelled_at_the_very_moment_it_is_sent_the_kit_is_cancelled_too(client: Client, cast: Cast) -> None:
    sample = Sample.objects.get(pk=kit_link(client, cast)["sample_id"])
    begun = threading.Event()

    def cancel() -> int:
        begun.set()
        try:
            return cancel_samples(cast.project, [sample.pk])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            order_kit(sample, recipient=RECIPIENT)
            cancelling = threads.submit(cancel)  # finds no kit yet, and waits for the sample
            begun.wait(10)
            wait_for_a_waiting_lock()
        assert cancelling.result(30) == 1
    assert Sample.objects.get().status == "cancelled"
    assert Kit.objects.get().state == "cancelled"


def wait_for_a_waiting_lock() -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted"
            )  # pg_stat_activity is frozen in a transaction
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")
