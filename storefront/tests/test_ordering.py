import uuid

import pytest
from cast import ADDRESS, Cast, form, ordered
from django.utils import timezone
from fake_platform import PROJECT, FakePlatform
from kitloop_sdk import Client
from kitloop_storefront import background
from kitloop_storefront.models import Order
from kitloop_storefront.orders import correct_order
from kitloop_storefront.outbox import place_due
from kitloop_storefront.pages.kit import kit_page


def test_the_form_is_filled_with_what_we_know_and_asks_browsers_for_the_rest(cast: Cast) -> None:
    page = cast.browser("jane").get("/order/").content.decode()
    assert 'value="jane@example.com"' in page
    assert 'value="Jane Doe"' in page
    assert 'autocomplete="section-kit shipping postal-code"' in page
    assert page.count("<option") == 250


def test_ordering_stores_the_order_before_the_platform_hears_of_it(cast: Cast, fake: FakePlatform) -> None:
    fake.stop()
    answer = cast.browser("jane").post("/order/", form())
    order = Order.objects.get()
    assert answer.url == f"/kits/{order.number}/"
    assert (order.customer, order.state, order.sample_id) == (cast.jane, "accepted", None)
    assert order.number == f"ORD-{timezone.now().year}-{order.pk:05d}"
    assert (order.project_id, order.test_mode, order.recipient_address_city) == (PROJECT, True, "San Francisco")
    assert order.consented_at is not None
    assert background.outbox_bell.is_set()
    assert "Order received" in cast.browser("jane").get(answer.url).content.decode()


def test_the_same_form_sent_twice_is_one_order(cast: Cast) -> None:
    twice, jane = form(), cast.browser("jane")
    assert jane.post("/order/", twice).url == jane.post("/order/", twice).url
    assert Order.objects.count() == 1


def test_another_customers_form_token_gives_no_access(cast: Cast) -> None:
    twice = form()
    first = cast.browser("jane").post("/order/", twice).url
    second = cast.browser("stranger").post("/order/", twice).url
    assert first != second
    assert Order.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("recipient_address_name", "", "This field is required."),
        ("recipient_address_line1", "x" * 51, "at most 50 characters"),
        ("recipient_address_country_code", "XX", "Select a valid choice"),
        ("recipient_email", "jane", "Enter a valid email address."),
        ("recipient_phone", "call me", "Enter a phone number"),
        ("recipient_phone", "12", "Enter a phone number"),
        ("consent", "", "We can only send a kit if you agree."),
    ],
)
def test_a_mistake_is_shown_beside_its_input_and_nothing_is_lost(cast: Cast, field: str, value: str, said: str) -> None:
    sent = form(**{field: value})
    answer = cast.browser("jane").post("/order/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert Order.objects.count() == 0
    assert f'id="id_{field}_error"' in page
    assert f'id_{field}_error"' in page.split(f'name="{field}"', 1)[1].split(">", 1)[0]  # aria-describedby
    assert 'aria-invalid="true"' in page
    assert said in page
    assert 'value="San Francisco"' in page
    assert sent["form_token"] in page


def test_a_phone_may_be_written_in_many_ways(cast: Cast) -> None:
    for phone in ("+14155551234", "(415) 555-1234", "020 7946 0958", "+49 30/123456", "415.555.1234 ext 7"):
        assert cast.browser("jane").post("/order/", form(recipient_phone=phone)).status_code == 302


def test_a_made_up_form_token_is_refused(cast: Cast) -> None:
    assert cast.browser("jane").post("/order/", form(form_token="x")).status_code == 422
    assert Order.objects.count() == 0


def test_a_post_without_the_csrf_token_is_refused_kindly(cast: Cast) -> None:
    from django.test import Client as Browser

    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(cast.jane)
    answer = browser.post("/order/", form())
    assert answer.status_code == 403
    assert "Please try once more" in answer.content.decode()
    assert Order.objects.count() == 0


def test_a_refused_address_comes_back_to_the_customer_and_goes_out_again_mended(
    cast: Cast, fake: FakePlatform, door: Client
) -> None:
    order = ordered(cast.jane, recipient_address_postal_code="00000")
    first_key = order.idempotency_key
    assert place_due(door) == 0
    order.refresh_from_db()
    assert order.state == "needs_correction"
    assert (order.attempts, order.next_attempt_at, len(fake.samples)) == (1, None, 0)
    jane = cast.browser("jane")
    assert "Please check your address" in jane.get(f"/kits/{order.number}/").content.decode()
    page = jane.get(f"/kits/{order.number}/address/").content.decode()
    assert "This postal code is not in this region." in page
    assert 'id="id_recipient_address_postal_code_error"' in page
    assert 'value="123 Main Street"' in page

    assert jane.post(f"/kits/{order.number}/address/", ADDRESS | {"recipient_phone": ""}).status_code == 422
    assert jane.post(f"/kits/{order.number}/address/", ADDRESS).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.field_errors) == ("accepted", {})
    assert order.idempotency_key != first_key
    assert place_due(door) == 1
    order.refresh_from_db()
    assert order.state == "placed"
    assert [one["recipient"]["recipient_address_postal_code"] for one in fake.samples.values()] == ["94102"]


def test_the_kit_page_names_what_the_platform_refused_and_thanks_nobody(cast: Cast, door: Client) -> None:
    jane = cast.browser("jane")
    kit = jane.post("/order/", form(recipient_address_postal_code="00000")).url
    place_due(door)
    page = jane.get(kit).content.decode()
    number = Order.objects.get().number
    named = f'<a href="/kits/{number}/address/#id_recipient_address_postal_code">Postal code</a>'
    main = page.split("<main", 1)[1]
    assert f"{named}: This postal code is not in this region." in main
    assert main.index("<h1>Please check your address</h1>") < main.index(named) < main.index('<p class="lead">')
    assert f'<a class="button big" href="/kits/{number}/address/">Correct the address</a>' in main
    assert "Your order is in" not in page
    form_page = jane.get(f"{kit}address/").content.decode()
    assert 'id="id_recipient_address_postal_code"' in form_page  # where the link leads
    assert "Your order is in" not in form_page  # not put off either
    assert "<title>Error: " in form_page
    assert "Postal code: This postal code is not in this region." in jane.get("/kits/").content.decode()

    moving = jane.get(f"{kit}progress").content.decode()
    assert "data-refused" in moving
    assert named in moving
    theirs = cast.browser("staff").get(kit).content.decode()
    assert "Postal code" in theirs
    assert "not in this region" not in theirs  # the platform's sentence may tell of the address

    mended = jane.post(f"{kit}address/", ADDRESS, follow=True).content.decode()
    assert "Thank you. We are sending your order again." in mended
    assert "Postal code" not in mended


def test_another_refusal_is_news_to_the_open_page_and_every_line_is_named(cast: Cast, door: Client) -> None:
    order = ordered(cast.jane, recipient_address_postal_code="00000")
    place_due(door)
    order.refresh_from_db()
    first = kit_page(order)
    order.field_errors = {"recipient_address_line3": ["Too long."], "recipient_phone": ["No.", "<b>Never.</b>"]}
    order.save()
    second = kit_page(order)
    assert first.version != second.version
    assert [(one.label, one.sentence) for one in second.refusals] == [
        ("Phone", "No. <b>Never.</b>"),
        ("Address", "Too long."),
    ]
    assert "<b>Never" not in cast.browser("jane").get(f"/kits/{order.number}/").content.decode()


def test_a_correction_sent_twice_counts_once(cast: Cast, door: Client) -> None:
    order = ordered(cast.jane, recipient_address_postal_code="00000")
    place_due(door)
    assert correct_order(order, recipient=ADDRESS) is True
    key = Order.objects.get().idempotency_key
    assert correct_order(order, recipient=ADDRESS | {"recipient_address_city": "Oakland"}) is False
    order.refresh_from_db()
    assert (order.recipient_address_city, order.idempotency_key) == ("San Francisco", key)


def test_an_order_that_needs_no_correction_can_not_be_changed(cast: Cast, door: Client) -> None:
    order = ordered(cast.jane)
    place_due(door)
    changed = ADDRESS | {"recipient_address_city": "Oakland"}
    assert cast.browser("jane").post(f"/kits/{order.number}/address/", changed).url == f"/kits/{order.number}/"
    order.refresh_from_db()
    assert order.recipient_address_city == "San Francisco"


def test_my_kits_is_empty_at_first_and_then_lists_mine_alone(cast: Cast) -> None:
    assert "No kits yet" in cast.browser("jane").get("/kits/").content.decode()
    mine, other = ordered(cast.jane), ordered(cast.stranger)
    page = cast.browser("jane").get("/kits/").content.decode()
    assert str(mine.number) in page
    assert str(other.number) not in page


def test_many_kits_are_paged(cast: Cast) -> None:
    for _ in range(21):
        ordered(cast.jane)
    jane = cast.browser("jane")
    assert jane.get("/kits/").content.decode().count("ordered ") == 20
    assert jane.get("/kits/?page=2").content.decode().count("ordered ") == 1
    assert jane.get("/kits/?page=nonsense").status_code == 200


def test_form_tokens_are_fresh_on_every_page(cast: Cast) -> None:
    jane = cast.browser("jane")
    tokens = {jane.get("/order/").context["form"]["form_token"].value() for _ in range(3)}
    assert len(tokens) == 3
    assert all(uuid.UUID(str(token)).version == 4 for token in tokens)
