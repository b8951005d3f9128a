import re
from pathlib import Path
from typing import Any

import pytest
from cast import PASSWORD, Cast, form, ordered
from django.core import mail
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone
from kitloop_storefront import signing_in
from kitloop_storefront.models import Attempts, Customer, Order
from kitloop_storefront.signing_in import TRIES, WINDOW


def test_signing_up_makes_an_account_and_leads_to_the_order(db: None) -> None:
    browser = Browser()
    sent = {"name": "Jane", "email": " Jane@Example.com ", "password": "a long sentence"}
    assert browser.post("/sign-up/", sent).url == "/order/"
    assert Customer.objects.get().email == "jane@example.com"
    assert browser.get("/kits/").status_code == 200


def test_a_taken_address_and_a_weak_password_are_said_inline(cast: Cast) -> None:
    answer = Browser().post("/sign-up/", {"name": "J", "email": "JANE@example.com", "password": "12345678"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "There is an account with this address already" in page
    assert "too common" in page
    assert Customer.objects.count() == 3


def test_logging_in_by_any_spelling_of_the_address_goes_on_where_one_was(cast: Cast) -> None:
    answer = Browser().post("/log-in/?next=/order/", {"email": "JANE@example.com", "password": PASSWORD})
    assert answer.url == "/order/"
    assert Browser().post("/log-in/", {"email": "staff@example.com", "password": PASSWORD}).url == "/staff/"


def test_the_way_on_never_leads_out_of_the_shop(cast: Cast) -> None:
    for bad in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = Browser().post("/log-in/", {"email": "jane@example.com", "password": PASSWORD, "next": bad})
        assert answer.url == "/kits/"


def guess(password: str = "wrong", *, email: str = "jane@example.com", address: str = "203.0.113.9") -> Any:
    return Browser(REMOTE_ADDR=address).post("/log-in/", {"email": email, "password": password})


def test_guessing_is_slowed_down_even_when_the_last_guess_is_right(cast: Cast) -> None:
    for _ in range(TRIES):
        assert guess(email=" JANE@example.com").status_code == 422
    answer = guess(PASSWORD)
    page = answer.content.decode()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert "Too many tries. Please wait 15 minutes" in page
    assert "<title>Error: " in page
    assert guess(PASSWORD, email="stranger@example.com").status_code == 302


def test_a_guesser_elsewhere_does_not_lock_the_customer_out(cast: Cast) -> None:
    for _ in range(TRIES + 1):
        guess()
    assert guess(PASSWORD).status_code == 429
    assert guess(PASSWORD, address="198.51.100.7").status_code == 302


def test_tries_outlive_a_restart_and_name_nobody(cast: Cast) -> None:
    guess()
    cache.clear()  # what a process keeps for itself
    (row,) = Attempts.objects.all()
    assert row.count == 1
    assert re.fullmatch("[0-9a-f]{64}", row.who)
    Attempts.objects.update(count=TRIES)
    assert guess(PASSWORD).status_code == 429


def test_a_try_counts_before_its_password_is_looked_at(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(*args: object, **more: object) -> None:
        seen.append(Attempts.objects.get().count)

    monkeypatch.setattr(signing_in, "authenticate", look)
    for _ in range(TRIES + 3):
        guess()
    assert seen == list(range(1, TRIES + 1))


def test_a_right_password_forgets_the_slips(cast: Cast) -> None:
    for _ in range(TRIES - 1):
        guess()
    assert guess(PASSWORD).status_code == 302
    assert not Attempts.objects.exists()


def test_waiting_ends_and_old_tries_are_thrown_away(cast: Cast) -> None:
    for _ in range(TRIES + 1):
        guess()
    guess(email="old@example.com")
    Attempts.objects.update(since=timezone.now() - WINDOW)
    assert guess().status_code == 422
    assert Attempts.objects.count() == 2
    guess(email="new@example.com")
    assert sorted(Attempts.objects.values_list("count", flat=True)) == [1, 1]


def test_the_title_says_when_a_form_has_errors(cast: Cast) -> None:
    jane = cast.browser("jane")
    for browser, address in (
        (Browser(), "/log-in/"),
        (Browser(), "/sign-up/"),
        (Browser(), "/password/"),
        (jane, "/order/"),
    ):
        assert "<title>Error: " not in browser.get(address).content.decode()
        assert "<title>Error: " in browser.post(address, {"email": "x"}).content.decode(), address
    Browser().post("/password/", {"email": "jane@example.com"})
    link = re.search(r"http://testserver(/password/\S+)", mail.outbox[0].body)
    assert link is not None
    browser = Browser()
    choose = browser.get(link[1], follow=True).redirect_chain[-1][0]
    answer = browser.post(choose, {"new_password1": "another long sentence", "new_password2": "x"})
    assert "<title>Error: " in answer.content.decode()


def test_a_password_is_reset_by_e_mail_once(cast: Cast) -> None:
    assert Browser().post("/password/", {"email": "jane@example.com"}).url == "/password/sent/"
    (message,) = mail.outbox
    link = re.search(r"http://testserver(/password/\S+)", message.body)
    assert link is not None
    browser = Browser()
    page = browser.get(link[1], follow=True)
    choose = page.redirect_chain[-1][0]
    fresh = {"new_password1": "another long sentence", "new_password2": "another long sentence"}
    assert browser.post(choose, fresh).url == "/kits/"
    assert browser.get("/kits/").status_code == 200
    assert "no longer works" in Browser().get(link[1], follow=True).content.decode()
    assert Browser().post("/log-in/", {"email": "jane@example.com", "password": PASSWORD}).status_code == 422


def test_an_unknown_address_gets_the_same_answer_and_no_mail(cast: Cast) -> None:
    assert Browser().post("/password/", {"email": "who@example.com"}).url == "/password/sent/"
    assert mail.outbox == []


def test_mail_goes_to_a_file_and_the_console(cast: Cast, shop: Any, tmp_path: Path, capsys: Any) -> None:
    shop.EMAIL_BACKEND = "kitloop_storefront.mail.FileAndConsole"
    shop.EMAIL_FILE_PATH = str(tmp_path / "mail")
    Browser().post("/password/", {"email": "jane@example.com"})
    (file,) = (tmp_path / "mail").iterdir()
    assert "/password/" in file.read_text()
    assert "Your new password" in capsys.readouterr().out


def test_pages_carry_the_headers_that_keep_them_safe(cast: Cast) -> None:
    jane = cast.browser("jane")
    for answer in (jane.get("/kits/"), jane.get("/nothing"), Browser().get("/"), Browser().get("/kits/")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
    page = Browser().get("/log-in/")
    assert page.cookies["kitloop_shop_csrf"]["httponly"]
    answer = Browser().post("/log-in/", {"email": "jane@example.com", "password": PASSWORD})
    session = answer.cookies["kitloop_shop_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


def test_pages_have_no_inline_scripts_or_styles_and_a_skip_link(cast: Cast) -> None:
    order = ordered(cast.jane)
    jane = cast.browser("jane")
    for address in ("/", "/order/", "/kits/", f"/kits/{order.number}/", "/privacy/", "/nothing"):
        page = jane.get(address).content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*src=)", page)
        assert not re.search(r"\son\w+=", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
        assert '<a class="skip" href="#main">' in page
        assert '<html lang="en">' in page


def test_static_files_are_served_without_collecting(db: None) -> None:
    page = Browser().get("/static/shop/shop.css")
    assert page.status_code == 200
    assert b"prefers-color-scheme: dark" in b"".join(page)
    page.close()


def test_the_staff_page_finds_orders_and_tells_when_there_are_none(cast: Cast) -> None:
    staff = cast.browser("staff")
    assert "No orders yet" in staff.get("/staff/").content.decode()
    first, second = ordered(cast.jane), ordered(cast.stranger)
    page = staff.get(f"/staff/?q={str(first.number)[-5:]}").content.decode()
    assert str(first.number) in page
    assert str(second.number) not in page
    assert "Nothing found" in staff.get("/staff/?q=zzz").content.decode()
    assert staff.get("/staff/?page=99&q=%00").status_code == 200


def test_staff_pages_keep_the_search_when_turning(cast: Cast) -> None:
    for _ in range(51):
        ordered(cast.jane)
    page = cast.browser("staff").get("/staff/?q=ORD").content.decode()
    assert 'href="?q=ORD&amp;page=2"' in page


def test_staff_may_order_too(cast: Cast) -> None:
    assert cast.browser("staff").post("/order/", form()).status_code == 302
    assert Order.objects.get().customer == cast.staff
