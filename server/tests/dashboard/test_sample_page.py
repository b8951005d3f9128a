"""The page of one sample."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cast import Cast, make_lab
from dashboard_rows import WHEN, browser, finish, order, text
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kitloop.base import objects
from kitloop.kits.holds import open_hold
from kitloop.kits.models import Hold, Kit, KitMove, Recipient, Sample, SampleStatus
from kitloop.kits.moves import advance_kit
from kitloop.runs.models import File, TraitScore
from pytest_django import Settings


def page_of(cast: Cast, sample: Sample) -> Any:
    answer = browser(cast.viewer).get(f"/samples/{sample.id}")
    assert answer.status_code == 200
    return answer


def test_a_new_sample_says_where_its_kit_is(cast: Cast) -> None:
    make_lab()
    sample = order(cast, metadata={"customer_id": "cust_1", "name": "<b>"}, test_mode=False)
    kit = sample.kits.get()
    advance_kit(kit.id, "ordered", occurred=WHEN)
    advance_kit(kit.id, "shipped", occurred=WHEN, carrier="UPS", outbound_tracking="1Z999", barcode="KL-1")
    answer = page_of(cast, sample)
    page = text(answer)
    assert "Kit shipped on 3 March 2026, tracking 1Z999." in page
    assert "Step 3 of 10: shipped. Next: delivered." in page
    assert "KL-1" in page
    assert "test mode" not in page
    assert "&lt;b&gt;" in answer.content.decode()  # metadata is shown, not obeyed
    assert '<time datetime="2026-03-03T12:34:56Z">3 Mar 2026, 12:34 UTC</time>' in answer.content.decode()


def test_a_test_order_is_marked(cast: Cast) -> None:
    assert "test mode" in text(page_of(cast, order(cast, test_mode=True)))


def test_results_are_shown_with_measure_threshold_and_verdict(cast: Cast) -> None:
    sample = order(cast)
    finish(sample)
    answer = page_of(cast, sample)
    page = text(answer)
    assert "Effective coverage 1.02 at least 0.15 passed" in page
    assert "none of 1 failed" in page
    assert 'aria-label="Ancestry: North Lake 75.0 %"' in answer.content.decode()
    assert "North Lake 75.0 % 70.0 to 80.0 %" in page
    assert "Leaf width" in page
    assert "impute-vcf 2.0" in page
    assert "ab" * 32 in page


def test_a_risk_is_told_in_words(cast: Cast) -> None:
    sample = order(cast)
    finish(sample)
    assert TraitScore.objects.update(risk="not_high_risk") == 1
    page = text(page_of(cast, sample))
    assert "not high risk" in page
    assert "not_high_risk" not in page


def test_a_failed_check_says_which_and_why(cast: Cast) -> None:
    sample = order(cast)
    finish(sample, "failed_qc")
    page = text(page_of(cast, sample))
    assert "1 of 1 failed" in page
    assert "Too little of the genome was covered." in page
    assert "Effective coverage 0.08 at least 0.15 failed" in page


def test_a_download_is_a_fresh_signed_address(cast: Cast, settings: Settings) -> None:
    sample = order(cast)
    file = File.objects.get(run=finish(sample))
    answer = browser(cast.viewer).get(f"/files/{file.id}")
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    assert f"{parts.scheme}://{parts.netloc}" == settings.KITLOOP_URL
    query = parse_qs(parts.query)
    assert objects.is_signed(file.object_key, query["signature"][0])
    assert query["response-content-disposition"] == [f"attachment; filename={sample.id}.vcf.gz"]


def test_open_holds_say_who_must_act_until_when_and_closed_ones_nothing(cast: Cast) -> None:
    sample = order(cast)
    hold = open_hold(sample, reason_code="address_unknown", owner="customer", note="Send another address.")
    page = text(page_of(cast, sample))
    assert "On hold: address unknown. Waiting for your organization, until" in page
    assert "(in 14 days)." in page
    assert "Send another address." in page
    Hold.objects.filter(pk=hold.pk).update(deadline=hold.opened - timedelta(days=3))
    assert "overdue since" in text(page_of(cast, sample))
    Hold.objects.filter(pk=hold.pk).update(closed=hold.opened)
    assert "On hold" not in text(page_of(cast, sample))


def test_a_replaced_kit_stays_on_the_page_below_the_new_one(cast: Cast) -> None:
    sample = order(cast)
    first = sample.kits.get()
    advance_kit(first.id, "lost", occurred=WHEN, reason_code="not_scanned")
    later = Kit.objects.create(sample=sample, created=first.created + timedelta(days=1))
    KitMove.objects.create(kit=later, state="requested", occurred=later.created)
    page = text(page_of(cast, sample))
    assert "Step 1 of 10: requested." in page
    assert f"Earlier kit {str(first.id)[:8]}: lost" in page
    assert page.index(f"Kit {str(later.id)[:8]}") < page.index(f"Earlier kit {str(first.id)[:8]}")


def test_history_holds_statuses_and_moves_newest_first(cast: Cast) -> None:
    sample = order(cast)
    kit = sample.kits.get()
    SampleStatus.objects.filter(sample=sample).update(created=WHEN)
    KitMove.objects.filter(kit=kit).update(occurred=WHEN - timedelta(days=1))
    KitMove.objects.create(kit=kit, state="shipped", occurred=WHEN + timedelta(days=1))
    history: Any = page_of(cast, sample).context["page"].history
    assert [(line.subject, line.state.text) for line in history] == [
        ("Kit", "shipped"),
        ("Sample", "kit_requested"),
        ("Kit", "requested"),
    ]


def test_an_erased_recipient_is_said_to_be_erased(cast: Cast) -> None:
    sample = order(cast)
    Recipient.objects.all().delete()
    assert "Nothing is kept any more." in text(browser(cast.analyst).get(f"/samples/{sample.id}/recipient"))


def test_queries_do_not_grow_with_what_happened(cast: Cast) -> None:
    sample = order(cast)
    finish(sample)
    client = browser(cast.viewer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"/samples/{sample.id}").status_code == 200
        return len(caught)

    few = queries()
    for number in range(3):
        kit = Kit.objects.create(sample=sample, state="lost", created=WHEN)
        KitMove.objects.create(kit=kit, state="lost", occurred=WHEN)
        open_hold(sample, reason_code=f"reason_{number}", owner="lab", note="")
    assert queries() == few
    assert few <= 13
