"""The bench's pages, tried by everybody."""

import re
from typing import Any

import pytest
from builders import PERSONAL, send_order, settle
from django.test import Client
from kitloop_lab.models import Order, OutboxEvent
from receiver import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit_id(client: Client, platform: Receiver) -> str:
    kit_id = send_order(client)
    settle()
    return kit_id


def test_an_empty_bench_says_so(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "No orders yet." in page
    assert "0 made kits in stock" in page


def test_the_board_shows_stages_barcodes_and_messages(client: Client, kit_id: str) -> None:
    page = client.get("/").content.decode()
    barcode = Order.objects.get().box.codes.get(kind="kit").value
    for part in (kit_id[:8], barcode, "Sequenced", "happy", "7 sent", "<b>1</b> All orders"):
        assert part in page
    assert "Sequenced" in client.get("/?stage=sequenced").content.decode()
    assert "No orders here now." in client.get("/?stage=lost").content.decode()


@pytest.mark.parametrize("query", ["stage=nowhere", "page=0", "page=x", "page=99999999999", "page=²"])
def test_a_board_that_is_not_there_is_404(client: Client, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 404


def test_the_board_has_pages(client: Client) -> None:
    for _ in range(51):
        send_order(client)
    assert client.get("/").content.count(b"Order taken</span>") == 50
    assert client.get("/?page=2").content.count(b"Order taken</span>") == 1
    assert b"No orders here now." in client.get("/?page=3").content


def test_the_board_takes_few_queries_however_many_orders(client: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        send_order(client)
    with django_assert_max_num_queries(8):
        client.get("/")


def test_the_kit_page_has_timeline_messages_and_files(client: Client, kit_id: str) -> None:
    page = client.get(f"/kits/{kit_id}/").content.decode()
    for part in ("Order taken", "Received at the lab", "kit.sequenced", "R1.fastq.gz", "uploaded", "Return tracking"):
        assert part in page


def test_without_a_login_there_is_a_board_to_read_and_nothing_personal(client: Client, kit_id: str) -> None:
    for path in ("/", f"/kits/{kit_id}/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert not any(part in answer.content.decode() for part in PERSONAL)
    assert client.get(f"/kits/{kit_id}/label/").headers["Location"] == f"/login/?next=/kits/{kit_id}/label/"


def test_a_closed_board_is_for_people_of_the_lab(
    client: Client, ada: Client, ben: Client, eve: Client, kit_id: str, settings: Any
) -> None:
    settings.LAB_OPEN_BOARD = False
    for path in ("/", f"/kits/{kit_id}/"):
        assert [who.get(path).status_code for who in (ada, ben, eve, client)] == [200, 200, 403, 302]


def test_the_recipient_is_shown_only_to_a_person_who_ships(
    client: Client, ada: Client, ben: Client, eve: Client, kit_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/kits/{kit_id}/label/"
    caplog.set_level("INFO")
    answers = {name: who.get(path) for name, who in {"ada": ada, "ben": ben, "eve": eve, "no one": client}.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "ada": 200, "ben": 403, "eve": 403, "no one": 302,
    }  # fmt: skip
    page = answers.pop("ada").content.decode()
    assert all(part in page for part in ("Jane Q. Zebrowski", "123 Marigold Street", "Floor 4", "Leave with Mr Quimby"))
    assert page.count("<svg") == 3
    for answer in answers.values():
        assert not any(part in answer.content.decode() for part in PERSONAL)
    assert [r.message for r in caplog.records if "recipient shown" in r.message] == [
        f"recipient shown kit={kit_id} user={_user('ada')}"
    ]
    assert not any(part in caplog.text for part in PERSONAL)


def test_a_label_before_packing_says_that_there_is_no_barcode_yet(client: Client, ada: Client) -> None:
    kit_id = send_order(client)
    page = ada.get(f"/kits/{kit_id}/label/").content.decode()
    assert "no barcode" in page
    assert "<svg" not in page


def test_parked_messages_show_their_answer_and_go_out_again_when_someone_of_the_lab_says_so(
    client: Client, ben: Client, eve: Client, platform: Receiver
) -> None:
    kit_id = send_order(client)
    platform.answers.append((400, {}))
    settle()
    assert "told to answer 400" in client.get("/").content.decode()
    assert "Send again" not in client.get("/").content.decode()
    path = f"/kits/{kit_id}/send-again/"
    assert [who.post(path).status_code for who in (client, eve)] == [302, 403]
    assert OutboxEvent.objects.filter(parked_at__isnull=False).count() == 1
    assert "Send again" in ben.get("/?stage=trouble").content.decode()
    assert "1 parked item goes out again now." in ben.post(path, follow=True).content.decode()
    settle()
    assert platform.types(kit_id)[-1] == "sequenced"
    assert "told to answer 400" not in client.get("/").content.decode()


def test_everything_parked_goes_out_again_at_once(client: Client, ada: Client, eve: Client, platform: Receiver) -> None:
    send_order(client, scenario="wrong_checksum")
    platform.answers.append((404, {}))
    send_order(client)
    settle()
    assert [who.post("/send-again/").status_code for who in (client, eve)] == [302, 403]
    assert Order.objects.filter(parked_at__isnull=False).count() == 1
    assert "2 parked items go out again now." in ada.post("/send-again/", follow=True).content.decode()
    assert Order.objects.filter(parked_at__isnull=False).count() == 0


def test_sending_again_is_a_post_with_a_token(ben: Client, kit_id: str) -> None:
    assert ben.get(f"/kits/{kit_id}/send-again/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ben.cookies
    assert strict.post(f"/kits/{kit_id}/send-again/").status_code == 403


def test_people_log_in_and_out(client: Client, ada: Client, kit_id: str) -> None:
    label = f"/kits/{kit_id}/label/"
    wrong = client.post("/login/", {"username": "ada", "password": "guess", "next": label})
    assert "do not go together" in wrong.content.decode()
    right = client.post("/login/", {"username": "ada", "password": "ada's password", "next": label})
    assert right.headers["Location"] == label
    assert client.get(label).status_code == 200
    assert client.post("/logout/").status_code == 302
    assert client.get(label).status_code == 302


def test_pages_allow_no_script_and_load_nothing_from_elsewhere(client: Client, ada: Client, kit_id: str) -> None:
    for path in ("/", f"/kits/{kit_id}/", f"/kits/{kit_id}/label/", "/login/", "/nowhere"):
        answer = ada.get(path) if path != "/login/" else client.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store" or "no-store" in answer.headers["Cache-Control"]
        page = answer.content.decode()
        assert not re.search(r"<script|style=|https?://(?!www\.w3\.org)", page), path
        assert '<html lang="en">' in page
        assert 'name="viewport"' in page


def test_the_style_sheet_is_served(client: Client) -> None:
    answer = client.get("/static/lab/lab.css")
    assert answer.status_code == 200
    assert b"prefers-color-scheme: dark" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()


def test_an_error_is_a_page_for_people_and_json_for_programs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is nothing here." in client.get("/nowhere").content.decode()
    client.raise_request_exception = False
    monkeypatch.setattr("kitloop_lab.pages.read_board", lambda **_: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong in the lab." in answer.content.decode()


def _user(name: str) -> int:
    from django.contrib.auth.models import User

    return User.objects.get(username=name).pk
